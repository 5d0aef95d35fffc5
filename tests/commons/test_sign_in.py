"""Signing in and out, one's sign-ins, and a new password."""

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from commons import accounts, clock, config, csrf, limits, sessions, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.sessions import SignIn
from tests.commons import site

pytestmark = pytest.mark.one_database

NEW = "another battery staple"


def sign_in(
    client: FlaskClient, email: str = site.EMAIL, password: str = site.PASSWORD, **more: str
) -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def post(client: FlaskClient, path: str, **data: str) -> TestResponse:
    """Send a form of the account page, with its token."""
    found = re.search(rf'name="{csrf.FIELD}" value="([^"]+)"', client.get("/account").text)
    assert found is not None
    return client.post(path, data={csrf.FIELD: found[1], **data})


def token_of(client: FlaskClient) -> str | None:
    """What the browser's cookie holds."""
    cookie = client.get_cookie("rostra", domain="127.0.0.1")
    return cookie.value if cookie is not None else None


def is_in(client: FlaskClient) -> bool:
    return client.get("/private").status_code == 200


@pytest.mark.both_databases
def test_who_is_not_signed_in_is_led_to_the_page_and_back(client: FlaskClient, ada: Account) -> None:
    led = client.get("/private?a=1&b=2")
    assert led.status_code == 303
    page = client.get(led.location)
    assert 'value="/private?a=1&amp;b=2"' in page.text
    assert sign_in(client, next="/private?a=1&b=2").location == "/private?a=1&b=2"
    assert is_in(client)
    assert client.get("/sign-in").location == "/private"


def test_the_cookie_is_for_this_browser_alone(client: FlaskClient, ada: Account) -> None:
    cookie = sign_in(client).headers["Set-Cookie"]
    assert cookie.startswith("rostra=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "Secure" not in cookie and "Domain" not in cookie


def test_on_https_the_cookie_is_bound_to_the_host(db: Database, settings: Config, ada: Account) -> None:
    config.use(replace(settings, origin="https://news.example"))
    client = site.build().test_client()
    cookie = sign_in(client).headers["Set-Cookie"]
    assert cookie.startswith("__Host-rostra=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert is_in(client)


@pytest.mark.both_databases
def test_the_token_is_not_in_the_database(client: FlaskClient, ada: Account, db: Database) -> None:
    sign_in(client)
    token = token_of(client) or ""
    with db.reading() as session:
        kept = session.scalars(select(SignIn.token_hash)).one()
    assert kept == sessions.hash_of(token) != token


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (site.EMAIL, "wrong horse battery"),
        ("nobody@news.example", site.PASSWORD),
        ("not an address", site.PASSWORD),
        (site.EMAIL, site.PASSWORD.upper()),
        ("a\x00b@news.example", site.PASSWORD),
    ],
)
def test_a_wrong_sign_in_says_only_that_it_is_wrong(
    client: FlaskClient, ada: Account, email: str, password: str
) -> None:
    response = sign_in(client, email, password)
    assert response.status_code == 422
    assert "Set-Cookie" not in response.headers
    assert password not in response.text
    assert not is_in(client)


def test_an_unknown_address_gets_the_same_answer_in_the_same_time(
    app: web.App, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_TRIES", 1000)
    with db.transaction() as session:
        accounts.create(session, email=site.EMAIL, name="Ada Lovelace", password=site.PASSWORD)
    client = app.test_client()

    def once(email: str) -> tuple[float, str]:
        begun = time.perf_counter()
        text = sign_in(client, email, "wrong horse battery").text
        return time.perf_counter() - begun, text.replace(email, "")

    pairs = [(once(site.EMAIL), once("nobody@news.example")) for _round in range(9)]
    assert all(known[1] == unknown[1] for known, unknown in pairs)
    known_time = statistics.median(known[0] for known, _unknown in pairs)
    unknown_time = statistics.median(unknown[0] for _known, unknown in pairs)
    assert 0.6 < known_time / unknown_time < 1.67


def test_a_closed_account_cannot_sign_in_and_is_out_at_once(
    signed_in: FlaskClient, ada: Account, db: Database
) -> None:
    with db.transaction() as session:
        session.get_one(Account, ada.id).closed_at = clock.now()
    assert not is_in(signed_in)
    assert sign_in(signed_in).status_code == 422


def test_too_many_tries_for_one_address_wait_wherever_they_come_from(
    client: FlaskClient, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = [
        client.post(
            "/sign-in",
            data={"email": site.EMAIL.upper(), "password": "wrong"},
            environ_base={"REMOTE_ADDR": f"192.0.2.{number}"},
        ).status_code
        for number in range(limits.SIGN_IN_TRIES + 1)
    ]
    assert statuses == [422] * limits.SIGN_IN_TRIES + [429]
    assert sign_in(client).status_code == 429
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.SIGN_IN_WINDOW + 1))
    assert sign_in(client).status_code == 303


def test_too_many_tries_from_one_network_wait_whatever_the_address(client: FlaskClient, ada: Account) -> None:
    tries = [sign_in(client, f"n{number}@news.example").status_code for number in range(limits.SIGN_IN_TRIES)]
    assert set(tries) == {422}
    assert sign_in(client).status_code == 429
    other = {"REMOTE_ADDR": "192.0.2.9"}
    data = {"email": site.EMAIL, "password": site.PASSWORD}
    assert client.post("/sign-in", data=data, environ_base=other).status_code == 303


@pytest.mark.both_databases
def test_tries_at_the_same_time_are_counted_too(app: web.App, ada: Account) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _try: sign_in(app.test_client(), password="wrong").status_code, range(24))
        )
    assert answers.count(422) <= limits.SIGN_IN_TRIES + 1
    assert set(answers) == {422, 429}


def test_those_who_know_their_password_are_not_counted(client: FlaskClient, ada: Account) -> None:
    assert {sign_in(client).status_code for _time in range(limits.SIGN_IN_TRIES + 2)} == {303}


def test_signing_in_again_ends_what_the_browser_had(
    signed_in: FlaskClient, ada: Account, db: Database
) -> None:
    before = token_of(signed_in) or ""
    sign_in(signed_in)
    after = token_of(signed_in) or ""
    with db.reading() as session:
        assert sessions.find(session, before) is None
        assert sessions.find(session, after) is not None


def test_a_cookie_that_was_planted_is_never_taken_over(client: FlaskClient, ada: Account) -> None:
    client.set_cookie("rostra", "planted", domain="127.0.0.1")
    sign_in(client)
    assert token_of(client) not in (None, "planted")


@pytest.mark.both_databases
def test_signing_out_ends_it_on_the_server(signed_in: FlaskClient, app: web.App) -> None:
    token = token_of(signed_in) or ""
    thief = app.test_client()
    thief.set_cookie("rostra", token, domain="127.0.0.1")
    assert is_in(thief)
    response = post(signed_in, "/sign-out")
    assert (response.status_code, response.location) == (303, "/")
    assert token_of(signed_in) is None
    assert not is_in(thief)


def test_signing_out_needs_the_token(signed_in: FlaskClient) -> None:
    assert signed_in.post("/sign-out").status_code == 403
    assert is_in(signed_in)


def test_a_post_after_the_sign_in_ended_is_401(client: FlaskClient) -> None:
    assert client.post("/account/password", data={}).status_code == 401


@pytest.mark.both_databases
@pytest.mark.parametrize("seconds", [limits.SESSION_IDLE + 1, limits.SESSION_ABSOLUTE + 1])
def test_a_sign_in_that_is_not_used_ends(
    signed_in: FlaskClient, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(clock, "shift", timedelta(seconds=seconds))
    assert not is_in(signed_in)


def test_using_it_keeps_it_until_it_is_too_old(
    signed_in: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = limits.SESSION_IDLE - 60
    for seconds in range(step, limits.SESSION_ABSOLUTE, step):
        monkeypatch.setattr(clock, "shift", timedelta(seconds=seconds))
        assert is_in(signed_in)
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.SESSION_ABSOLUTE + 1))
    assert not is_in(signed_in)


@pytest.mark.both_databases
def test_use_is_noted_once_a_minute(
    signed_in: FlaskClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen() -> object:
        with db.reading() as session:
            return session.scalars(select(SignIn.seen_at)).one()

    first = seen()
    signed_in.get("/private")
    assert seen() == first
    monkeypatch.setattr(clock, "shift", timedelta(seconds=61))
    signed_in.get("/private")
    assert seen() != first


@pytest.mark.both_databases
def test_one_sees_where_one_is_signed_in_and_can_end_it(signed_in: FlaskClient, app: web.App) -> None:
    other = app.test_client()
    sign_in(other)
    page = signed_in.get("/account").text
    assert page.count("This browser") == 1
    hashed = sessions.hash_of(token_of(other) or "")
    assert post(signed_in, "/account/sign-ins", sign_in=hashed).status_code == 303
    assert not is_in(other)
    assert is_in(signed_in)


def test_nobody_ends_the_sign_in_of_another(signed_in: FlaskClient, app: web.App, db: Database) -> None:
    with db.transaction() as session:
        accounts.create(session, email="eve@news.example", name="Eve", password=site.PASSWORD)
    eve = app.test_client()
    sign_in(eve, "eve@news.example")
    hashed = sessions.hash_of(token_of(signed_in) or "")
    assert post(eve, "/account/sign-ins", sign_in=hashed).status_code == 404
    assert is_in(signed_in)


@pytest.mark.both_databases
def test_a_new_password_ends_every_sign_in_but_a_new_one_here(signed_in: FlaskClient, app: web.App) -> None:
    other = app.test_client()
    sign_in(other)
    before = token_of(signed_in)
    assert post(signed_in, "/account/password", current=site.PASSWORD, new=NEW).status_code == 303
    assert token_of(signed_in) != before
    assert is_in(signed_in) and not is_in(other)
    assert sign_in(other).status_code == 422
    assert sign_in(other, password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "says"),
    [
        ("wrong horse battery", NEW, "do not fit"),
        (site.PASSWORD, "short", "12 to 256"),
        (site.PASSWORD, "x" * 257, "At most 256"),
        ("", NEW, "Fill this in"),
    ],
)
def test_a_new_password_needs_the_old_one_and_some_length(
    signed_in: FlaskClient, app: web.App, current: str, new: str, says: str
) -> None:
    response = post(signed_in, "/account/password", current=current, new=new)
    assert response.status_code == 422
    assert says in response.text
    assert is_in(signed_in)
    assert sign_in(app.test_client()).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "\\\\evil",
        "/\t/evil",
        "",
        "x",
        "/ /",
    ],
)
def test_after_signing_in_nobody_is_led_elsewhere(client: FlaskClient, ada: Account, target: str) -> None:
    assert sign_in(client, next=target).location == "/private"


@pytest.mark.both_databases
def test_extra_fields_change_nothing(client: FlaskClient, ada: Account, db: Database) -> None:
    sign_in(client, role="editor", account_id="1", closed_at="")
    with db.reading() as session:
        assert session.scalars(select(SignIn.account_id)).one() == ada.id


def test_errors_are_tied_to_their_fields(client: FlaskClient) -> None:
    text = client.post("/sign-in", data={"email": "", "password": ""}).text
    assert 'aria-describedby="email-error"' in text and 'aria-invalid="true"' in text
    assert '<p class="error" id="email-error">' in text
    assert '<a href="#email">' in text
    assert "<title>Something is not right yet: Sign in" in text


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "text", ["{{ 7*7 }}", "%(name)s", "'; DROP TABLE account; --", "<script>alert(1)</script>", "../../x"]
)
def test_metacharacters_are_plain_text(client: FlaskClient, ada: Account, text: str) -> None:
    response = sign_in(client, email=text)
    assert response.status_code == 422
    assert "49" not in response.text and "<script>" not in response.text
