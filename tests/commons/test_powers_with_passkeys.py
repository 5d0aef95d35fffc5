"""In production a power is used with a passkey only, and nothing weaker leads around it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from commons import accounts, commands, config, passkeys, powers, sign_in_links, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.mail import Letter
from commons.passkeys import NewKey, Passkey
from commons.powers import Power
from commons.refusal import Refused

from . import site
from .authenticator import Device
from .browsing import Browser

PUBLIC = "https://news.example"


@pytest.fixture
def in_public(settings: Config) -> Iterator[None]:
    config.use(replace(settings, origin=PUBLIC))
    yield
    config.use(settings)


@pytest.fixture
def officer(db: Database, ada: Account) -> Account:
    with db.transaction() as session:
        powers.grant(session, ada, [Power.WRITE], reason="founding")
    return ada


def test_on_loopback_powers_need_no_passkey(app: web.App, db: Database, officer: Account) -> None:
    assert Browser(app, db, officer).get("/power").text == "yes"


def test_in_public_a_power_is_used_with_a_passkey_only(
    in_public: None, db: Database, officer: Account
) -> None:
    app, key = site.build(), Device(PUBLIC, host="news.example")
    browser = Browser(app, db, officer, proved=True)
    refused = browser.get("/power")
    assert refused.status_code == 403 and "passkey" in refused.text
    assert "/account/passkeys/new" in browser.get("/account").text
    assert browser.add(key).status_code == 303
    assert browser.get("/power").text == "yes"
    assert "It sleeps" not in browser.get("/account").text
    by_password = Browser(app, db, officer, proved=True)
    assert by_password.get("/power").status_code == 403
    answer = key.show(by_password.options("/prove/passkey/ask"))
    assert by_password.post("/prove/passkey", answer=answer).status_code == 303
    assert by_password.get("/power").text == "yes"


def test_in_public_a_password_is_no_way_around_an_officers_passkey(
    in_public: None, db: Database, officer: Account
) -> None:
    app, key = site.build(), Device(PUBLIC, host="news.example")
    Browser(app, db, officer, proved=True).add(key)
    thief = Browser(app, db, officer, proved=True)
    assert thief.get("/account/passkeys/new").status_code == 403
    assert thief.post("/account/passkeys/ask").status_code == 403
    with db.reading() as session:
        at = f"/account/passkeys/{session.scalars(select(Passkey.id)).one()}"
    assert thief.post(f"{at}/remove").status_code == 403
    owner = Browser(app, db, officer, proved=True, with_passkey=True)
    assert owner.post(f"{at}/remove").status_code == 409  # the last one
    assert owner.add(Device(PUBLIC, host="news.example")).status_code == 303
    assert owner.post(f"{at}/remove").status_code == 303


def test_a_form_that_is_refused_does_not_wake_powers(in_public: None, db: Database, officer: Account) -> None:
    browser = Browser(site.build(), db, officer)
    refused = browser.post("/account/password", current="x", new="y")
    assert refused.status_code == 422
    assert "It sleeps" in refused.text


def test_on_the_command_line_powers_do_not_sleep(in_public: None, db: Database, officer: Account) -> None:
    with db.reading() as session:
        powers.require(session, officer, Power.WRITE)


def test_who_holds_no_power_needs_no_passkey(in_public: None, db: Database, ada: Account) -> None:
    page = Browser(site.build(), db, ada).get("/account").text
    assert "It sleeps" not in page and "Passkeys" in page


def test_an_officer_is_sent_no_sign_in_link_but_told_to_use_the_passkey(
    in_public: None, db: Database
) -> None:
    with db.transaction() as session:
        joan = accounts.create(session, email="joan@news.example", name="Joan", password=None)
        powers.grant(session, joan, [Power.WRITE], reason="founding")
        passkeys.add(session, joan, NewKey(b"id", b"key", 0), "Laptop")
        sign_in_links.send(session, joan)
    with db.reading() as session:
        sent = session.scalars(select(Letter.letter).where(Letter.letter != "passkey_added")).all()
    assert sent == ["sign_in_password"]


def test_the_doctor_says_who_lacks_one(settings: Config, db: Database, officer: Account) -> None:
    assert "advised for Ada Lovelace" in look()
    config.use(replace(settings, origin=PUBLIC))
    with pytest.raises(Refused, match="powers sleep until these have one: Ada Lovelace"):
        look()
    with db.transaction() as session:
        passkeys.add(session, officer, NewKey(b"id", b"key", 0), "Laptop")
    assert "has one" in look()


def look() -> str:
    """What the doctor says about passkeys."""
    return dict(commands.CHECKS)["passkeys"]()
