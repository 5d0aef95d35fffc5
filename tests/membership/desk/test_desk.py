"""One's own desk: what stands there, taking it along, leaving, and being forgotten."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commons import clock, limits, passkeys, web
from commons.accounts import Account, PersonalData
from commons.db import Base, Database
from commons.mail import Letter
from commons.passkeys import NewKey
from commons.recovery import recoveries
from commons.sessions import SignIn
from federation import actors
from membership.desk import erasure, export, grace
from membership.desk.models import Erasure
from membership.elections.models import CERTIFIED, Election, Issuance
from membership.members import members, register, shares
from membership.members.models import Membership, MembershipEvent
from membership.money.faults import quiet
from membership.money.models import PartyData, Posting
from membership.payments.models import ReceiptPerson
from membership.payments.verification import check_receipts
from membership.pledges.models import Pledge

from ..members.conftest import At, Join, Officers, account_of
from ..members.conftest import SignIn as BrowserOf
from .conftest import press, valid


def test_the_desk_shows_what_is_hers(db: Database, ada: Membership, browser_of: BrowserOf) -> None:
    text = valid(browser_of(account_of(db, ada)).get("/desk"))
    for words in (
        "You are member 1",
        "paid in: €10.00",
        "€15.00, every month",
        "Pause",
        "Stop",
        "2026-0",
    ):
        assert words in text


def test_nothing_of_another_stands_there(
    db: Database, ada: Membership, join: Join, browser_of: BrowserOf
) -> None:
    text = valid(browser_of(account_of(db, join("bob"))).get("/desk"))
    with db.reading() as session:
        number = session.scalars(select(Pledge.number)).one()
    assert number not in text and "€15.00" not in text


def test_who_is_not_signed_in_has_no_desk(app: web.App) -> None:
    for path in ("/desk", "/desk/leave", "/desk/data"):
        assert app.test_client().get(path).location.startswith("/sign-in")


def test_address_and_iban_are_kept_if_they_can_be(
    db: Database, ada: Membership, browser_of: BrowserOf
) -> None:
    browser = browser_of(account_of(db, ada))
    wrong = press(browser, "/desk/address", name="Ada", address="x", iban="DE89370400440532013001")
    assert "not an IBAN" in valid(wrong, 422)
    assert press(browser, "/desk/address", name="", address="x", iban="").status_code == 422
    right = press(
        browser, "/desk/address", name="Ada Weiss", address="Pier 1", iban="de89 3704 0044 0532 0130 00"
    )
    assert right.status_code == 303
    with db.reading() as session:
        data = session.get_one(PartyData, ada.party_id)
        assert (data.name, data.address, data.iban) == ("Ada Weiss", "Pier 1", "DE89370400440532013000")


@pytest.mark.parametrize(
    ("number", "status"), [("2", 303), ("0", 422), ("-1", 422), ("1e3", 422), ("9999", 422), ("", 422)]
)
def test_more_shares_can_be_asked_for(
    db: Database, ada: Membership, browser_of: BrowserOf, number: str, status: int
) -> None:
    assert press(browser_of(account_of(db, ada)), "/desk/shares", number=number).status_code == status


def test_who_is_no_member_gets_no_shares(db: Database, officers: Officers, browser_of: BrowserOf) -> None:
    assert press(browser_of(officers.mo), "/desk/shares", number="1").status_code == 409


def test_leaving_takes_two_clicks(db: Database, ada: Membership, browser_of: BrowserOf) -> None:
    browser = browser_of(account_of(db, ada))
    assert "/desk/leave" in browser.get("/desk").text
    assert "you are a member until 31 December" in valid(browser.get("/desk/leave"))
    assert press(browser, "/desk/leave", page="/desk/leave").location == "/desk#membership"
    assert "You are leaving" in valid(browser.get("/desk"))
    assert browser.get("/desk/leave").status_code == 409
    with db.reading() as session:
        letter = session.scalars(select(Letter).where(Letter.letter == "member_leaves")).one()
        assert "until 31 December" in letter.body


def test_the_desk_and_the_export_name_the_elections_in_which_she_was_issued_a_ballot(
    db: Database, ada: Membership, join: Join, browser_of: BrowserOf
) -> None:
    """Two elections that are over; she drew a credential for one of them, somebody else for the other."""
    other = join("bob")
    with db.transaction() as session:
        board, by_election = (
            Election(slug=slug, title=f"The {slug}", state=CERTIFIED) for slug in ("board", "seat")
        )
        session.add_all([board, by_election])
        session.flush()
        session.add(Issuance(election_id=board.id, membership_id=ada.id))
        session.add(Issuance(election_id=by_election.id, membership_id=other.id))
    text = valid(browser_of(account_of(db, ada)).get("/desk"))
    assert "The board" in text and "/elections/board" in text and "The seat" not in text
    with db.reading() as session:
        tables = export.collect(session, session.get_one(Account, ada.party.account_id))
    assert [row["election"] for row in tables["ballots"]] == ["The board"]


# Taking it along


def test_everything_can_be_taken_along(
    db: Database, ada: Membership, join: Join, browser_of: BrowserOf
) -> None:
    join("bob")
    got = press(browser_of(account_of(db, ada)), "/desk/export", page="/desk/data")
    assert got.content_type == "application/zip"
    packed = zipfile.ZipFile(io.BytesIO(got.data))
    everything = json.loads(packed.read("everything.json"))
    assert everything["account"]["email"] == "ada@example.org"
    assert [row["event"] for row in everything["memberships"]] == ["apply", "admit"]
    assert [row["event"] for row in everything["shares"]] == ["subscribe", "pay", "approve"]
    assert everything["pledges"][0]["amount"] == "15.00"
    rows = list(csv.DictReader(io.StringIO(packed.read("payments.csv").decode())))
    assert (rows[0]["amount"], rows[0]["state"]) == ("15.00", "paid")
    assert len(everything["receipts"]) == 1
    assert (
        sum(float(row["amount"]) for row in everything["bookings"] if row["account"].startswith("equity"))
        == -10
    )
    assert json.loads(packed.read("outbox.json"))["type"] == "OrderedCollection"
    assert json.loads(packed.read("actor.json"))["preferredUsername"] == "ada"
    assert not any(b"bob" in packed.read(name) for name in packed.namelist())
    assert not any(b"sign-in/link/" in packed.read(name) for name in packed.namelist())


def test_an_account_without_anything_can_be_taken_along(db: Database, officers: Officers) -> None:
    with db.reading() as session:
        tables = export.collect(session, session.get_one(Account, officers.mo.id))
    assert tables["memberships"] == tables["shares"] == tables["payments"] == tables["bookings"] == []


@pytest.mark.parametrize("path", ["/desk/export", "/desk/erase"])
def test_an_old_sign_in_is_proved_once_more(
    db: Database, ada: Membership, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    browser = browser_of(account_of(db, ada))
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.LATELY_SECONDS + 1))
    asked = browser.get("/desk/data")
    assert (asked.status_code, asked.location) == (303, "/sign-in?next=/desk/data&again=1")
    assert 'name="password"' in browser.get(asked.location).text
    assert press(browser, path, sure="y").location.startswith("/sign-in?")
    with db.reading() as session:
        assert session.get_one(Account, ada.party.account_id).closed_at is None


# Being forgotten


def test_erasure_leaves_only_what_the_law_keeps(
    db: Database,
    ada: Membership,
    browser_of: BrowserOf,
    officers: Officers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser = browser_of(account_of(db, ada))
    press(browser, "/desk/address", name="Ada Weiss", address="Pier 1", iban="DE89370400440532013000")
    with db.transaction() as session:
        hers = session.get_one(Account, ada.party.account_id)
        passkeys.add(session, hers, NewKey(b"id", b"key", 0), "Ada's phone")
        recoveries.ask(session, "ada@example.org", "Ada of Pier 1", "network")
    postings = _count(db, Posting)
    assert press(browser, "/desk/erase", page="/desk/data").status_code == 422
    assert "We will forget you" in valid(press(browser, "/desk/erase", page="/desk/data", sure="y"))
    assert browser.get("/desk").status_code == 303
    monkeypatch.setattr(clock, "shift", timedelta(days=limits.ERASURE_DAYS, seconds=1))
    assert grace.carry_out_due() == 1
    with db.reading() as session:
        account = session.get_one(Account, ada.party.account_id)
        assert account.closed_at is not None and account.personal is None
        assert session.get(PartyData, ada.party_id) is None
        assert session.scalars(select(Pledge.state)).one() == "stopped"
        assert session.get_one(Membership, ada.id).state == "leaving"
        assert session.scalars(select(ReceiptPerson.name)).one() == "Ada"
        face = actors.local(session, "ada")
        assert face is not None and face.gone_at is not None and face.name == "ada"
        assert register.rows(session, full=True)[0].name == "Ada Weiss"
        assert register.rows(session, full=False)[0].name == "Member 1"
        assert check_receipts(session, quiet) is None and shares.check(session) is None
    assert _count(db, Posting) == postings
    assert _tables_with(db, "ada@example.org") == set()
    assert _tables_with(db, "Pier 1") == {"register_entry"}
    assert _tables_with(db, "Ada") == {"register_entry", "receipt_person"}
    assert app_answers(browser, "/@ada") == 410


def app_answers(browser: FlaskClient, path: str) -> int:
    return browser.get(path, headers={"Accept": "application/activity+json"}).status_code


def _count(db: Database, table: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _tables_with(db: Database, words: str) -> set[str]:
    """In which tables any value contains ``words``, whoever owns them."""
    found = set()
    with db.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(table.select()):
                if any(words in str(value) for value in row):
                    found.add(table.name)
    return found


def test_the_names_on_receipts_go_when_the_law_lets_us(db: Database, ada: Membership, at: At) -> None:
    with db.transaction() as session:
        erasure.erase(session, session.get_one(Account, ada.party.account_id))
        issued = session.scalars(select(Erasure)).one().receipts_until
    assert issued is not None
    at(issued.year, 12, 31)
    assert erasure.forget_receipts_due() == 0
    at(issued.year + 1, 1, 1)
    assert (erasure.forget_receipts_due(), erasure.forget_receipts_due()) == (1, 0)
    assert _count(db, ReceiptPerson) == 0
    with db.reading() as session:
        assert check_receipts(session, quiet) is None


def test_officers_lay_their_office_down_first(
    db: Database, officers: Officers, browser_of: BrowserOf
) -> None:
    browser = browser_of(officers.tom)
    assert "You hold an office" in valid(browser.get("/desk/data"))
    assert press(browser, "/desk/erase", sure="y").status_code == 409
    with db.reading() as session:
        assert session.get(PersonalData, officers.tom.id) is not None


def test_other_words_about_her_go_and_her_consent_stays(
    db: Database, ada: Membership, officers: Officers
) -> None:
    with db.transaction() as session:
        members.change_class(session, ada.id, "worker", by=officers.tom, reason="Ada was hired.")
        erasure.erase(session, session.get_one(Account, ada.party.account_id))
        notes = list(session.scalars(select(MembershipEvent.note).where(MembershipEvent.note != "")))
        assert notes == ["I want to become a co-owner."]
        assert session.scalars(select(SignIn)).all() == []
