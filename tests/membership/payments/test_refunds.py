"""What goes back: never more than came in, never by one person, each once in the books."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from commons import clock, limits
from commons.db import Database
from commons.refusal import Refused
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.payments import charges, disputes, events, refunds
from membership.payments.models import Charge, Dispute, Mandate, Receipt, Refund
from tests.membership.payments.conftest import Begin
from tests.membership.payments.till import People, again, balance, hosted_page, tell, whole, work
from tests.services.fake_provider import DISPUTE_FEE, FEE, FakeProvider


def euro(amount: int) -> Money:
    return Money(amount, "EUR")


@pytest.fixture
def paid(db: Database, begin: Begin, provider: FakeProvider) -> Charge:
    """50 euro that came by card."""
    charge = begin("stripe", 5000)
    provider.pay(hosted_page(charge))
    tell(db, provider)
    return again(db, charge)


def test_a_refund_needs_two_people_and_reverses_the_income(
    db: Database, paid: Charge, people: People, provider: FakeProvider
) -> None:
    with db.transaction() as session:
        asked = refunds.ask(session, again(db, paid), euro(2000), "her wish", people.tove)
    work()
    assert provider.of("refund") == []
    with pytest.raises(Refused) as refusal, db.transaction() as session:
        refunds.approve(session, asked.id, people.tove)
    assert refusal.value.status == 403
    with db.transaction() as session:
        refunds.approve(session, asked.id, people.tim)
    work()
    tell(db, provider)
    assert (again(db, paid).refunded, balance(db, "income:membership")) == (2000, -3000)
    assert balance(db, "assets:stripe") == 5000 - FEE - 2000 == provider.balance()
    with db.reading() as session:
        assert session.query(Receipt).filter_by(cause="refund").one().body["amount"] == "-2000"
    whole(db)


def test_of_two_who_approve_at_once_one_wins(
    db: Database, paid: Charge, people: People, provider: FakeProvider
) -> None:
    with db.transaction() as session:
        asked = refunds.ask(session, again(db, paid), euro(5000), "her wish", people.tove)
    won: list[bool] = []

    def approve() -> None:
        try:
            with db.transaction() as session:
                refunds.approve(session, asked.id, people.tim)
            won.append(True)
        except Refused:
            won.append(False)

    _at_once(20, approve)
    work()
    assert won.count(True) == 1
    assert len(provider.of("refund")) == 1


def test_twenty_refunds_of_60_at_once_from_100_send_one(
    db: Database, begin: Begin, people: People, provider: FakeProvider
) -> None:
    charge = begin("stripe", 10_000)
    provider.pay(hosted_page(charge))
    tell(db, provider)
    won: list[bool] = []

    def owe() -> None:
        try:
            with db.transaction() as session:
                refunds.owe(session, session.get_one(Charge, charge.id), euro(6000), "withdrawn")
            won.append(True)
        except Refused:
            won.append(False)

    _at_once(20, owe)
    work()
    assert won.count(True) == 1
    assert again(db, charge).refunded == 6000
    assert [each["amount"] for each in provider.of("refund")] == [6000]


def test_the_database_itself_keeps_more_from_going_back_than_came(db: Database, paid: Charge) -> None:
    with pytest.raises(Exception, match="back_at_most_in"), db.transaction() as session:
        session.execute(update(Charge).values(refunded=5001))


def test_a_refund_whose_answer_was_lost_is_sent_once(
    db: Database, paid: Charge, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        refunds.owe(session, again(db, paid), euro(2000), "withdrawn")
    provider.lost_answers = 9
    assert refunds.refund_due() == 0
    provider.lost_answers = 0
    provider.keys.clear()
    monkeypatch.setattr(clock, "shift", timedelta(hours=30))
    work()
    assert len(provider.of("refund")) == 1
    assert balance(db, "assets:stripe") == provider.balance()


def test_a_rejected_refund_frees_what_was_reserved(db: Database, paid: Charge, people: People) -> None:
    with db.transaction() as session:
        asked = refunds.ask(session, again(db, paid), euro(5000), "her wish", people.tove)
    with db.transaction() as session:
        refunds.reject(session, asked.id, people.tim)
    assert again(db, paid).refunded == 0


def test_only_treasurers_ask_and_approve(db: Database, paid: Charge, people: People) -> None:
    with pytest.raises(Refused) as refusal, db.transaction() as session:
        refunds.ask(session, again(db, paid), euro(1), "mine", people.maria)
    assert refusal.value.status == 403
    with db.transaction() as session:
        asked = refunds.ask(session, again(db, paid), euro(1), "her wish", people.tove)
    for verb in (refunds.approve, refunds.reject, refunds.transferred):
        with pytest.raises(Refused) as refusal, db.transaction() as session:
            verb(session, asked.id, people.maria)
        assert refusal.value.status == 403


@pytest.mark.parametrize("amount", [0, -1, 5001])
def test_an_impossible_amount_is_refused(db: Database, paid: Charge, people: People, amount: int) -> None:
    with pytest.raises(Refused), db.transaction() as session:
        refunds.ask(session, again(db, paid), euro(amount), "her wish", people.tove)
    assert again(db, paid).refunded == 0


def test_a_direct_debit_is_not_sent_back_by_itself_while_her_bank_can_take_it_back(
    db: Database,
    begin: Begin,
    mandate: Callable[..., Mandate],
    provider: FakeProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    charge = begin("stripe", 5000, mandate=mandate("sepa_debit"))
    work()
    provider.settle(str(again(db, charge).reference), "sepa_debit")
    tell(db, provider)
    with db.transaction() as session:
        refunds.owe(session, again(db, charge), euro(5000), "the campaign failed")
    work()
    assert provider.of("refund") == []
    monkeypatch.setattr(clock, "shift", timedelta(days=limits.DIRECT_DEBIT_DAYS + 1))
    work()
    assert len(provider.of("refund")) == 1


# Disputes


def test_a_lost_dispute_takes_the_money_and_the_fee_once(
    db: Database, paid: Charge, provider: FakeProvider
) -> None:
    found = provider.dispute(str(paid.reference))
    tell(db, provider)
    assert again(db, paid).lost == 5000
    assert balance(db, "assets:receivable:disputes") == 5000
    provider.close(found, "lost")
    tell(db, provider)
    tell(db, provider)
    assert balance(db, "income:membership") == balance(db, "assets:receivable:disputes") == 0
    assert balance(db, "assets:stripe") == -FEE - DISPUTE_FEE == provider.balance()
    whole(db)


def test_a_won_dispute_gives_it_back(db: Database, paid: Charge, provider: FakeProvider) -> None:
    found = provider.dispute(str(paid.reference))
    provider.close(found, "won")
    tell(db, provider)
    assert again(db, paid).lost == 0
    assert balance(db, "income:membership") == -5000
    assert balance(db, "assets:stripe") == provider.balance()


def test_a_partial_dispute_and_a_refund_share_what_came_in(
    db: Database, paid: Charge, people: People, provider: FakeProvider
) -> None:
    found = provider.dispute(str(paid.reference), 2000)
    tell(db, provider)
    with pytest.raises(Refused), db.transaction() as session:
        refunds.ask(session, again(db, paid), euro(3001), "her wish", people.tove)
    with db.transaction() as session:
        refunds.owe(session, again(db, paid), euro(3000), "withdrawn")
    work()
    provider.close(found, "lost")
    tell(db, provider)
    assert balance(db, "income:membership") == 0
    assert balance(db, "assets:stripe") == provider.balance()


def test_a_dispute_ends_the_mandate_at_once(
    db: Database, begin: Begin, mandate: Callable[..., Mandate], provider: FakeProvider
) -> None:
    signed = mandate("sepa_debit")
    charge = begin("stripe", 5000, mandate=signed)
    work()
    provider.settle(str(again(db, charge).reference), "sepa_debit")
    provider.dispute(str(again(db, charge).reference))
    tell(db, provider)
    with db.reading() as session:
        ended = session.get_one(Mandate, signed.id)
        assert (ended.state, ended.ended_why) == ("ended", "dispute")
    with pytest.raises(Refused):
        begin("stripe", 5000, mandate=ended)


def test_a_dispute_after_the_money_was_spent_is_a_loss_and_no_negative_pot(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    campaign = begin("bank").id
    charge = begin("stripe", 5000, account="restricted:pitches", campaign_id=campaign)
    provider.pay(hosted_page(charge))
    tell(db, provider)
    _spend(db, charge)
    provider.close(provider.dispute(str(again(db, charge).reference)), "lost")
    tell(db, provider)
    assert balance(db, "restricted:pitches") == 0
    assert balance(db, "expenses:losses") == 5000


def test_a_dispute_about_more_than_is_left_is_parked(
    db: Database, paid: Charge, provider: FakeProvider
) -> None:
    with db.transaction() as session:
        refunds.owe(session, again(db, paid), euro(2000), "withdrawn")
    work()
    provider.dispute(str(paid.reference), 5000)
    tell(db, provider)
    assert events.count_parked() == 1
    with db.reading() as session:
        assert session.query(Dispute).count() == 0


def test_what_a_room_hears_of_it(db: Database, paid: Charge, provider: FakeProvider) -> None:
    with db.transaction() as session:
        (heard,) = charges.news(session, "pledge")
        assert heard.state == "paid"
        charges.heard(heard)
        assert charges.news(session, "share") == []
    with db.transaction() as session:
        assert charges.news(session, "pledge") == []
    provider.dispute(str(paid.reference))
    tell(db, provider)
    with db.transaction() as session:
        assert [each.lost for each in charges.news(session, "pledge")] == [5000]
        assert session.query(Dispute).one().state == disputes.OPEN


def test_a_refund_made_by_hand_at_the_provider_is_in_our_books(
    db: Database, paid: Charge, provider: FakeProvider
) -> None:
    provider.give_back(str(paid.reference), 1200)
    tell(db, provider)
    with db.reading() as session:
        assert session.query(Refund).one().state == "done"
    assert balance(db, "assets:stripe") == provider.balance()


def _spend(db: Database, charge: Charge) -> None:
    """The pot is paid out, so that nothing is left in it."""
    with db.transaction() as session:
        ledger.post(
            session,
            kind="spent",
            lines=[
                Line("restricted:pitches", euro(5000), campaign_id=charge.campaign_id),
                Line("assets:bank", euro(-5000)),
            ],
            cause=("test", charge.id),
        )


def _at_once(count: int, do: Callable[[], None]) -> None:
    threads = [threading.Thread(target=do) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
