"""Who gave without an account proves her address by a link, and is forgotten but for what the law keeps."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commons import accounts, clock, limits
from commons.db import Database
from commons.mail import Letter
from commons.refusal import Refused
from commons.web import App
from membership.books.verify import first_fault
from membership.desk import erased, erasure
from membership.desk.givers import asking, erasing
from membership.desk.models import Erasure
from membership.money import ledger, parties
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Party, PartyData
from membership.payments import charges, receipts
from membership.payments.models import Charge, ReceiptPerson
from membership.pledges import letters as pledge_letters
from membership.pledges import pledges, renewals, settling, withdrawals
from membership.pledges.ending import cancellations
from membership.pledges.models import Pledge, Withdrawal
from membership.pledges.pledges import Wish

from .conftest import valid

HERS = "rita@example.org"


def give(db: Database, *, rhythm: str = "monthly", pays: bool = True) -> Pledge:
    """Rita gives 15 euros without an account, and has paid once."""
    with db.transaction() as session:
        party = parties.create(session, "Rita Gray", HERS)
        wish = Wish(Money(1500, "EUR"), rhythm, "bank", f"once-{party.id}")
        pledge = pledges.promise(session, party, wish)
        charge = renewals.start(session, pledges.instalments(session, pledge)[0])
        assert charge is not None
        pledge_letters.confirm(session, pledge, "/pay/x")
        if pays:
            charges.settled(session, charge)
    settling.settle_due()
    return pledge


@pytest.fixture
def given(db: Database, app: App) -> Pledge:
    return give(db)


@pytest.fixture
def reader(app: App) -> FlaskClient:
    return app.test_client()


def ask(reader: FlaskClient, email: str = HERS) -> str:
    return valid(reader.post("/pledges/forget", data={"email": email}))


def letters(db: Database, kind: str = "forget_link") -> list[Letter]:
    with db.reading() as session:
        return list(session.scalars(select(Letter).where(Letter.letter == kind)))


def link(db: Database) -> str:
    found = re.search(r"/pledges/forget/\S+", letters(db)[-1].body)
    assert found is not None
    return found[0]


def known(db: Database, address: str = HERS) -> int:
    with db.reading() as session:
        return len(asking.givers(session, address))


def test_a_giver_is_forgotten_by_the_link_in_her_letter_and_the_books_stay(
    db: Database, given: Pledge, reader: FlaskClient
) -> None:
    give(db, rhythm="once", pays=False)
    assert "Look into your mail" in ask(reader, "RITA@example.org")
    (letter,) = letters(db)
    assert letter.to == HERS and "Rita" not in letter.body
    page = valid(reader.get(link(db)))
    assert HERS in page and "1 pledge that you pay regularly stops" in page and "1 receipt" in page
    assert known(db) == 2
    done = reader.post(link(db))
    assert "You are forgotten" in valid(done) and done.headers["Cache-Control"] == "no-store"
    assert known(db) == 0
    with db.reading() as session:
        assert session.scalars(select(PartyData)).all() == []
        assert session.scalars(select(Letter).where(Letter.to == HERS)).all() == []
        assert session.get_one(Pledge, given.id).state == "stopped"
        assert sorted(session.scalars(select(Charge.state))) == ["cancelled", "paid"]
        assert session.get_one(Party, given.party_id).data is None
        assert [each.name for each in session.scalars(select(ReceiptPerson))] == ["Rita Gray"]
        assert first_fault(session) is None
    assert renewals.charge_due() == 0


def test_the_name_on_a_receipt_goes_when_the_law_lets_it(
    db: Database, given: Pledge, reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(reader)
    reader.post(link(db))
    monkeypatch.setattr(clock, "shift", clock.shift + timedelta(days=366 * 9 + 40))
    assert erasure.forget_receipts_due() == 1
    with db.reading() as session:
        assert session.scalars(select(ReceiptPerson)).all() == []
        assert len(receipts.of_party(session, session.get_one(Party, given.party_id))) == 1


def test_nobody_learns_from_the_page_who_gave(db: Database, given: Pledge, reader: FlaskClient) -> None:
    ours, strange = ask(reader), ask(reader, "nobody@example.org")
    assert ours.replace(HERS, "") == strange.replace("nobody@example.org", "")
    assert [letter.to for letter in letters(db)] == [HERS]


def test_an_account_is_not_touched_and_the_letter_says_where_to_go(
    db: Database, given: Pledge, reader: FlaskClient
) -> None:
    with db.transaction() as session:
        account = accounts.create(session, email=HERS, name="Rita", password=None)
        own = parties.of(session, account)
    ask(reader)
    assert "/desk/data" in letters(db)[0].body
    reader.post(link(db))
    assert known(db) == 0
    with db.reading() as session:
        assert [data.party_id for data in session.scalars(select(PartyData))] == [own.id]


def test_no_letter_goes_to_who_only_has_an_account(db: Database, app: App, reader: FlaskClient) -> None:
    with db.transaction() as session:
        parties.of(session, accounts.create(session, email=HERS, name="Rita", password=None))
    ask(reader)
    assert letters(db) == []


def test_who_asks_too_often_is_told_to_wait(db: Database, given: Pledge, reader: FlaskClient) -> None:
    for _each in range(limits.SIGN_IN_TRIES):
        ask(reader)
    assert reader.post("/pledges/forget", data={"email": HERS}).status_code == 429
    assert len(letters(db)) == limits.SIGN_IN_TRIES


@pytest.mark.parametrize("email", ["", "rita", "a@b\r\nBcc: x@example.org", "x" * 400 + "@example.org"])
def test_what_is_no_address_is_refused(db: Database, given: Pledge, reader: FlaskClient, email: str) -> None:
    assert reader.post("/pledges/forget", data={"email": email}).status_code == 422
    assert letters(db) == []


def test_a_link_runs_out_works_once_and_cannot_be_made(
    db: Database, given: Pledge, reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(reader)
    good = link(db)
    party, until, key = good.rpartition("/")[2].split("-")
    for wrong in (
        "x",
        "é",
        f"{party}-{until}-{'0' * len(key)}",
        f"{party}-{int(until) + 1}-{key}",
        f"{given.id.hex}-{until}-{key}",
        f"{party}-{until}",
    ):
        assert reader.get(f"/pledges/forget/{wrong}").status_code == 404, wrong
    with monkeypatch.context() as later:
        later.setattr(clock, "shift", clock.shift + timedelta(seconds=limits.FORGET_LINK_SECONDS + 2))
        assert reader.get(good).status_code == 404
    assert reader.post(good).status_code == 200
    assert reader.get(good).status_code == 404
    assert reader.post(good).status_code == 404


def test_what_a_treasurer_has_to_answer_comes_first(db: Database, given: Pledge, reader: FlaskClient) -> None:
    with db.transaction() as session:
        declared = withdrawals.declare(session, name="Rita", email=HERS, contract="the one", once="w1")
        assert declared.state == "open"
    ask(reader)
    answer = reader.post(link(db))
    assert answer.status_code == 409 and "still has to answer" in valid(answer, 409)
    assert known(db) == 2
    with db.transaction() as session:
        session.get_one(Withdrawal, declared.id).state = "done"
    assert reader.post(link(db)).status_code == 200
    assert known(db) == 0


def test_the_reason_of_a_cancellation_is_forgotten(db: Database, given: Pledge, reader: FlaskClient) -> None:
    with db.transaction() as session:
        made = cancellations.declare(
            session,
            name="Rita",
            email=HERS,
            contract=given.number,
            once="c1",
            kind="ordinary",
            reason="I am ill",
            ends_on=None,
        )
        assert made.state != "open"
    ask(reader)
    reader.post(link(db))
    with db.reading() as session:
        assert session.get_one(type(made), made.id).reason == ""


def test_credit_is_pointed_out_before_it_is_nobodys(db: Database, given: Pledge, reader: FlaskClient) -> None:
    with db.transaction() as session:
        lines = [
            Line("assets:bank", Money(700, "EUR")),
            Line("liabilities:credit", Money(-700, "EUR"), party_id=given.party_id),
        ]
        ledger.post(session, kind="credit", lines=lines, cause=("test", given.id))
    ask(reader)
    assert "€7.00" in valid(reader.get(link(db)))


def test_a_backup_that_brings_her_back_is_put_right_at_the_next_start(
    db: Database, given: Pledge, reader: FlaskClient
) -> None:
    ask(reader)
    reader.post(link(db))
    with db.transaction() as session:
        party = session.get_one(Party, given.party_id)
        session.delete(session.get_one(Erasure, party.id))
        party.data = PartyData(name="Rita Gray", email=HERS)
        pledge_letters.confirm(session, session.get_one(Pledge, given.id), "/pay/x")
    with db.transaction() as session:
        assert erased.apply_again(session) == 1
    with db.transaction() as session:
        assert erased.apply_again(session) == 0
        assert session.scalars(select(PartyData)).all() == []
        assert session.scalars(select(Letter).where(Letter.to == HERS)).all() == []


def test_an_account_that_is_erased_takes_the_gifts_of_its_address_along(db: Database, given: Pledge) -> None:
    with db.transaction() as session:
        account = accounts.create(session, email=HERS, name="Rita", password=None)
    with db.transaction() as session:
        withdrawals.declare(session, name="Rita", email=HERS, contract="the one", once="w1")
        erasure.erase(session, session.get_one(type(account), account.id))
    with db.reading() as session:
        (waits,) = asking.givers(session, HERS)
        assert asking.waits(session, waits)
        assert session.get_one(Party, given.party_id).data is None


def test_there_is_nothing_to_forget_twice(db: Database, given: Pledge) -> None:
    with db.transaction() as session:
        erasing.forget(session, HERS)
        with pytest.raises(Refused, match="nothing left"):
            erasing.forget(session, HERS)
