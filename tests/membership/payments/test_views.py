"""The pages of payers and treasurers."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commons import config
from commons.config import Config
from commons.db import Database
from commons.refusal import Refused
from commons.web import App
from membership.money import parties
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments import charges, codes, credits, references, refunds, transfers
from membership.payments.models import Refund
from tests.membership.conftest import SignIn
from tests.membership.payments.conftest import Begin
from tests.membership.payments.test_transfers import bring, camt, entry
from tests.membership.payments.till import HOLDER, IBAN, People, again, hosted_page, tell
from tests.services.fake_provider import FakeProvider

pytestmark = pytest.mark.one_database

SAME_ORIGIN = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}


def send(browser: FlaskClient, path: str, **fields: object) -> TestResponse:
    """Post a form of the treasurer's page, with its token."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/payments").text)
    assert token
    return browser.post(path, data={"csrf_token": token[1], **fields}, headers=SAME_ORIGIN)


def test_the_page_of_a_transfer_says_where_what_and_why(begin: Begin, app: App) -> None:
    charge = begin("bank", 5000)
    answer = app.test_client().get(f"/pay/{charge.token}")
    assert answer.status_code == 200
    for said in ("€50.00", HOLDER, IBAN, references.spaced(str(charge.reference)), "<svg"):
        assert said in answer.text
    assert "Paula" not in answer.text
    assert "style=" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.both_databases
def test_the_page_of_a_transfer_says_so_if_there_is_no_account_any_more(
    begin: Begin, app: App, settings: Config
) -> None:
    charge = begin("bank", 5000)
    config.use(replace(settings, iban="", account_holder=""))
    answer = app.test_client().get(f"/pay/{charge.token}")
    assert answer.status_code == 200
    assert "We cannot take payments yet." in answer.text


def test_an_unknown_payment_is_not_found(app: App) -> None:
    for path in ("/pay/nothing", "/pay/nothing/go", "/pay/mandate/nothing", "/receipts/nothing"):
        assert app.test_client().get(path).status_code == 404


@pytest.mark.both_databases
def test_what_the_provider_keeps_is_said_before_one_pays_and_after(
    db: Database, begin: Begin, app: App, provider: FakeProvider
) -> None:
    first, browser = begin("stripe", 5000), app.test_client()
    assert "keeps a part of what you pay" in browser.get(f"/pay/{first.token}").text
    provider.pay(hosted_page(first))
    tell(db, provider)
    assert "the payment provider kept €0.35" in browser.get(f"/pay/{first.token}").text

    second = begin("stripe", 2000)
    assert "the provider kept 0.7%" in browser.get(f"/pay/{second.token}").text
    assert "No payment provider takes a part" in browser.get(f"/pay/{begin('bank', 5000).token}").text


@pytest.mark.both_databases
def test_coming_back_from_the_provider_does_not_make_it_paid(
    db: Database, begin: Begin, app: App, provider: FakeProvider
) -> None:
    charge, browser = begin("stripe", 5000), app.test_client()
    led = browser.get(f"/pay/{charge.token}/go")
    assert led.status_code == 303
    assert led.headers["Location"].startswith(provider.url)
    assert "Pay now" in browser.get(f"/pay/{charge.token}").text
    provider.pay(hosted_page(charge))
    assert "Pay now" in browser.get(f"/pay/{charge.token}").text
    tell(db, provider)
    assert "It arrived" in browser.get(f"/pay/{charge.token}").text
    assert browser.get(f"/pay/{charge.token}/go").headers["Location"] == charges.page(charge)


def test_a_provider_that_is_away_is_said_in_a_sentence(
    begin: Begin, app: App, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    provider.away = True
    answer = app.test_client().get(f"/pay/{charge.token}/go")
    assert answer.status_code == 503
    assert "Nothing was charged." in answer.text


@pytest.mark.both_databases
def test_nobody_but_a_treasurer_sees_who_paid(
    db: Database, begin: Begin, people: People, browser_of: SignIn, app: App
) -> None:
    charge = begin("bank", 5000)
    bring(db, people, camt(entry("9.00", own="A1")))
    for account in (people.maria, people.paula):
        browser = browser_of(account)
        for page in ("/payments", f"/payments/{charge.id}"):
            answer = browser.get(page)
            assert answer.status_code == 403
            assert "Łęcka" not in answer.text
    assert app.test_client().get("/payments").status_code == 303


@pytest.mark.both_databases
def test_a_treasurer_imports_assigns_and_refunds_with_a_second_person(
    db: Database, begin: Begin, people: People, browser_of: SignIn
) -> None:
    charge = begin("bank", 5000)
    tove, tim = browser_of(people.tove), browser_of(people.tim)
    statement = camt(entry("50.00", own="A1"))
    brought = send(tove, "/payments/import", file=(io.BytesIO(statement), "statement.xml"))
    assert "New lines: 1, of which 0 found their payment. Known before: 0." in brought.text
    assert "Łęcka" in tove.get("/payments").text
    with db.reading() as session:
        (line,) = transfers.unmatched(session)
    assert send(tove, f"/payments/lines/{line.id}/assign", reference="RF00").status_code == 404
    assert send(tove, f"/payments/lines/{line.id}/assign", reference=charge.reference).status_code == 303
    assert again(db, charge).state == "paid"

    assert send(tove, f"/payments/{charge.id}/refund", amount="60", reason="her wish").status_code == 409
    assert send(tove, f"/payments/{charge.id}/refund", amount="", reason="her wish").status_code == 422
    assert send(tove, f"/payments/{charge.id}/refund", amount="20", reason="her wish").status_code == 303
    with db.reading() as session:
        (asked,) = refunds.waiting(session)
    assert send(tove, f"/payments/refunds/{asked.id}/approve").status_code == 403
    assert send(tim, f"/payments/refunds/{asked.id}/approve").status_code == 303
    assert send(tim, f"/payments/refunds/{asked.id}/sent").status_code == 303
    with db.reading() as session:
        assert session.get_one(Refund, asked.id).state == "done"
    assert again(db, charge).refunded == 2000


@pytest.mark.both_databases
def test_a_line_becomes_the_credit_of_whom_a_number_or_an_address_names(
    db: Database, begin: Begin, people: People, browser_of: SignIn
) -> None:
    paula, tove = begin("bank", 5000).party_id, browser_of(people.tove)
    bring(db, people, camt(*(entry("9.00", own=own) for own in ("A1", "A2", "A3"))))
    with db.transaction() as session:
        for name in ("One", "Two"):
            parties.create(session, name, "shared@example.org")
        lines = [f"/payments/lines/{line.id}/credit" for line in transfers.unmatched(session)]
    for wrong, status in (
        ("nobody@example.org", 404),
        (str(people.tove.id), 404),
        ("shared@example.org", 409),
    ):
        assert send(tove, lines[0], party=wrong).status_code == status
    assert send(tove, lines[0], party="").status_code == 422
    assert send(tove, lines[0], party=str(paula)).status_code == 303
    assert send(tove, lines[1], party=" Paula@example.org").status_code == 303
    with db.reading() as session:
        assert credits.free(session, session.get_one(Party, paula)).amount == 1800
        assert len(transfers.unmatched(session)) == 1


def test_a_bad_statement_is_refused_on_the_page(people: People, browser_of: SignIn) -> None:
    tove = browser_of(people.tove)
    refused = send(tove, "/payments/import", file=(io.BytesIO(b"<Document/>"), "x.xml"))
    assert refused.status_code == 422
    assert "There is no camt.053 statement in this file." in refused.text
    assert send(tove, "/payments/import").status_code == 422


# The code for banking apps


def test_the_code_is_what_the_epc_guideline_asks_for(settings: Config) -> None:
    drawn = codes.transfer_code(Money(1_234_567, "EUR"), references.new())
    assert drawn
    assert drawn.startswith("<svg")


@pytest.mark.parametrize("money", [Money(5000, "CHF"), Money(0, "EUR"), Money(100_000_000_000, "EUR")])
def test_there_is_no_code_for_what_a_sepa_transfer_cannot_carry(settings: Config, money: Money) -> None:
    assert codes.transfer_code(money, references.new()) is None


# Settings


@pytest.mark.parametrize(
    "variables",
    [
        {"ROSTRA_IBAN": "DE89370400440532013001", "ROSTRA_ACCOUNT_HOLDER": "Us"},
        {"ROSTRA_IBAN": IBAN},
        {"ROSTRA_IBAN": IBAN, "ROSTRA_ACCOUNT_HOLDER": "x" * 71},
        {"ROSTRA_IBAN": IBAN, "ROSTRA_ACCOUNT_HOLDER": "Us", "ROSTRA_BIC": "NOBIC"},
        {"ROSTRA_MAIL_URL": "mail.example"},
        {"ROSTRA_MAIL_FROM": "nobody"},
        {"ROSTRA_MAIL_FROM": "a@example.org\r\nBcc: b@example.org"},
    ],
)
def test_a_wrong_setting_is_refused_at_the_start(variables: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Refused):
        config.load({"ROSTRA_DATA": str(tmp_path), **variables})


def test_the_stripe_key_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk_test_1\n")
    (tmp_path / "hooks").write_text("whsec_new whsec_old\n")
    read = config.load(
        {
            "ROSTRA_DATA": str(tmp_path),
            "ROSTRA_STRIPE_KEY_FILE": str(tmp_path / "key"),
            "ROSTRA_STRIPE_WEBHOOK_SECRET_FILE": str(tmp_path / "hooks"),
        }
    )
    assert (read.stripe_key, read.stripe_webhook_secrets) == ("sk_test_1", ("whsec_new", "whsec_old"))


def test_without_settings_no_way_of_paying_is_offered(begin: Begin, settings: Config) -> None:
    config.use(replace(settings, iban="", stripe_key=None))
    for provider in ("bank", "stripe", "nobody"):
        with pytest.raises(Refused):
            begin(provider)


@pytest.mark.parametrize("amount", [0, -1, 2**63])
def test_an_impossible_amount_is_not_asked_for(begin: Begin, amount: int) -> None:
    with pytest.raises(Refused):
        begin("bank", amount)


@pytest.mark.parametrize("amount", [10.5, True, "1e2", float("nan")])
def test_what_is_no_whole_number_is_not_asked_for(begin: Begin, amount: int) -> None:
    with pytest.raises(TypeError):
        begin("bank", amount)


def test_another_currency_is_not_asked_for(begin: Begin) -> None:
    with pytest.raises(Refused):
        begin("bank", 1, money=Money(5000, "KWD"))
