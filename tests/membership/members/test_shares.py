"""The share register: asked for, paid, approved, handed on, ended, paid back; each on its day."""

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from commons import clock
from commons.accounts import Account
from commons.db import Database
from commons.refusal import Refused
from membership.members import lots, members, payouts, shares
from membership.members.lots import Holding
from membership.members.models import Membership, ShareEvent
from membership.money import ledger, parties
from membership.money.currencies import Money

from .conftest import At, Join, Officers, leave, paid_and_left, pay

MEMBER, OTHER, LOT = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


def line(kind: str, shares_: int = 0, amount: int = 0, on: int = 1, member: uuid.UUID = MEMBER) -> ShareEvent:
    return ShareEvent(
        membership_id=member,
        lot=LOT,
        kind=kind,
        shares=shares_,
        amount=amount,
        effective_on=date(2026, 1, on),
    )


def folded(*lines: ShareEvent, until: int = 31) -> Holding:
    return lots.fold(lines, date(2026, 1, until))[MEMBER, LOT]


TWO = (line("subscribe", 2, 500), line("pay", amount=1000, on=2), line("approve", 2, on=3))
LIFE = (*TWO, line("notice", 2, on=4), line("end", 2, on=20), line("payout", amount=1000, on=30))


@pytest.mark.parametrize(
    ("day", "asked", "held", "noticed", "ended", "paid", "owed"),
    [
        (1, 2, 0, 0, 0, 0, 0),
        (2, 2, 0, 0, 0, 1000, 0),
        (3, 0, 2, 0, 0, 1000, 0),
        (4, 0, 2, 2, 0, 1000, 0),
        (19, 0, 2, 2, 0, 1000, 0),
        (20, 0, 0, 0, 2, 0, 1000),
        (30, 0, 0, 0, 2, 0, 0),
    ],
)
def test_a_share_goes_through_its_life_by_effective_date(
    day: int, asked: int, held: int, noticed: int, ended: int, paid: int, owed: int
) -> None:
    now = folded(*LIFE, until=day)
    assert (now.asked, now.held, now.noticed, now.ended, now.paid, now.owed) == (
        asked,
        held,
        noticed,
        ended,
        paid,
        owed,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        line("approve", 1),
        line("pay", amount=1),
        (*TWO, line("pay", amount=1, on=4)),
        (*TWO, line("approve", 1, on=4)),
        (*TWO, line("unpay", amount=1001, on=4)),
        (*TWO, line("notice", 3, on=4)),
        (*TWO, line("end", 1, on=4)),
        (*TWO, line("give", 3, on=4)),
        (*TWO, line("notice", 2, on=4), line("give", 1, on=5)),
        (*TWO, line("payout", amount=1, on=4)),
        (*LIFE, line("payout", amount=1, on=31)),
        (*LIFE, line("notice", 1, on=31)),
        (
            line("subscribe", 2, 500),
            line("pay", amount=999, on=2),
            line("approve", 2, on=3),
            line("give", 1, on=4),
        ),
    ],
)
def test_what_does_not_fit_is_refused(wrong: tuple[ShareEvent, ...] | ShareEvent) -> None:
    with pytest.raises(Refused):
        folded(*(wrong if isinstance(wrong, tuple) else (wrong,)))


def test_there_is_no_other_event() -> None:
    with pytest.raises(ValueError, match="no such event"):
        folded(line("gamble", 1))


def test_an_end_of_a_part_owes_that_part() -> None:
    now = folded(*TWO, line("notice", 1, on=4), line("end", 1, on=20))
    assert (now.held, now.ended, now.paid, now.owed) == (1, 1, 500, 500)


def test_more_shares_cost_the_same_and_give_no_vote(db: Database, join: Join, at: At) -> None:
    at(2026, 1, 1)
    ada = join("ada")
    with db.transaction() as session:
        found = session.get_one(Membership, ada.id)
        shares.subscribe_more(session, found, 2)
        assert pay(session, found, 1500) == 1500
        assert (shares.position(session, found).held, shares.position(session, found).asked) == (1, 2)
        assert pay(session, found, 1500) == 500
        assert shares.position(session, found).held == 3
        assert shares.check(session) is None
    with db.reading() as session:
        assert len(members.may_vote(session, clock.now() + timedelta(days=60))) == 1


@pytest.mark.parametrize("number", [0, -1, 100])
def test_a_member_has_from_one_to_a_hundred_shares(db: Database, join: Join, number: int) -> None:
    ada = join("ada")
    with pytest.raises(Refused, match="from 1 to 100"), db.transaction() as session:
        shares.subscribe_more(session, session.get_one(Membership, ada.id), number)


def test_only_members_take_more_shares(db: Database, join: Join) -> None:
    ada = join("ada", pays=0)
    with pytest.raises(Refused, match="Only members"), db.transaction() as session:
        shares.subscribe_more(session, session.get_one(Membership, ada.id), 1)


# Handing on


@pytest.fixture
def three(db: Database, join: Join) -> tuple[Membership, Membership, uuid.UUID]:
    """Ada has three shares in one lot, Bob one."""
    ada, bob = join("ada", pays=3000, shares=3), join("bob")
    with db.reading() as session:
        return ada, bob, shares.holdings(session, ada)[0].lot


def test_a_share_that_is_handed_on_stays_the_same_share(
    db: Database, officers: Officers, three: tuple[Membership, Membership, uuid.UUID]
) -> None:
    ada, bob, lot = three
    with db.transaction() as session:
        shares.transfer(session, ada, bob, lot, 2, by=officers.tom)
    with db.reading() as session:
        assert shares.position(session, ada).held == 1
        taken = {it.lot: it for it in shares.holdings(session, bob)}[lot]
        assert (taken.held, taken.paid, taken.price) == (2, 2000, 1000)
        assert ledger.balance(session, "equity:shares", "EUR", party_id=bob.party_id) == -3000
        assert shares.check(session) is None


def test_what_cannot_be_handed_on(
    db: Database,
    officers: Officers,
    join: Join,
    three: tuple[Membership, Membership, uuid.UUID],
) -> None:
    ada, bob, lot = three
    poor, outside = join("eve", pays=500), join("dan", pays=0)
    with db.reading() as session:
        unpaid = shares.holdings(session, poor)[0].lot
    for giver, taker, which, number, why in (
        (ada, ada, lot, 1, "no transfer"),
        (ada, bob, lot, 0, "no transfer"),
        (ada, outside, lot, 1, "member to member"),
        (outside, ada, lot, 1, "member to member"),
        (ada, bob, lot, 3, "too few shares"),
        (ada, bob, uuid.uuid4(), 1, "no such block"),
        (poor, bob, unpaid, 1, "too few shares"),
    ):
        with pytest.raises(Refused, match=why), db.transaction() as session:
            shares.transfer(session, giver, taker, which, number, by=officers.tom)
    with pytest.raises(Refused, match="power"), db.transaction() as session:
        shares.transfer(session, ada, bob, lot, 1, by=officers.edith)


def test_nobody_gets_more_than_the_most(
    db: Database, officers: Officers, join: Join, three: tuple[Membership, Membership, uuid.UUID]
) -> None:
    ada, _bob, lot = three
    rich = join("rich", pays=100_000, shares=100)
    with pytest.raises(Refused, match="from 1 to 100"), db.transaction() as session:
        shares.transfer(session, ada, rich, lot, 1, by=officers.tom)


# A payment that goes back


def test_what_was_a_contribution_goes_back_first_and_is_told_once(db: Database, join: Join) -> None:
    ada, cause = join("ada", pays=0), uuid.uuid4()
    with db.transaction() as session:
        assert pay(session, session.get_one(Membership, ada.id), 1500, cause) == 1000

    def back(gone: int) -> int:
        with db.transaction() as session:
            return members.unpaid(
                session,
                ("charge", cause),
                of=Money(1500, "EUR"),
                gone=Money(gone, "EUR"),
                to_account="income:pledges",
            ).amount

    assert [back(gone) for gone in (500, 700, 700, 1500, 1500)] == [0, 200, 0, 800, 0]
    with db.reading() as session:
        found = session.get_one(Membership, ada.id)
        held = shares.position(session, found)
        assert (held.held, held.paid.amount, held.unpaid.amount) == (1, 0, 1000)
        assert shares.check(session) is None
    with db.transaction() as session:
        assert pay(session, session.get_one(Membership, ada.id), 1500) == 1000


def told(session: Session, cause: uuid.UUID, gone: int, of: int = 1000) -> int:
    """So much of a payment is away; what that took out of the shares."""
    moved = members.unpaid(
        session,
        ("charge", cause),
        of=Money(of, "EUR"),
        gone=Money(gone, "EUR"),
        to_account="income:pledges",
    )
    return moved.amount


def test_a_disputed_share_is_frozen_and_a_won_dispute_pays_it_again(
    db: Database, officers: Officers, join: Join
) -> None:
    ada, bob, cause = join("ada", pays=0, shares=2), join("bob"), uuid.uuid4()
    with db.transaction() as session:
        pay(session, session.get_one(Membership, ada.id), 2000, cause)
        assert told(session, cause, 2000, of=2000) == 2000
        (holding,) = shares.holdings(session, ada)
        assert (holding.held, holding.paid, holding.unpaid) == (2, 0, 2000)
    with pytest.raises(Refused, match="paid in full"), db.transaction() as session:
        giver, taker = (session.get_one(Membership, each.id) for each in (ada, bob))
        shares.transfer(session, giver, taker, holding.lot, 1, by=officers.tom)
    with db.transaction() as session:
        giver, taker = (session.get_one(Membership, each.id) for each in (ada, bob))
        assert [told(session, cause, 0, of=2000) for _twice in range(2)] == [-2000, 0]
        assert shares.check(session) is None
        shares.transfer(session, giver, taker, holding.lot, 1, by=officers.tom)
    with db.reading() as session:
        assert shares.check(session) is None
        assert ledger.balance(session, "income:pledges", "EUR") == 3000


def test_a_payment_called_back_after_the_share_ended_is_not_paid_out(
    db: Database, officers: Officers, join: Join, at: At
) -> None:
    ada, cause = paid_and_left(db, join, at)
    with db.transaction() as session:
        payouts.adopt_accounts(session, 2026, "Assembly of 2 January 2027", by=officers.tom)
        payouts.propose_payout(session, session.get_one(Membership, ada.id), by=officers.tom)
        assert told(session, cause, 1000) == 1000
        assert shares.position(session, ada).owed.amount == 0
    with pytest.raises(Refused, match="more than there is"), db.transaction() as session:
        payouts.approve_payout(session, session.get_one(Membership, ada.id), by=officers.tina)
    with db.transaction() as session:
        assert told(session, cause, 0) == -1000
        assert shares.check(session) is None
        assert shares.position(session, ada).owed.amount == 1000
        payouts.approve_payout(session, session.get_one(Membership, ada.id), by=officers.tina)
    with db.reading() as session:
        assert shares.check(session) is None


# Paying back


def test_a_share_is_paid_back_after_the_accounts_by_two_people(
    db: Database, officers: Officers, join: Join, at: At
) -> None:
    at(2026, 8, 1)
    ada = join("ada")
    leave(db, ada, at)
    with pytest.raises(Refused, match="accounts of the year"), db.transaction() as session:
        payouts.propose_payout(session, session.get_one(Membership, ada.id), by=officers.tom)
    with db.transaction() as session:
        payouts.adopt_accounts(session, 2026, "Assembly of 2 January 2027", by=officers.tom)
        payouts.propose_payout(session, session.get_one(Membership, ada.id), by=officers.tom)
    for by, why in ((officers.tom, "Somebody else"), (officers.edith, "power")):
        with pytest.raises(Refused, match=why), db.transaction() as session:
            payouts.approve_payout(session, session.get_one(Membership, ada.id), by=by)
    with pytest.raises(Refused, match="proposed already"), db.transaction() as session:
        payouts.propose_payout(session, session.get_one(Membership, ada.id), by=officers.tina)
    with db.transaction() as session:
        fund(session)
        payouts.approve_payout(session, session.get_one(Membership, ada.id), by=officers.tina)
    with pytest.raises(Refused, match="No payout"), db.transaction() as session:
        payouts.approve_payout(session, session.get_one(Membership, ada.id), by=officers.tina)
    with db.reading() as session:
        found = session.get_one(Membership, ada.id)
        assert shares.position(session, found).owed.amount == 0
        assert ledger.balance(session, "liabilities:shares", "EUR") == 0
        assert shares.check(session) is None


def fund(session: object) -> None:
    ledger.post(
        session,  # type: ignore[arg-type]
        kind="opening",
        lines=[
            ledger.Line("assets:bank", Money(9999, "EUR")),
            ledger.Line("equity:opening", Money(-9999, "EUR")),
        ],
        cause=("opening", uuid.uuid4()),
    )


def test_nobody_pays_back_her_own_share(db: Database, officers: Officers, at: At) -> None:
    at(2026, 8, 1)
    with db.transaction() as session:
        tom = session.get_one(Account, officers.tom.id)
        made = members.apply(session, parties.of(session, tom), consent="Yes.")
        pay(session, made, 1000)
    leave(db, made, at)
    with db.transaction() as session:
        payouts.adopt_accounts(session, 2026, "Assembly", by=officers.tom)
    with pytest.raises(Refused, match="for you"), db.transaction() as session:
        payouts.propose_payout(session, session.get_one(Membership, made.id), by=officers.tom)
    with db.transaction() as session:
        payouts.propose_payout(session, session.get_one(Membership, made.id), by=officers.tina)
    with pytest.raises(Refused, match="Somebody else"), db.transaction() as session:
        payouts.approve_payout(session, session.get_one(Membership, made.id), by=officers.tom)


def test_accounts_are_adopted_once_and_after_the_year(db: Database, officers: Officers, at: At) -> None:
    at(2027, 1, 2)
    with db.transaction() as session:
        payouts.adopt_accounts(session, 2026, "Assembly", by=officers.tom)
    for year, where, why in ((2026, "x", "already"), (2027, "x", "not over"), (2025, " ", "Say where")):
        with pytest.raises(Refused, match=why), db.transaction() as session:
            payouts.adopt_accounts(session, year, where, by=officers.tom)


# Proof


def forged(member: Membership, lot: uuid.UUID, **values: object) -> ShareEvent:
    """A line that no verb would have written."""
    later = date(2099, 1, 1)
    return ShareEvent(membership_id=member.id, lot=lot, currency="EUR", effective_on=later, **values)


def test_a_register_that_says_other_than_the_ledger_is_found(db: Database, join: Join) -> None:
    ada = join("ada", pays=500)
    with db.transaction() as session:
        lot = shares.holdings(session, ada)[0].lot
        session.add(
            ShareEvent(
                membership_id=ada.id,
                lot=lot,
                kind="pay",
                amount=1,
                currency="EUR",
                effective_on=date(2099, 1, 1),
            )
        )
    with db.reading() as session:
        assert "equity:shares" in str(shares.check(session))


def test_a_register_that_cannot_be_is_found(db: Database, join: Join) -> None:
    ada = join("ada")
    with db.transaction() as session:
        lot = shares.holdings(session, ada)[0].lot
        session.add(
            ShareEvent(
                membership_id=ada.id,
                lot=lot,
                kind="end",
                shares=9,
                currency="EUR",
                effective_on=date(2099, 1, 1),
            )
        )
    with db.reading() as session:
        assert "more than there is" in str(shares.check(session))


# The two renderings
