"""M9: a share was paid back, then the payment for it called back: it is set against the next payout."""

import uuid

import pytest

from commons import clock, mail
from commons.db import Database
from commons.refusal import Refused
from membership.members import members, payouts, shares, statutes
from membership.members.models import Membership
from membership.money import ledger, receivables
from membership.money.currencies import Money
from membership.money.ledger import Line

from ..pledges.conftest import at_once
from .conftest import At, Join, Officers, leave, paid_and_left, pay

Left = tuple[Membership, uuid.UUID]
OWED_TO_US = "assets:receivable:payouts"


@pytest.fixture
def left(db: Database, officers: Officers, join: Join, at: At) -> Left:
    """Ada left and got her ten euros back; and the cause of the payment that had brought them."""
    ada, cause = paid_and_left(db, join, at)
    with db.transaction() as session:
        payouts.adopt_accounts(session, 2026, "Assembly of 2 January 2027", by=officers.tom)
    assert paid_out(db, officers, ada) == 1000
    return ada, cause


def paid_out(db: Database, officers: Officers, member: Membership) -> int:
    """What left the bank for her after two people had signed."""
    with db.transaction() as session:
        payouts.propose_payout(session, session.get_one(Membership, member.id), by=officers.tom)
    with db.transaction() as session:
        money = payouts.approve_payout(session, session.get_one(Membership, member.id), by=officers.tina)
        return money.amount


def told(db: Database, cause: uuid.UUID, gone: int) -> int:
    """So much of the payment is away; what that took out of the shares, or out of her pocket."""
    with db.transaction() as session:
        moved = members.unpaid(
            session,
            ("charge", cause),
            of=Money(1000, "EUR"),
            gone=Money(gone, "EUR"),
            to_account="income:pledges",
        )
        return moved.amount


def rejoined(db: Database, ada: Membership, at: At, year: int, officers: Officers, pays: int) -> Membership:
    """She became a member again with a payment of the next year, and left."""
    at(year, 2, 1)
    with db.transaction() as session:
        party = session.get_one(Membership, ada.id).party
        again = members.apply(session, party, consent="Again.", number_of_shares=pays // 1000)
        pay(session, again, pays)
        members.give_notice(session, again, by=None)
    at(year + 1, 1, 2)
    members.end_due()
    with db.transaction() as session:
        payouts.adopt_accounts(session, year, "Assembly", by=officers.tom)
    return again


def on(db: Database, account: str, party_id: uuid.UUID | None = None) -> int:
    with db.reading() as session:
        assert shares.check(session) is None
        return ledger.balance(session, account, "EUR", party_id=party_id)


def test_what_was_paid_back_and_called_back_is_a_debt_of_hers_and_told_once(db: Database, left: Left) -> None:
    ada, cause = left
    before = on(db, "income:pledges")
    assert [told(db, cause, gone) for gone in (400, 400, 1000, 1000)] == [400, 0, 600, 0]
    assert on(db, OWED_TO_US, ada.party_id) == 1000 == on(db, OWED_TO_US)
    with db.reading() as session:
        told_of = [each.subject for each in mail.newest(session) if each.letter == "payment_called_back"]
    assert sorted(told_of) == [
        "Your bank took back €4.00 that we had paid you",
        "Your bank took back €6.00 that we had paid you",
    ]
    assert on(db, "income:pledges") == before - 1000
    assert on(db, "liabilities:shares") == 0 and on(db, "equity:shares") == 0
    with db.reading() as session:
        assert [(each.id, owes.amount) for each, owes in receivables.everybodys(session, 9)] == [
            (ada.party_id, 1000)
        ]


def test_the_next_payout_is_less_by_what_she_owes_and_the_one_after_is_whole(
    db: Database, officers: Officers, left: Left, at: At
) -> None:
    ada, cause = left
    told(db, cause, 1000)
    again = rejoined(db, ada, at, 2027, officers, 3000)
    bank = on(db, "assets:bank")
    assert paid_out(db, officers, again) == 2000
    assert on(db, "assets:bank") == bank - 2000
    assert on(db, OWED_TO_US) == 0 == on(db, "liabilities:shares")
    once_more = rejoined(db, ada, at, 2028, officers, 1000)
    assert paid_out(db, officers, once_more) == 1000


def test_a_payout_smaller_than_the_debt_leaves_the_rest_to_be_recovered(
    db: Database, officers: Officers, left: Left, at: At
) -> None:
    ada, cause = left
    told(db, cause, 1000)
    with db.transaction() as session:
        ledger.post(
            session,
            kind="more",
            lines=[receivables.line(ada.party_id, 500), Line("income:other", Money(-500, "EUR"))],
            cause=("test", uuid.uuid4()),
        )
    again = rejoined(db, ada, at, 2027, officers, 1000)
    bank = on(db, "assets:bank")
    assert paid_out(db, officers, again) == 0
    assert on(db, "assets:bank") == bank and on(db, OWED_TO_US) == 500


def test_a_dispute_that_is_won_after_all_cancels_the_debt(
    db: Database, officers: Officers, left: Left
) -> None:
    ada, cause = left
    told(db, cause, 1000)
    assert [told(db, cause, 0) for _twice in range(2)] == [-1000, 0]
    assert on(db, OWED_TO_US) == 0 == on(db, "liabilities:shares")
    with pytest.raises(Refused, match="nothing to pay back"), db.transaction() as session:
        payouts.propose_payout(session, session.get_one(Membership, ada.id), by=officers.tom)


def test_what_was_set_off_already_is_paid_back_when_the_dispute_is_won(
    db: Database, officers: Officers, left: Left, at: At
) -> None:
    ada, cause = left
    told(db, cause, 1000)
    assert paid_out(db, officers, rejoined(db, ada, at, 2027, officers, 3000)) == 2000
    assert told(db, cause, 0) == -1000
    assert on(db, "liabilities:shares") == -1000 and on(db, OWED_TO_US) == 0
    assert paid_out(db, officers, ada) == 1000


def test_who_handed_her_shares_on_owes_what_her_bank_takes_back(
    db: Database, officers: Officers, join: Join
) -> None:
    ada, bob, cause = join("ada", pays=0, shares=2), join("bob"), uuid.uuid4()
    with db.transaction() as session:
        found = session.get_one(Membership, ada.id)
        pay(session, found, 1000, cause)
        pay(session, found, 1000)
        lot = shares.holdings(session, found)[0].lot
        shares.transfer(session, found, session.get_one(Membership, bob.id), lot, 1, by=officers.tom)
    assert told(db, cause, 1000) == 1000
    with db.reading() as session:
        mine, his = (shares.position(session, each) for each in (ada, bob))
        assert (mine.held, mine.paid.amount) == (1, 0)
        assert (his.held, his.paid.amount) == (2, 2000)
    assert told(db, cause, 0) == -1000
    assert on(db, OWED_TO_US) == 0


def test_a_declined_applicant_who_was_paid_back_owes_what_her_bank_takes_back(
    db: Database, officers: Officers, join: Join
) -> None:
    with db.transaction() as session:
        statutes.change(session, "admits_itself", 0, statutes.today(clock.now()), "assembly")
    eve, cause = join("eve", pays=0, shares=2), uuid.uuid4()
    with db.transaction() as session:
        pay(session, session.get_one(Membership, eve.id), 1000, cause)
        members.decline(session, eve.id, by=officers.tom, reason="No.")
    assert told(db, cause, 1000) == 1000
    assert told(db, cause, 0) == -1000
    assert paid_out(db, officers, eve) == 1000
    assert told(db, cause, 1000) == 1000 == on(db, OWED_TO_US)


def test_a_proposal_of_more_than_there_is_makes_room_for_another(
    db: Database, officers: Officers, join: Join, at: At
) -> None:
    at(2026, 8, 1)
    ada, cause = join("ada", pays=0, shares=2), uuid.uuid4()
    with db.transaction() as session:
        pay(session, session.get_one(Membership, ada.id), 1000, cause)
        pay(session, session.get_one(Membership, ada.id), 1000)
    leave(db, ada, at)
    with db.transaction() as session:
        payouts.adopt_accounts(session, 2026, "Assembly", by=officers.tom)
        payouts.propose_payout(session, session.get_one(Membership, ada.id), by=officers.tom)
    told(db, cause, 1000)
    with db.reading() as session:
        assert payouts.proposed(session, session.get_one(Membership, ada.id)) is None
    assert paid_out(db, officers, ada) == 1000


def test_nobody_owes_less_than_nothing(db: Database, left: Left) -> None:
    ada, cause = left
    told(db, cause, 1000)
    with pytest.raises(Refused, match="not enough"), db.transaction() as session:
        ledger.post(
            session,
            kind="too-much",
            lines=[receivables.line(ada.party_id, -1001), Line("income:other", Money(1001, "EUR"))],
            cause=("test", uuid.uuid4()),
        )


def test_twenty_words_of_one_dispute_make_one_debt_and_twenty_payouts_set_it_off_once(
    db: Database, officers: Officers, left: Left, at: At
) -> None:
    ada, cause = left
    again = rejoined(db, ada, at, 2027, officers, 3000)
    assert at_once(lambda: told(db, cause, 1000)) == []
    assert on(db, OWED_TO_US) == 1000
    with db.transaction() as session:
        payouts.propose_payout(session, session.get_one(Membership, again.id), by=officers.tom)
    bank = on(db, "assets:bank")

    def approve() -> None:
        with db.transaction() as session:
            payouts.approve_payout(session, session.get_one(Membership, again.id), by=officers.tina)

    raised = at_once(approve)
    assert len(raised) == 19 and all(isinstance(each, Refused) for each in raised)
    assert on(db, "assets:bank") == bank - 2000
    assert on(db, OWED_TO_US) == 0


def test_a_payout_and_a_call_back_at_once_pay_nothing_twice(
    db: Database, officers: Officers, join: Join, at: At
) -> None:
    ada, cause = paid_and_left(db, join, at)
    with db.transaction() as session:
        payouts.adopt_accounts(session, 2026, "Assembly", by=officers.tom)
        payouts.propose_payout(session, session.get_one(Membership, ada.id), by=officers.tom)
    bank = on(db, "assets:bank")
    turns = iter(range(20))

    def one() -> None:
        if next(turns) % 2:
            told(db, cause, 1000)
            return
        with db.transaction() as session:
            payouts.approve_payout(session, session.get_one(Membership, ada.id), by=officers.tina)

    raised = at_once(one)
    assert all(isinstance(each, Refused) for each in raised)
    sent, owes = bank - on(db, "assets:bank"), on(db, OWED_TO_US)
    assert (sent, owes) in ((1000, 1000), (0, 0))
    assert on(db, "liabilities:shares") == 0
