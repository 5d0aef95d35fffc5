"""Signing in by a link in a letter."""

import re
import threading
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commons import accounts, clock, csrf, limits, powers, sessions, sign_in_links, web
from commons.accounts import Account
from commons.db import Database
from commons.mail import Letter
from commons.powers import Power
from commons.refusal import Refused
from commons.sign_in_links import SignInLink

from . import site

pytestmark = pytest.mark.one_database


@pytest.fixture
def eve(db: Database) -> Account:
    """Somebody without a password."""
    with db.transaction() as session:
        return accounts.create(session, email="eve@news.example", name="Eve", password=None)


def ask(client: FlaskClient, email: str) -> tuple[int, str]:
    answer = client.post("/sign-in/link", data={"email": email})
    return answer.status_code, answer.text


def letters(db: Database, kind: str = "sign_in_link") -> list[Letter]:
    with db.reading() as session:
        return list(session.scalars(select(Letter).where(Letter.letter == kind).order_by(Letter.id)))


def link_in(letter: Letter) -> str:
    found = re.search(r"(/sign-in/link/\S+)", letter.body)
    assert found is not None
    return found[1]


@pytest.mark.both_databases
def test_a_link_signs_in_once(client: FlaskClient, db: Database, eve: Account) -> None:
    assert client.get("/sign-in/link").status_code == 200
    assert ask(client, "EVE@news.example")[0] == 200
    link = link_in(letters(db)[0])
    assert client.get(link).status_code == 200
    assert client.get("/private").status_code == 303  # looking at it does not sign in
    assert client.post(link).location == "/private"
    assert client.get("/private").status_code == 200
    assert client.post(link).status_code == 410


@pytest.mark.both_databases
def test_of_twenty_presses_at_once_one_signs_in(db: Database, eve: Account) -> None:
    with db.transaction() as session:
        token = sign_in_links.make(session, eve)
    opened: list[bool] = []

    def press() -> None:
        try:
            with db.transaction() as session:
                sign_in_links.spend(session, token)
            opened.append(True)
        except Refused:
            opened.append(False)

    run = [threading.Thread(target=press) for _ in range(20)]
    [thread.start() for thread in run]
    [thread.join() for thread in run]
    assert sorted(opened) == [False] * 19 + [True]


def test_a_link_is_too_old_after_fifteen_minutes(
    client: FlaskClient, db: Database, eve: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client, "eve@news.example")
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.LINK_SECONDS + 1))
    answer = client.post(link_in(letters(db)[0]))
    assert answer.status_code == 410
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("token", ["x", "a" * 5000, "%00", "..%2f"])
def test_a_made_up_link_opens_nothing(client: FlaskClient, eve: Account, token: str) -> None:
    assert client.post(f"/sign-in/link/{token}").status_code in (400, 404, 410)


def test_a_closed_account_is_not_opened(client: FlaskClient, db: Database, eve: Account) -> None:
    ask(client, "eve@news.example")
    with db.transaction() as session:
        session.get_one(Account, eve.id).closed_at = clock.now()
    assert client.post(link_in(letters(db)[0])).status_code == 410
    ask(client, "eve@news.example")
    assert len(letters(db)) == 1


def test_the_answer_does_not_tell_who_has_an_account(client: FlaskClient, db: Database, eve: Account) -> None:
    assert ask(client, "eve@news.example") == ask(client, "nobody@news.example") == ask(client, "no address")
    assert [letter.to for letter in letters(db)] == ["eve@news.example"]


@pytest.mark.both_databases
def test_the_token_is_not_in_the_table(db: Database, eve: Account) -> None:
    with db.transaction() as session:
        token = sign_in_links.make(session, eve)
    with db.reading() as session:
        assert session.scalars(select(SignInLink.token_hash)).one() == sessions.hash_of(token) != token


def test_who_asks_too_often_waits(client: FlaskClient, db: Database, eve: Account) -> None:
    asked = [ask(client, f"n{number}@news.example")[0] for number in range(limits.SIGN_IN_TRIES + 1)]
    assert asked == [200] * limits.SIGN_IN_TRIES + [429]


def test_a_mailbox_is_not_flooded(db: Database, eve: Account) -> None:
    with db.transaction() as session:
        for _ in range(limits.LINKS_PER_ACCOUNT + 3):
            sign_in_links.send(session, eve)
    assert len(letters(db)) == limits.LINKS_PER_ACCOUNT


def test_an_officer_with_a_password_is_told_to_use_it(
    client: FlaskClient, db: Database, ada: Account
) -> None:
    with db.transaction() as session:
        powers.grant(session, ada, [Power.BOOKS], reason="founding")
    ask(client, site.EMAIL)
    assert (len(letters(db)), len(letters(db, "sign_in_password"))) == (0, 1)
    assert "/sign-in/link/" not in letters(db, "sign_in_password")[0].body


@pytest.mark.both_databases
def test_old_links_are_forgotten(db: Database, eve: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.transaction() as session:
        sign_in_links.make(session, eve)
    assert not sign_in_links.sweep_old()
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.LINKS_WINDOW + 1))
    assert sign_in_links.sweep_old()
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignInLink)) == 0


@pytest.mark.both_databases
def test_who_has_no_password_may_set_one_once(client: FlaskClient, db: Database, eve: Account) -> None:
    with db.transaction() as session:
        client.set_cookie(web.cookie_name(), sessions.start(session, eve), domain="127.0.0.1")

    def press(new: str) -> int:
        page = client.get("/account").text
        found = re.search(rf'name="{csrf.FIELD}" value="([^"]+)"', page)
        assert found is not None
        data = {csrf.FIELD: found[1], "new": new}
        return client.post("/account/first-password", data=data).status_code

    assert press("short") == 422
    assert press(site.PASSWORD) == 303
    assert press("another battery staple") == 409
    with db.reading() as session:
        assert accounts.password_matches(session.get_one(Account, eve.id), site.PASSWORD)
