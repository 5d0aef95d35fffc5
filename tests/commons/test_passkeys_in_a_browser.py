"""Passkeys in a real browser, with an authenticator that the browser itself plays (WebAuthn over CDP)."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from commons import accounts, ceremonies, clock, limits, powers, sessions, web
from commons.accounts import Account
from commons.ceremonies import Purpose
from commons.config import Config
from commons.db import Database
from commons.passkeys import Passkey
from commons.powers import Power
from commons.recovery import recoveries
from commons.sessions import SignIn
from tests.commons import site
from tests.commons.test_recovery import confirm, letter, link_in, the_recovery
from tests.services import pages
from tests.services.browser import axe_violations

# What a browser and its keys do does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def settings(settings: Config) -> Config:
    """The usual settings at a free port of ``localhost``: for an IP address no browser makes a passkey."""
    return pages.at_a_free_port(settings, "localhost")


@pytest.fixture
def served(app: web.App, settings: Config) -> Iterator[str]:
    """The probe site's address, while it is served."""
    with pages.served(app, settings.origin) as origin:
        yield origin


@pytest.fixture
def context(browser: Browser, served: str) -> Iterator[BrowserContext]:
    with browser.new_context() as fresh:
        yield fresh


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab with a device at hand; whatever its scripts throw fails the test."""
    tab = context.new_page()
    tab.on("pageerror", lambda error: pytest.fail(str(error)))
    device(tab)
    return tab


def device(page: Page) -> tuple[CDPSession, str]:
    """Give the tab an authenticator; returns the way to speak to it, and its id."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    answer = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return cdp, answer["authenticatorId"]


def sign_in(page: Page, served: str, email: str = site.EMAIL) -> None:
    page.goto(f"{served}/sign-in")
    page.fill("#email", email)
    page.fill("#password", site.PASSWORD)
    page.click("form[action='/sign-in'] button")
    page.wait_for_url(f"{served}/private")


def add_passkey(page: Page, served: str, name: str = "Laptop") -> None:
    page.goto(f"{served}/account/passkeys/new")
    page.fill("#name", name)
    page.click("form[data-passkey] button")
    page.wait_for_url(f"{served}/account")


def press(page: Page) -> None:
    page.click("form[data-passkey] button")


def leave(page: Page, served: str) -> None:
    page.goto(f"{served}/account")
    page.click("form[action='/sign-out'] button")
    page.wait_for_url(f"{served}/")


def shown_words(page: Page) -> str:
    page.wait_for_selector("[role=alert]:visible")
    return page.inner_text("[role=alert]:visible")


def test_a_passkey_is_added_signs_in_and_proves(page: Page, served: str, ada: Account, db: Database) -> None:
    sign_in(page, served)
    add_passkey(page, served)
    assert "Laptop" in page.inner_text("main")
    leave(page, served)
    page.goto(f"{served}/sign-in?next=/private")
    press(page)
    page.wait_for_url(f"{served}/private")
    with db.transaction() as session:
        found = session.scalars(select(SignIn)).one()
        assert found.with_passkey and found.proved_at is not None
        found.proved_at = None
    page.goto(f"{served}/fresh")
    assert page.url == f"{served}/prove?next=/fresh"
    press(page)
    page.wait_for_url(f"{served}/fresh")
    with db.reading() as session:
        assert session.scalars(select(SignIn.proved_at)).one() is not None


def test_without_a_passkey_on_the_device_the_page_says_so(page: Page, served: str, ada: Account) -> None:
    page.goto(f"{served}/sign-in")
    press(page)
    assert "showed no passkey" in shown_words(page)
    assert page.is_visible("form[action='/sign-in'] button")


def test_a_device_that_has_one_already_makes_no_second(page: Page, served: str, ada: Account) -> None:
    sign_in(page, served)
    add_passkey(page, served)
    page.goto(f"{served}/account/passkeys/new")
    press(page)
    assert "showed no passkey" in shown_words(page)


def test_a_page_that_stood_open_for_too_long_leads_to_a_fresh_proof(
    page: Page, served: str, ada: Account, db: Database
) -> None:
    sign_in(page, served)
    page.goto(f"{served}/account/passkeys/new")
    with db.transaction() as session:
        session.scalars(select(SignIn)).one().proved_at = None
    press(page)
    page.wait_for_url(f"{served}/prove?next=/account/passkeys/new")


def test_without_script_the_password_is_left(browser: Browser, served: str, ada: Account) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{served}/sign-in")
        assert not page.is_visible("form[data-passkey]")
        page.fill("#email", site.EMAIL)
        page.fill("#password", site.PASSWORD)
        page.click("form[action='/sign-in'] button")
        page.wait_for_url(f"{served}/private")


def test_what_another_origin_had_signed_opens_nothing(
    page: Page, served: str, ada: Account, settings: Config, db: Database
) -> None:
    """The same host at another port may use the key in the browser, but is another origin: not ours."""
    sign_in(page, served)
    add_passkey(page, served)
    leave(page, served)
    elsewhere = make_server("127.0.0.1", 0, _empty_page)
    thread = threading.Thread(target=elsewhere.serve_forever)
    thread.start()
    try:
        page.goto(f"http://localhost:{elsewhere.server_port}/")
        with db.transaction() as session:
            options = ceremonies.ask_to_show(session, Purpose.SIGN_IN, None)["publicKey"]
        answer = page.evaluate(SHOW, options)
    finally:
        elsewhere.shutdown()
        thread.join()
        elsewhere.server_close()
    page.goto(f"{served}/sign-in")
    page.evaluate("answer => { const form = document.querySelector('form[data-passkey]');"
                  "form.elements.answer.value = answer; form.submit(); }", answer)  # fmt: skip
    page.wait_for_url(f"{served}/sign-in/passkey")
    assert "does not fit" in shown_words(page)
    with db.reading() as session:
        assert session.scalars(select(SignIn)).all() == []


def test_an_answer_sent_twice_opens_once(
    page: Page, served: str, ada: Account, context: BrowserContext
) -> None:
    sign_in(page, served)
    add_passkey(page, served)
    leave(page, served)
    page.goto(f"{served}/sign-in")
    with page.expect_request(f"{served}/sign-in/passkey") as caught:
        press(page)
    sent = caught.value.post_data
    page.wait_for_url(f"{served}/private")
    context.clear_cookies()
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": served}
    again = context.request.post(f"{served}/sign-in/passkey", data=sent, headers=form)
    assert again.status == 410


def test_the_key_of_another_account_proves_nothing(
    page: Page, served: str, ada: Account, db: Database
) -> None:
    with db.transaction() as session:
        accounts.create(session, email="eve@news.example", name="Eve", password=site.PASSWORD)
    sign_in(page, served)
    add_passkey(page, served)
    leave(page, served)
    sign_in(page, served, "eve@news.example")
    with db.transaction() as session:
        eve = session.scalars(select(SignIn)).one()
        eve.proved_at = None
        # As if the list of allowed keys had been changed on the way: the browser shows Ada's.
        options = ceremonies.ask_to_show(session, Purpose.PROVE, eve.account)["publicKey"]
        options["allowCredentials"] = []
        key = session.scalars(select(Passkey)).one()
        key.account_id = eve.account_id  # so that the page shows its button
    page.goto(f"{served}/prove?next=/fresh")
    with db.transaction() as session:
        session.scalars(select(Passkey)).one().account_id = ada.id
    answer = page.evaluate(SHOW, options)
    page.evaluate("answer => { const form = document.querySelector('form[data-passkey]');"
                  "form.elements.answer.value = answer; form.submit(); }", answer)  # fmt: skip
    page.wait_for_url(f"{served}/prove/passkey")
    assert "not known here" in shown_words(page)


def test_a_lost_key_is_replaced_with_the_help_of_two(
    page: Page, served: str, ada: Account, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _officers(db)
    page.goto(f"{served}/sign-in/recover")
    page.fill("#email", site.EMAIL)
    page.fill("#words", "I sit beside Olga.")
    page.click("main form button")
    page.wait_for_selector("text=Now speak with two officers")
    for name in ("olga", "mona"):
        sign_in(page, served, f"{name}@news.example")
        page.goto(f"{served}/recoveries")
        page.click("text=I spoke with this person")
        page.wait_for_load_state()
        leave(page, served)
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.RECOVERY_WAIT_SECONDS + 1))
    assert recoveries.send_due() == 1
    page.goto(served + link_in(letter(db, "recovery_link")))
    press(page)
    page.wait_for_url(f"{served}/private")
    assert the_recovery(db).state == recoveries.DONE


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])
def test_every_page_can_be_read_by_everyone(
    page: Page,
    served: str,
    ada: Account,
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    width: int,
) -> None:
    olga, mona = _officers(db)
    sign_in(page, served)
    add_passkey(page, served, "A laptop with a rather long name that has to be broken")
    with db.transaction() as session:
        for email in (site.EMAIL, "mona@news.example"):
            recoveries.ask(session, email, "I sit beside Olga. Call me at the usual number.", "network")
        both = recoveries.waiting(session)
    confirm(db, both[0].id, olga)
    confirm(db, both[0].id, mona)
    objection = recoveries.objection_link(both[0])
    monkeypatch.setattr(limits, "RECOVERY_WAIT_SECONDS", -1)
    recoveries.send_due()
    back = served + link_in(letter(db, "recovery_link"))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})

    def look(*addresses: str) -> None:
        for address in addresses:
            answer = page.goto(address)
            assert answer is not None and answer.status == 200, address
            assert axe_violations(page) == [], address
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            assert page.evaluate(LOW) == [], address

    look(f"{served}/account", f"{served}/account/passkeys/new", f"{served}/prove?next=/fresh")
    with db.transaction() as session:
        token = sessions.start(session, olga)
    page.context.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])
    look(f"{served}/recoveries", f"{served}/prove?next=/fresh")
    page.context.clear_cookies()
    look(f"{served}/sign-in", f"{served}/sign-in/recover", back, objection)


def _officers(db: Database) -> tuple[Account, Account]:
    made = []
    with db.transaction() as session:
        for name, power in (("Olga", Power.ELECTIONS), ("Mona", Power.MODERATE)):
            email = f"{name.lower()}@news.example"
            account = accounts.create(session, email=email, name=name, password=site.PASSWORD)
            powers.grant(session, account, [power], reason="founding")
            made.append(account)
    return made[0], made[1]


def _empty_page(_environ: object, start: object) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/html")])  # type: ignore[operator]
    return [b"<!doctype html><title>Elsewhere</title>"]


# What is less high than a finger
LOW = """[...document.querySelectorAll("main :is(button, .button, summary)")]
  .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 44)
  .map((each) => each.textContent)"""

# What a page on another origin, or one that was tampered with, could have the browser sign.
SHOW = """async (options) => {
  const plain = (text) => atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = (text) => Uint8Array.from(plain(text), (character) => character.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
  const made = await navigator.credentials.get({ publicKey: {
    ...options, challenge: bytes(options.challenge), allowCredentials: [] } });
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response: {
    clientDataJSON: text(made.response.clientDataJSON),
    authenticatorData: text(made.response.authenticatorData),
    signature: text(made.response.signature), userHandle: text(made.response.userHandle) } });
}"""
