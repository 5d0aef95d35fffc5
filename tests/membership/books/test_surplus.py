"""Surplus: what a minute says, two people, every cent to whom it belongs, and the reserve for good."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from commons import clock, limits, minutes
from commons.accounts import Account
from commons.db import Database
from commons.mail import Letter
from commons.refusal import Refused
from membership.books import payouts, surplus
from membership.books.models import Allotment, Surplus
from membership.books.verify import first_fault
from membership.members import statutes
from membership.money import ledger, parties, receivables
from membership.money.ledger import Line

from .conftest import HERS, Cast, balance, earn, eur, member, today

YEAR = 2026


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """``later()``: it is the next spring."""

    def move() -> None:
        monkeypatch.setattr(clock, "shift", datetime(YEAR + 1, 3, 1, 12, tzinfo=UTC) - datetime.now(UTC))

    return move


@pytest.fixture
def three(db: Database, people: Cast, later: Callable[[], None]) -> list[Account]:
    """Three members who paid 10, 20 and 30 euros; 60 euros are left of the year, which is over."""
    with db.transaction() as session:
        found = [member(session, name) for name in ("amy", "bo", "cy")]
        for number, account in enumerate(found, start=1):
            party = parties.of(session, account)
            earn(session, number * 1_000 + 1_000, party.id)
    later()
    return found


def minute(db: Database) -> int:
    """The number of a minute that says what was decided."""
    with db.transaction() as session:
        return minutes.write(session, public={"verb": "decide"}, private={"reason": "the assembly"}).number


def proposed(db: Database, people: Cast, reserve: int = 2_000, refund: int = 1_000) -> Surplus:
    number = minute(db)
    with db.transaction() as session:
        return surplus.propose(session, YEAR, number, reserve=eur(reserve), refund=eur(refund), by=people.tom)


def test_a_refund_goes_to_members_by_what_they_paid_and_the_reserve_is_put_aside(
    db: Database, people: Cast, three: list[Account]
) -> None:
    proposal = proposed(db, people)
    assert proposal.surplus == 6_000
    assert balance(db, "equity:reserve") == 0
    with db.transaction() as session:
        surplus.approve(session, proposal.id, people.tina)
        parts = [surplus.of(session, account)[0].amount for account in three]
    assert sorted(parts) == [167, 333, 500] and parts == sorted(parts)
    assert balance(db, "equity:reserve") == -2_000
    assert balance(db, "liabilities:patronage") == -1_000
    assert balance(db, "equity:surplus") == 3_000
    with db.reading() as session:
        assert surplus.available(session, YEAR) == eur(3_000)
        assert first_fault(session) is None


@given(
    st.integers(1, 10**12),
    st.lists(st.integers(0, 10**10), min_size=1, max_size=60).filter(any),
    st.integers(2000, 2100),
)
def test_the_parts_sum_to_the_cent_and_follow_what_was_paid(
    refund: int, weights: list[int], year: int
) -> None:
    parts = surplus.parts(refund, weights, year)
    assert sum(parts) == refund
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - refund * weight) < sum(weights)
        assert weight or not part


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=2, max_size=20).filter(any))
def test_who_paid_more_never_gets_more_than_a_cent_less(refund: int, weights: list[int]) -> None:
    pairs = sorted(zip(weights, surplus.parts(refund, weights, YEAR), strict=True))
    assert all(after >= before - 1 for (_, before), (_, after) in zip(pairs, pairs[1:], strict=False))


def test_more_members_than_one_posting_holds(
    db: Database, people: Cast, three: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "POSTING_LINES", 3)
    proposal = proposed(db, people)
    with db.transaction() as session:
        surplus.approve(session, proposal.id, people.tina)
    assert balance(db, "liabilities:patronage") == -1_000


def test_who_is_no_member_has_no_part(db: Database, people: Cast, later: Callable[[], None]) -> None:
    with db.transaction() as session:
        earn(session, 5_000, parties.of(session, people.ada).id)
    later()
    with pytest.raises(Refused, match="nobody to share"):
        proposed(db, people)


def test_ones_own_proposal_is_approved_by_somebody_else(
    db: Database, people: Cast, three: list[Account]
) -> None:
    proposal = proposed(db, people)
    with db.transaction() as session, pytest.raises(Refused, match="Somebody else") as refused:
        surplus.approve(session, proposal.id, people.tom)
    assert refused.value.status == 403
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(text("UPDATE surplus SET approved_by_id = proposed_by_id"))
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(text("UPDATE surplus SET state = 'approved'"))


def test_a_proposal_is_decided_once_and_a_year_has_one(
    db: Database, people: Cast, three: list[Account]
) -> None:
    proposal = proposed(db, people)
    with pytest.raises(Refused, match="proposal for this year") as refused:
        proposed(db, people)
    assert refused.value.status == 409
    with db.transaction() as session:
        surplus.reject(session, proposal.id, people.tom)
        for verb in (surplus.approve, surplus.reject):
            with pytest.raises(Refused, match="decided already"):
                verb(session, proposal.id, people.tina)
        assert surplus.of(session, three[0]) == []
    again = proposed(db, people)
    with db.transaction() as session:
        surplus.approve(session, again.id, people.tina)


@pytest.mark.parametrize(
    ("reserve", "refund", "reason"),
    [
        (5_500, 501, "more than there is"),
        (0, 0, "more than zero"),
        (-1, 100, "more than zero"),
        (1_199, 100, "At least 20 percent"),
    ],
)
def test_amounts_that_do_not_fit_are_refused(
    db: Database, people: Cast, three: list[Account], reserve: int, refund: int, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        proposed(db, people, reserve, refund)


def test_the_statutes_say_how_much_the_reserve_gets(db: Database, people: Cast, three: list[Account]) -> None:
    with db.transaction() as session:
        statutes.change(session, "reserve_percent", 50, date(YEAR, 1, 1), "the assembly")
    with pytest.raises(Refused, match="At least 50 percent"):
        proposed(db, people)
    proposed(db, people, 3_000, 100)


def test_a_year_that_is_not_over_and_a_minute_that_is_not_there(
    db: Database, people: Cast, three: list[Account]
) -> None:
    number = minute(db)
    values = {"reserve": eur(2_000), "refund": eur(1_000), "by": people.tom}
    with db.transaction() as session:
        for year in (YEAR + 1, 1999):
            with pytest.raises(Refused, match="not over"):
                surplus.propose(session, year, number, **values)  # type: ignore[arg-type]
        with pytest.raises(Refused, match="no minute"):
            surplus.propose(session, YEAR, number + 1, **values)  # type: ignore[arg-type]


def test_a_loss_is_not_shared_out(db: Database, people: Cast, later: Callable[[], None]) -> None:
    later()
    with pytest.raises(Refused, match="no surplus"):
        proposed(db, people)


def test_a_surplus_that_became_smaller_is_not_shared_out(
    db: Database, people: Cast, three: list[Account]
) -> None:
    proposal = proposed(db, people, 5_000, 1_000)
    with db.transaction() as session:
        earn(session, -100, account="income:gifts", on=date(YEAR, 12, 31))
        with pytest.raises(Refused, match="smaller"):
            surplus.approve(session, proposal.id, people.tina)


def test_only_who_keeps_the_books_proposes_and_decides(
    db: Database, people: Cast, three: list[Account]
) -> None:
    proposal = proposed(db, people)
    with db.transaction() as session:
        for verb in (surplus.approve, surplus.reject):
            with pytest.raises(Refused, match="power") as refused:
                verb(session, proposal.id, people.edith)
            assert refused.value.status == 403
        with pytest.raises(Refused, match="power"):
            surplus.propose(session, YEAR, 1, reserve=eur(1), refund=eur(0), by=people.edith)
        with pytest.raises(Refused, match="no such proposal"):
            surplus.approve(session, uuid.uuid4(), people.tina)


@pytest.fixture
def part(db: Database, people: Cast, three: list[Account]) -> Allotment:
    """Cy's part of an approved proposal: 5 euros."""
    proposal = proposed(db, people)
    with db.transaction() as session:
        surplus.approve(session, proposal.id, people.tina)
        return surplus.of(session, three[2])[0]


def test_a_part_can_be_given_to_the_newsroom(db: Database, three: list[Account], part: Allotment) -> None:
    with db.transaction() as session:
        surplus.choose(session, part.id, "waive", three[2])
    assert balance(db, "income:gifts") == -500
    assert balance(db, "liabilities:patronage", party_id=part.party_id) == 0


def test_a_part_can_be_kept_as_credit(db: Database, three: list[Account], part: Allotment) -> None:
    with db.transaction() as session:
        surplus.choose(session, part.id, "credit", three[2])
    assert balance(db, "liabilities:credit", party_id=part.party_id) == -500


def test_a_part_can_be_transferred_in_a_payment_file(
    db: Database, people: Cast, three: list[Account], part: Allotment
) -> None:
    before = balance(db, "assets:bank")
    with db.transaction() as session:
        surplus.choose(session, part.id, "pay", three[2], iban=HERS)
        file = payouts.make_file(session, people.tom)
        payouts.executed(session, file.id, people.tina, today())
    assert balance(db, "assets:bank") == before - 500
    assert balance(db, "liabilities:patronage", party_id=part.party_id) == 0
    with db.reading() as session:
        assert first_fault(session) is None


def test_a_choice_is_made_once_by_whose_it_is(db: Database, three: list[Account], part: Allotment) -> None:
    with db.transaction() as session:
        with pytest.raises(Refused, match="no such refund") as refused:
            surplus.choose(session, part.id, "waive", three[0])
        assert refused.value.status == 404
        with pytest.raises(Refused, match="Choose one"):
            surplus.choose(session, part.id, "spend", three[2])
        with pytest.raises(Refused, match="valid IBAN"):
            surplus.choose(session, part.id, "pay", three[2])
        surplus.choose(session, part.id, "credit", three[2])
        with pytest.raises(Refused, match="decided already"):
            surplus.choose(session, part.id, "waive", three[2])


def test_the_reserve_cannot_be_spent(db: Database, people: Cast, part: Allotment) -> None:
    with db.transaction() as session, pytest.raises(Refused, match="not enough"):
        earn(session, -2_001, account="equity:reserve")


def letters(db: Database, kind: str) -> list[Letter]:
    with db.reading() as session:
        return list(session.scalars(select(Letter).where(Letter.letter == kind).order_by(Letter.to)))


@pytest.mark.parametrize(
    ("choice", "says"), [("waive", "to the newsroom"), ("credit", "kept"), ("pay", "will be transferred")]
)
def test_letters_tell_her_of_her_part_and_of_what_she_chose(
    db: Database, three: list[Account], part: Allotment, choice: str, says: str
) -> None:
    decided = letters(db, "surplus_allotted")
    assert len(decided) == len(three) and all("/patronage" in letter.body for letter in decided)
    with db.transaction() as session:
        surplus.choose(session, part.id, choice, three[2], iban=HERS)
    (told,) = letters(db, "surplus_chosen")
    assert says in told.body and told.to in {letter.to for letter in decided}


def test_a_letter_tells_her_that_it_was_sent(
    db: Database, people: Cast, three: list[Account], part: Allotment
) -> None:
    with db.transaction() as session:
        surplus.choose(session, part.id, "pay", three[2], iban=HERS)
        file = payouts.make_file(session, people.tom)
    assert letters(db, "surplus_paid") == []
    with db.transaction() as session:
        payouts.executed(session, file.id, people.tom, today())
    (told,) = letters(db, "surplus_paid")
    assert "has been transferred" in told.body


# Members who owe us


def owes(db: Database, account: Account, amount: int) -> None:
    """Her share was paid back and the payment for it called back."""
    with db.transaction() as session:
        party = parties.of(session, account)
        lines = [receivables.line(party.id, amount), Line("income:pledges", eur(-amount), party_id=party.id)]
        ledger.post(session, kind="owed", lines=lines, cause=("test", uuid.uuid4()))


@pytest.mark.parametrize(("choice", "debt"), [("pay", 200), ("credit", 200), ("pay", 900)])
def test_what_a_member_owes_is_set_against_her_part(
    db: Database, people: Cast, three: list[Account], choice: str, debt: int
) -> None:
    proposal = proposed(db, people)
    with db.transaction() as session:
        surplus.approve(session, proposal.id, people.tina)
    cy = three[2]
    owes(db, cy, debt)
    with db.transaction() as session:
        part = surplus.of(session, cy)[0]
        assert part.amount == 500
        surplus.choose(session, part.id, choice, cy, iban=HERS)
        assert surplus.to_pay(session, 9) == []
    rest = max(0, 500 - debt)
    assert balance(db, receivables.ACCOUNT) == max(0, debt - 500)
    assert balance(db, "liabilities:patronage") == -500
    assert balance(db, "liabilities:refunds" if choice == "pay" else "liabilities:credit") == -rest
    with db.reading() as session:
        assert first_fault(session) is None


def test_a_debt_that_comes_after_the_choice_is_set_off_before_the_file_is_made(
    db: Database, people: Cast, three: list[Account]
) -> None:
    proposal = proposed(db, people)
    with db.transaction() as session:
        surplus.approve(session, proposal.id, people.tina)
        for account in three[1:]:
            surplus.choose(session, surplus.of(session, account)[0].id, "pay", account, iban=HERS)
    owes(db, three[2], 800)
    with db.transaction() as session:
        assert payouts.make_file(session, people.tom).amount == 333
    assert balance(db, receivables.ACCOUNT) == 300


def test_giving_it_to_the_newsroom_pays_no_debt(db: Database, people: Cast, three: list[Account]) -> None:
    proposal = proposed(db, people)
    with db.transaction() as session:
        surplus.approve(session, proposal.id, people.tina)
    owes(db, three[2], 200)
    with db.transaction() as session:
        surplus.choose(session, surplus.of(session, three[2])[0].id, "waive", three[2])
    assert balance(db, receivables.ACCOUNT) == 200
