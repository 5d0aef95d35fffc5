"""Passkeys: what is taken, and every refusal, with a device that signs what no real one would."""

import json
import threading
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from commons import accounts, ceremonies, clock, config, limits, passkeys, web
from commons.accounts import Account
from commons.ceremonies import Challenge, Purpose
from commons.config import Config
from commons.db import Database
from commons.mail import Letter
from commons.passkeys import NewKey, Passkey
from commons.refusal import Refused
from commons.sessions import SignIn

from . import site
from .authenticator import Device
from .browsing import ORIGIN, Browser

pytestmark = pytest.mark.one_database

PUBLIC = "https://news.example"


@pytest.fixture
def settings(settings: Config) -> Config:
    """At a name: for an IP address no browser makes a passkey."""
    moved = replace(settings, origin=ORIGIN)
    config.use(moved)
    return moved


@pytest.fixture
def device() -> Device:
    return Device(ORIGIN)


@pytest.fixture
def browser(app: web.App, db: Database, ada: Account) -> Browser:
    """Ada, who has just shown her password."""
    return Browser(app, db, ada, proved=True)


@pytest.fixture
def stranger(app: web.App, db: Database) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(app, db, None)


@pytest.fixture
def eve(db: Database) -> Account:
    with db.transaction() as session:
        return accounts.create(session, email="eve@news.example", name="Eve", password=site.PASSWORD)


def count(db: Database, table: type[Passkey] | type[Challenge] | type[SignIn]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.both_databases
def test_a_passkey_is_added_and_signs_in(
    browser: Browser, stranger: Browser, device: Device, db: Database
) -> None:
    assert browser.add(device).status_code == 303
    assert "Laptop" in browser.get("/account").text
    assert stranger.enter(device).location == "/private"
    assert stranger.is_in()
    with db.reading() as session:
        kept = session.scalars(select(Passkey)).one()
        assert (kept.name, kept.credential_id) == ("Laptop", device.id)
        assert kept.used_at is not None
        letters = session.scalars(select(Letter).where(Letter.letter == "passkey_added")).all()
        assert [letter.to for letter in letters] == [site.EMAIL]
    assert count(db, Challenge) == 0


@pytest.mark.both_databases
def test_before_signing_in_there_is_no_cookie(stranger: Browser) -> None:
    page = stranger.get("/sign-in")
    assert "data-passkey" in page.text and "Set-Cookie" not in page.headers
    assert "Set-Cookie" not in stranger.post("/sign-in/passkey/ask").headers


def test_what_browsers_are_asked_for(browser: Browser, stranger: Browser, ada: Account) -> None:
    making = browser.options("/account/passkeys/ask")["publicKey"]
    assert making["rp"]["id"] == "localhost"
    assert making["authenticatorSelection"]["residentKey"] == "required"
    assert making["authenticatorSelection"]["userVerification"] == "required"
    assert making["attestation"] == "none"
    showing = stranger.options("/sign-in/passkey/ask")["publicKey"]
    assert (showing["rpId"], showing["userVerification"]) == ("localhost", "required")
    assert "allowCredentials" not in showing


# Every refusal of an answer


@pytest.mark.parametrize(
    ("changes", "said", "status"),
    [
        ({"origin": "http://localhost:9000"}, {}, 422),
        ({"origin": "https://evil.example"}, {}, 422),
        ({"host": "evil.example"}, {}, 422),
        ({"verified": False}, {}, 422),
        ({}, {"crossOrigin": True}, 422),
        ({}, {"type": "webauthn.create"}, 422),
        ({}, {"challenge": "A" * 43}, 410),
        ({"id": b"another"}, {}, 403),
        ({"user": b"x" * 16}, {}, 403),
        ({"key": Device(ORIGIN).key}, {}, 422),
    ],
    ids=[
        "port",
        "origin",
        "host",
        "verified",
        "embedded",
        "type",
        "challenge",
        "key id",
        "user",
        "signature",
    ],
)
def test_an_answer_that_does_not_fit_opens_nothing(
    browser: Browser,
    stranger: Browser,
    device: Device,
    changes: dict[str, Any],
    said: dict[str, Any],
    status: int,
) -> None:
    browser.add(device)
    assert stranger.enter(replace(device, **changes), **said).status_code == status
    assert not stranger.is_in()
    assert stranger.enter(device).status_code == 303


@pytest.mark.parametrize(
    ("changes", "said", "status"),
    [
        ({"origin": "https://evil.example"}, {}, 422),
        ({"host": "evil.example"}, {}, 422),
        ({"verified": False}, {}, 422),
        ({}, {"crossOrigin": True}, 422),
        ({}, {"type": "webauthn.get"}, 422),
        ({}, {"challenge": "A" * 43}, 410),
        ({"id": b"x" * 1024}, {}, 422),
    ],
    ids=["origin", "host", "verified", "embedded", "type", "challenge", "long id"],
)
def test_a_new_passkey_that_does_not_fit_is_not_kept(
    browser: Browser, device: Device, db: Database, changes: dict[str, Any], said: dict[str, Any], status: int
) -> None:
    options = browser.options("/account/passkeys/ask")
    answer = replace(device, **changes).make(options, **said)
    assert browser.post("/account/passkeys/new", name="Laptop", answer=answer).status_code == status
    assert count(db, Passkey) == 0


@pytest.mark.parametrize(
    "answer",
    ["", "x", "{}", "[]", '{"id": 1}', json.dumps({"rawId": "AA", "response": {}, "type": "public-key"}),
     json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {
         "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}}),
     "[" * 60_000, '"' + "x" * limits.PASSKEY_BODY + '"', "\ud800"],
    ids=range(10),
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(browser: Browser, stranger: Browser, answer: str) -> None:
    answer = answer.encode("utf-8", "replace").decode()
    assert stranger.post("/sign-in/passkey", answer=answer).status_code in (400, 422)
    assert browser.post("/prove/passkey", answer=answer).status_code in (400, 422)
    new = browser.post("/account/passkeys/new", name="Laptop", answer=answer)
    assert new.status_code in (400, 422)


@pytest.mark.both_databases
def test_an_answer_counts_once(
    app: web.App, db: Database, browser: Browser, stranger: Browser, device: Device
) -> None:
    browser.add(device)
    answer = device.show(stranger.options("/sign-in/passkey/ask"))
    assert stranger.post("/sign-in/passkey", answer=answer).status_code == 303
    assert Browser(app, db, None).post("/sign-in/passkey", answer=answer).status_code == 410


def test_a_challenge_is_used_up_by_a_wrong_answer_too(
    browser: Browser, stranger: Browser, device: Device
) -> None:
    browser.add(device)
    options = stranger.options("/sign-in/passkey/ask")
    wrong = replace(device, key=Device(ORIGIN).key).show(options)
    assert stranger.post("/sign-in/passkey", answer=wrong).status_code == 422
    assert stranger.post("/sign-in/passkey", answer=device.show(options)).status_code == 410


@pytest.mark.both_databases
def test_of_many_at_once_one_answer_counts(
    browser: Browser, device: Device, db: Database, ada: Account
) -> None:
    browser.add(device)
    with db.transaction() as session:
        options = ceremonies.ask_to_show(session, Purpose.SIGN_IN, None)
    answer, opened = device.show(options), list[bool]()

    def show() -> None:
        try:
            opened.append(ceremonies.shown(answer, Purpose.SIGN_IN, None) == ada.id)
        except Refused:
            opened.append(False)

    run = [threading.Thread(target=show) for _ in range(10)]
    [thread.start() for thread in run]
    [thread.join() for thread in run]
    assert sorted(opened) == [False] * 9 + [True]


def test_a_challenge_is_too_old_after_five_minutes(
    browser: Browser, stranger: Browser, device: Device, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.add(device)
    options = stranger.options("/sign-in/passkey/ask")
    assert not ceremonies.sweep_old()
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.CHALLENGE_SECONDS + 1))
    assert stranger.post("/sign-in/passkey", answer=device.show(options)).status_code == 410
    assert ceremonies.sweep_old()
    assert count(db, Challenge) == 0


def test_a_challenge_is_good_for_its_purpose_only(
    browser: Browser, stranger: Browser, device: Device
) -> None:
    browser.add(device)
    for_proof = device.show(browser.options("/prove/passkey/ask"))
    assert stranger.post("/sign-in/passkey", answer=for_proof).status_code == 410
    for_sign_in = device.show(stranger.options("/sign-in/passkey/ask"))
    assert browser.post("/prove/passkey", answer=for_sign_in).status_code == 410


def test_a_challenge_is_good_for_its_account_only(
    app: web.App, db: Database, browser: Browser, eve: Account, device: Device
) -> None:
    other = Browser(app, db, eve, proved=True)
    answer = device.make(browser.options("/account/passkeys/ask"))
    assert other.post("/account/passkeys/new", name="Laptop", answer=answer).status_code == 410
    assert count(db, Passkey) == 0


@pytest.mark.both_databases
def test_another_persons_passkey_proves_nothing(
    app: web.App, db: Database, browser: Browser, eve: Account, device: Device
) -> None:
    browser.add(device)
    other = Browser(app, db, eve)
    answer = device.show(other.options("/prove/passkey/ask"))
    assert other.post("/prove/passkey", answer=answer).status_code == 403
    assert other.get("/fresh").status_code == 303


@pytest.mark.both_databases
def test_a_passkey_known_here_is_not_taken_again(
    app: web.App, db: Database, browser: Browser, eve: Account, device: Device
) -> None:
    browser.add(device)
    assert Browser(app, db, eve, proved=True).add(device).status_code == 409
    assert count(db, Passkey) == 1


@pytest.mark.both_databases
def test_a_counter_must_grow(browser: Browser, stranger: Browser, device: Device) -> None:
    device.counter = 7
    browser.add(device)
    assert stranger.enter(device).status_code == 403
    device.counter = 8
    assert stranger.enter(device).status_code == 303
    device.counter = 0
    assert stranger.enter(device).status_code == 403


def test_a_device_without_a_counter_is_fine(browser: Browser, stranger: Browser, device: Device) -> None:
    browser.add(device)
    assert [stranger.enter(device).status_code for _ in range(2)] == [303, 303]


def test_the_passkey_of_a_closed_account_opens_nothing(
    browser: Browser, stranger: Browser, device: Device, db: Database, ada: Account
) -> None:
    browser.add(device)
    with db.transaction() as session:
        session.get_one(Account, ada.id).closed_at = clock.now()
    assert stranger.enter(device).status_code == 403


def test_at_an_ip_address_the_page_says_why_not(
    app: web.App, db: Database, ada: Account, settings: Config
) -> None:
    config.use(replace(settings, origin="http://127.0.0.1:8000"))
    browser = Browser(site.build(), db, ada, proved=True)
    assert "browsers make no passkeys" in browser.get("/account").text
    assert browser.post("/account/passkeys/ask").status_code == 409
    assert "data-passkey" not in Browser(site.build(), db, None).get("/sign-in").text


# One's own passkeys


@pytest.mark.both_databases
def test_passkeys_are_renamed_and_removed(
    app: web.App, browser: Browser, device: Device, db: Database
) -> None:
    browser.add(device)
    with db.reading() as session:
        passkey = session.scalars(select(Passkey)).one()
    at = f"/account/passkeys/{passkey.id}"
    assert browser.post(f"{at}/name", name="  Old   laptop ").status_code == 303
    assert "Old laptop" in browser.get("/account").text
    assert browser.post(f"{at}/name", name=" ").status_code == 422
    assert browser.post(f"{at}/name", name="x" * (limits.PASSKEY_NAME_CHARS + 1)).status_code == 422
    thief = Browser(app, db, None)
    thief.enter(device)
    assert browser.post(f"{at}/remove").status_code == 303
    assert count(db, Passkey) == 0
    assert browser.is_in() and not thief.is_in()


def test_nobody_touches_the_passkey_of_another(
    app: web.App, db: Database, browser: Browser, eve: Account, device: Device
) -> None:
    browser.add(device)
    other = Browser(app, db, eve, proved=True)
    with db.reading() as session:
        at = f"/account/passkeys/{session.scalars(select(Passkey.id)).one()}"
    assert other.post(f"{at}/name", name="Mine").status_code == 404
    assert other.post(f"{at}/remove").status_code == 404
    assert other.post(f"/account/passkeys/{uuid.uuid4()}/remove").status_code == 404
    assert count(db, Passkey) == 1


@pytest.mark.both_databases
def test_an_account_has_only_so_many(db: Database, ada: Account) -> None:
    def add(number: int) -> None:
        with db.transaction() as session:
            key = NewKey(b"%d" % number, b"key", 0)
            passkeys.add(session, session.get_one(Account, ada.id), key, f"Key {number}")

    for number in range(limits.PASSKEYS_PER_ACCOUNT - 1):
        add(number)
    refused: list[int] = []

    def press(number: int) -> None:
        try:
            add(number)
        except Refused as refusal:
            refused.append(refusal.status)

    run = [threading.Thread(target=press, args=(100 + number,)) for number in range(5)]
    [thread.start() for thread in run]
    [thread.join() for thread in run]
    assert refused == [409] * 4
    assert count(db, Passkey) == limits.PASSKEYS_PER_ACCOUNT


@pytest.mark.both_databases
def test_adding_and_removing_need_a_fresh_proof(
    app: web.App, db: Database, browser: Browser, ada: Account, device: Device
) -> None:
    browser.add(device)
    later = Browser(app, db, ada)
    assert later.get("/account/passkeys/new").location == "/prove?next=/account/passkeys/new"
    assert later.post("/account/passkeys/ask").status_code == 403
    assert later.post("/account/passkeys/new", name="x", answer="{}").status_code == 403
    with db.reading() as session:
        at = f"/account/passkeys/{session.scalars(select(Passkey.id)).one()}"
    assert later.post(f"{at}/remove").location.startswith("/prove")
    assert count(db, Passkey) == 1


@pytest.mark.both_databases
def test_who_has_only_a_passkey_shows_it_before_a_first_password(
    app: web.App, db: Database, device: Device
) -> None:
    with db.transaction() as session:
        joan = accounts.create(session, email="joan@news.example", name="Joan", password=None)
    first = Browser(app, db, joan)  # by a link in a letter
    assert first.add(device).status_code == 303
    again = Browser(app, db, joan)
    assert again.post("/account/first-password", new=site.PASSWORD).location.startswith("/prove")
    with db.reading() as session:
        assert not accounts.password_matches(session.get_one(Account, joan.id), site.PASSWORD)
    answer = device.show(again.options("/prove/passkey/ask"))
    assert again.post("/prove/passkey", answer=answer).status_code == 303
    assert again.post("/account/first-password", new=site.PASSWORD).location == "/account"


@pytest.mark.both_databases
def test_erasure_forgets_passkeys_and_challenges(
    browser: Browser, device: Device, db: Database, ada: Account
) -> None:
    browser.add(device)
    browser.options("/prove/passkey/ask")
    with db.transaction() as session:
        passkeys.erase(session, ada)
        ceremonies.erase(session, ada)
    assert (count(db, Passkey), count(db, Challenge)) == (0, 0)
