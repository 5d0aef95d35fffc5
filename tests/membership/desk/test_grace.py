"""Asking to be forgotten, thinking again, and staying forgotten when an older backup comes back."""

import io
import json
import re
import uuid
import zipfile
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

import wsgi
from commons import clock, limits, powers
from commons.accounts import Account
from commons.db import Database
from commons.mail import Letter
from commons.powers import Power
from commons.refusal import Refused
from federation import people
from membership.books import expenses
from membership.books.models import Expense
from membership.desk import erased, grace, retention
from membership.desk.models import Erasure, ErasureWish
from membership.members.models import Membership
from membership.money import parties
from membership.money.currencies import Money
from membership.money.faults import quiet
from membership.money.models import PartyData
from membership.payments import transfers
from membership.payments.models import BankLinePayer, ReceiptPerson
from membership.payments.verification import check_bank_lines, check_receipts
from membership.pledges import pledges, renewals, settling
from membership.pledges.models import Pledge
from membership.pledges.pledges import Wish

from ..books.conftest import SUPPLIER, bill
from ..members.conftest import At, Officers, account_of
from ..members.conftest import SignIn as BrowserOf
from .conftest import press


def days(monkeypatch: pytest.MonkeyPatch, count: float) -> None:
    monkeypatch.setattr(clock, "shift", clock.shift + timedelta(days=count))


def ask(browser: FlaskClient) -> None:
    """Ask on the page."""
    answer = press(browser, "/desk/erase", page="/desk/data", sure="y")
    assert answer.status_code == 200 and "We will forget you" in answer.text


def link(db: Database) -> str:
    with db.reading() as session:
        letter = session.scalars(select(Letter).where(Letter.letter == "erasure_asked")).one()
    found = re.search(r"/desk/erase/stop/\S+", letter.body)
    assert found is not None
    return found[0]


def state_of(db: Database, membership: Membership) -> tuple[bool, str]:
    """Whether the account is open, and how her pledge stands."""
    with db.reading() as session:
        account = session.get_one(Account, membership.party.account_id)
        return account.closed_at is None, session.scalars(select(Pledge.state)).one()


def test_nothing_is_erased_before_the_day_and_all_of_it_after(
    db: Database, ada: Membership, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(account_of(db, ada))
    ask(browser)
    assert browser.get("/desk").status_code == 303
    assert state_of(db, ada) == (True, "paused")
    days(monkeypatch, limits.ERASURE_DAYS - 0.01)
    assert grace.carry_out_due() == 0 and state_of(db, ada) == (True, "paused")
    days(monkeypatch, 0.02)
    assert (grace.carry_out_due(), grace.carry_out_due()) == (1, 0)
    assert state_of(db, ada) == (False, "stopped")
    with db.reading() as session:
        assert session.scalars(select(ErasureWish)).all() == []


def test_the_link_in_the_letter_stops_it_without_signing_in(
    db: Database, ada: Membership, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(browser_of(account_of(db, ada)))
    stranger = wsgi.create_app().test_client()
    assert "Stop the erasure?" in stranger.get(link(db)).text
    assert stranger.get(link(db) + "x").status_code == 404
    assert "You stay" in stranger.post(link(db)).text
    assert stranger.get(link(db)).status_code == 404
    days(monkeypatch, limits.ERASURE_DAYS + 1)
    assert grace.carry_out_due() == 0 and state_of(db, ada)[0]


def test_signed_in_again_she_can_stop_it_and_ask_once_more(
    db: Database, ada: Membership, browser_of: BrowserOf
) -> None:
    ask(browser_of(account_of(db, ada)))
    browser = browser_of(account_of(db, ada))
    assert "You asked to be erased" in browser.get("/desk/data").text
    with db.transaction() as session, pytest.raises(Refused, match="already"):
        grace.ask(session, session.get_one(Account, ada.party.account_id))
    assert press(browser, "/desk/erase/stop", page="/desk/data").status_code == 303
    assert "Have me erased" in browser.get("/desk/data").text
    ask(browser)


def test_once_the_day_has_come_nothing_stops_it(
    db: Database, ada: Membership, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(browser_of(account_of(db, ada)))
    days(monkeypatch, limits.ERASURE_DAYS + 0.01)
    stranger = wsgi.create_app().test_client()
    assert stranger.post(link(db)).status_code == 409
    assert grace.carry_out_due() == 1


def test_who_took_an_office_meanwhile_is_not_erased_until_it_is_laid_down(
    db: Database, ada: Membership, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(browser_of(account_of(db, ada)))
    with db.transaction() as session:
        account = session.get_one(Account, ada.party.account_id)
        powers.grant(session, account, [Power.WRITE], reason="founding")
    days(monkeypatch, limits.ERASURE_DAYS + 1)
    assert grace.carry_out_due() == 0
    with db.transaction() as session:
        account = session.get_one(Account, ada.party.account_id)
        powers.end_all(session, account, on="ada", reason="laid down")
    assert grace.carry_out_due() == 1


def test_an_older_backup_does_not_bring_her_back(
    db: Database, ada: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file beside the database is what a restore leaves alone; the database is as it was before."""
    hers = ada.party.account_id
    assert hers is not None
    erased.note(hers)
    erased.note(uuid.uuid4())
    with erased.path().open("a") as file:
        file.write("0198")  # a power cut
    with db.transaction() as session:
        account = session.get_one(Account, hers)
        powers.grant(session, account, [Power.WRITE], reason="an office of then")
        wsgi.found(session)
    assert state_of(db, ada) == (False, "stopped")
    with db.transaction() as session:
        assert session.get(PartyData, ada.party_id) is None
        assert erased.apply_again(session) == 0


def test_carrying_out_writes_the_list(
    db: Database, ada: Membership, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert erased.listed() == []
    ask(browser_of(account_of(db, ada)))
    days(monkeypatch, limits.ERASURE_DAYS + 1)
    grace.carry_out_due()
    assert erased.listed() == [ada.party.account_id]


# Expenses


def hand_in(db: Database, ada: Membership, **changes: object) -> uuid.UUID:
    """She hands something in while she writes for the paper, and then writes no more."""
    with db.transaction() as session:
        account = session.get_one(Account, ada.party.account_id)
        powers.grant(session, account, [Power.WRITE], reason="founding")
        made = expenses.hand_in(session, bill(payee="Ada", **changes), account)
        powers.end_all(session, account, on="ada", reason="laid down")
        return made.id


def one(db: Database, expense_id: uuid.UUID) -> Expense:
    with db.reading() as session:
        return session.get_one(Expense, expense_id)


def test_her_expenses_and_their_papers_are_in_the_export(
    db: Database, ada: Membership, browser_of: BrowserOf
) -> None:
    made = hand_in(db, ada, words="Train to the coast")
    got = press(browser_of(account_of(db, ada)), "/desk/export", page="/desk/data")
    packed = zipfile.ZipFile(io.BytesIO(got.data))
    (row,) = json.loads(packed.read("everything.json"))["expenses"]
    assert (row["for"], row["state"]) == ("Train to the coast", "asked")
    assert row["file"] == f"expenses/{made}.pdf"
    assert packed.read(row["file"]).startswith(b"%PDF-")


def test_what_was_never_booked_goes_with_her_and_what_was_paid_when_the_law_lets_us(
    db: Database, ada: Membership, officers: Officers, at: At
) -> None:
    waiting, paid = hand_in(db, ada, words="waits"), hand_in(db, ada, words="is paid", document=b"%PDF-2")
    with db.transaction() as session:
        expenses.check(session, paid, officers.tom, account="expenses:travel")
        expenses.approve(session, paid, officers.tina)
        expenses.paid_by_hand(session, paid, officers.tom, clock.now().date())
        grace.ask(session, session.get_one(Account, ada.party.account_id))
    year = clock.now().year
    at(year + 1, 6, 1)
    assert grace.carry_out_due() == 1
    assert (one(db, waiting).state, one(db, waiting).detail.words) == ("withdrawn", "")
    assert one(db, waiting).document == "" and one(db, paid).detail.words == "is paid"
    assert retention.forget_due() == 0
    at(year + 9, 1, 1)
    assert (retention.forget_due(), retention.forget_due()) == (1, 0)
    gone = one(db, paid)
    assert (gone.detail.payee, gone.detail.iban, gone.detail.words, gone.document) == ("", "", "", "")
    assert gone.amount > 0


# What else no law keeps


def test_old_payers_and_givers_without_an_account_are_forgotten(
    db: Database, officers: Officers, at: At
) -> None:
    with db.transaction() as session:
        giver, living = (parties.create(session, name, f"{name}@example.org") for name in ("gil", "liv"))
        once = pledges.promise(session, giver, Wish(Money(1500, "EUR"), "once", "bank", "once-gil"))
        pledges.promise(session, living, Wish(Money(1500, "EUR"), "monthly", "bank", "once-liv"))
        charge = renewals.start(session, pledges.instalments(session, once)[0])
        assert charge is not None and charge.reference is not None
        today = clock.now().date()
        statement = (
            "date;amount;currency;text;reference;name;iban;entry\r\n"
            f"{today};15.00;EUR;;{charge.reference};Gil;{SUPPLIER};E1\r\n"
        )
        transfers.import_file(session, "a.csv", statement.encode(), officers.tom)
    settling.settle_due()
    at(today.year + 8, 12, 31)
    assert retention.forget_due() == 0
    at(today.year + 9, 1, 1)
    assert (retention.forget_due(), retention.forget_due()) == (2, 0)
    with db.reading() as session:
        assert session.scalars(select(BankLinePayer)).all() == []
        assert session.get(PartyData, giver.id) is None and session.get(PartyData, living.id) is not None
        assert session.scalars(select(ReceiptPerson)).all() == []
        assert check_receipts(session, quiet) is None and check_bank_lines(session, quiet) is None


def test_who_closed_the_account_another_way_is_forgotten_in_the_books_too(
    db: Database, ada: Membership
) -> None:
    with db.transaction() as session:
        people.close(session, "ada", None)
    assert (retention.forget_due(), retention.forget_due()) == (1, 0)
    with db.reading() as session:
        assert session.get(PartyData, ada.party_id) is None
        assert session.scalars(select(Erasure.party_id)).all() == [ada.party_id]
    assert state_of(db, ada) == (False, "stopped")
