"""A fresh proof of who one is, and the page that asks for it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from commons import accounts, clock, limits, proof, web
from commons.accounts import Account
from commons.db import Database
from commons.refusal import Refused
from commons.sessions import SignIn

from . import site
from .browsing import Browser

pytestmark = pytest.mark.one_database


@pytest.fixture
def browser(app: web.App, db: Database, ada: Account) -> Browser:
    """Ada, who came in by a link in a letter: signed in, but with nothing shown."""
    return Browser(app, db, ada)


@pytest.mark.both_databases
def test_who_is_not_signed_in_signs_in_first(app: web.App, db: Database) -> None:
    reader = Browser(app, db, None)
    assert reader.get("/fresh").location == "/sign-in?next=/fresh"
    assert reader.post("/fresh").status_code == 401
    assert reader.get("/prove").location == "/sign-in?next=/prove"


@pytest.mark.both_databases
def test_a_password_is_shown_and_leads_back(browser: Browser) -> None:
    led = browser.get("/fresh?a=1")
    assert led.location == "/prove?next=/fresh?a%3D1"
    assert 'value="/fresh?a=1"' in browser.get(led.location).text
    assert browser.post("/prove", password=site.PASSWORD, next="/fresh?a=1").location == "/fresh?a=1"
    assert browser.get("/fresh").status_code == 200


@pytest.mark.both_databases
def test_signing_in_with_a_password_is_a_proof(app: web.App, db: Database, ada: Account) -> None:
    fresh = Browser(app, db, None)
    fresh.post("/sign-in", email=site.EMAIL, password=site.PASSWORD)
    assert fresh.get("/fresh").status_code == 200


@pytest.mark.parametrize("password", ["wrong horse battery", ""])
def test_a_wrong_password_proves_nothing(browser: Browser, password: str) -> None:
    assert browser.post("/prove", password=password, next="/fresh").status_code == 422
    assert browser.get("/fresh").status_code == 303


def test_the_password_of_another_proves_nothing(browser: Browser, db: Database) -> None:
    with db.transaction() as session:
        accounts.create(session, email="eve@news.example", name="Eve", password="another battery staple")
    assert browser.post("/prove", password="another battery staple").status_code == 422


def test_who_tries_too_often_waits(browser: Browser) -> None:
    tried = [
        browser.post("/prove", password=f"wrong {n}").status_code for n in range(limits.SIGN_IN_TRIES + 1)
    ]
    assert tried == [422] * limits.SIGN_IN_TRIES + [429]


def test_after_five_minutes_one_is_asked_again(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.post("/prove", password=site.PASSWORD)
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.FRESH_SECONDS - 1))
    assert browser.get("/fresh").status_code == 200
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.FRESH_SECONDS + 1))
    assert browser.get("/fresh").status_code == 303


@pytest.mark.both_databases
def test_a_form_that_comes_too_late_leads_to_its_page(browser: Browser) -> None:
    host = browser.origin
    data = browser.form()
    led = browser.client.post("/fresh", data=data, base_url=host, headers={"Referer": f"{host}/private?a=1"})
    assert led.location == "/prove?next=/private?a%3D1"
    for elsewhere in ("https://evil.example/x", f"{host}.evil.example/x", f"{host}//evil.example"):
        led = browser.client.post("/fresh", data=data, base_url=host, headers={"Referer": elsewhere})
        assert led.location == "/prove?next="


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", ""])
def test_nobody_is_led_elsewhere(browser: Browser, target: str) -> None:
    assert browser.post("/prove", password=site.PASSWORD, next=target).location == "/private"


@pytest.mark.both_databases
def test_who_has_neither_password_nor_passkey_is_told_to_set_one(app: web.App, db: Database) -> None:
    with db.transaction() as session:
        joan = accounts.create(session, email="joan@news.example", name="Joan", password=None)
    browser = Browser(app, db, joan)
    page = browser.get(browser.get("/fresh").location).text
    assert "you have neither" in page and "/account#password" in page
    assert 'name="password"' not in page
    assert browser.post("/prove", password="anything at all").status_code == 422
    assert browser.post("/account/first-password", new=site.PASSWORD).status_code == 303
    assert browser.get("/fresh").status_code == 200


def test_a_verb_may_ask_too(browser: Browser, db: Database) -> None:
    with db.transaction() as session:
        found = session.scalars(select(SignIn)).one()
        for nobody in (None, found):
            with pytest.raises(Refused, match="too long ago"):
                proof.require(session, nobody)
        proof.note(session, found, with_passkey=False)
        proof.require(session, found)
        assert not found.with_passkey
