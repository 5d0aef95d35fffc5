"""Promising, changing, pausing, stopping, renewing and dunning."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from commons import limits
from commons.config import Config
from commons.db import Database
from commons.refusal import Refused
from membership.money import ledger, parties
from membership.money.models import Party
from membership.money.periods import months_after
from membership.payments import charges, refunds
from membership.payments.models import Charge, Receipt
from membership.pledges import meaning, periods, pledges, renewals, settling
from membership.pledges.models import Instalment, Pledge
from tests.membership.pledges.conftest import (
    Wait,
    again,
    at_once,
    eur,
    fail,
    guest,
    letters,
    pay,
    person,
    promised,
    wish,
)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 120), st.sampled_from([1, 12]))
def test_the_next_day_is_never_past_and_at_most_one_rhythm_away(anchor: date, ago: int, step: int) -> None:
    today = months_after(anchor, ago)
    found = months_after(anchor, periods.months_until(anchor, 0, step, today))
    assert today <= found <= months_after(anchor, ago + step)


def test_a_single_pledge_is_fulfilled_once_it_is_paid(db: Database, house: Config) -> None:
    pledge = promised(db, rhythm="once", amount=2500)
    pay(db, pledge)
    assert again(db, pledge).state == "fulfilled"
    with db.reading() as session:
        assert ledger.balance(session, "income:pledges", "EUR") == -2500


def test_a_recurring_pledge_is_asked_for_once_a_month(db: Database, house: Config, wait: Wait) -> None:
    pledge = promised(db)
    pay(db, pledge)
    assert again(db, pledge).state == "active"
    for _month in range(3):
        wait(days=31)
        assert renewals.renew_due() == 1
        assert renewals.renew_due() == 0
        pay(db, pledge)
    with db.reading() as session:
        assert ledger.balance(session, "income:pledges", "EUR") == -4 * 900
        assert session.scalar(select(func.count(func.distinct(Instalment.period)))) == 4


def test_twenty_renewals_at_once_ask_once(db: Database, house: Config, wait: Wait) -> None:
    pledge = promised(db)
    pay(db, pledge)
    wait(days=31)
    assert at_once(renewals.renew_due) == at_once(renewals.charge_due) == []
    with db.reading() as session:
        assert len(pledges.instalments(session, pledge)) == 2
        assert session.scalar(select(func.count()).select_from(Charge)) == 2


def test_a_form_sent_twice_promises_once(db: Database, house: Config) -> None:
    with db.transaction() as session:
        party = guest(session)
        first = pledges.promise(session, party, wish(once="same"))
        second = pledges.promise(session, party, wish(once="same"))
    assert first.id == second.id


def test_an_account_has_at_most_one_running_pledge(db: Database, house: Config) -> None:
    with db.transaction() as session:
        party = parties.of(session, person(session, "ada"))
        pledges.promise(session, party, wish(once="1"))
        pledges.promise(session, party, wish(rhythm="once", once="2"))
        with pytest.raises(Refused, match="running pledge"):
            pledges.promise(session, party, wish(once="3"))


def test_two_running_pledges_of_one_address_are_flagged(db: Database, house: Config) -> None:
    promised(db, once="1")
    promised(db, once="2")
    promised(db, name="olga", once="3")
    with db.reading() as session:
        assert pledges.doubles(session) == [("rita@example.org", 2)]


@pytest.mark.parametrize("amount", [1, 99, 100_000_01, 2**63 - 1])
def test_an_amount_out_of_reason_is_refused(db: Database, house: Config, amount: int) -> None:
    with pytest.raises(Refused):
        promised(db, amount=amount)


def test_an_amount_in_another_currency_is_refused(db: Database, house: Config) -> None:
    with db.transaction() as session, pytest.raises(Refused, match="EUR only"):
        other = pledges.Wish(type(eur(1))(900, "CHF"), "monthly", "bank", "x")
        pledges.promise(session, guest(session), other)


def test_a_change_counts_from_the_next_payment_on(db: Database, house: Config, wait: Wait) -> None:
    pledge = promised(db)
    pay(db, pledge)
    with db.transaction() as session:
        pledges.change(session, session.get_one(Pledge, pledge.id), eur(1500), "yearly")
    wait(days=31)
    renewals.renew_due()
    with db.reading() as session:
        newest = pledges.instalments(session, pledge)
        assert [each.amount for each in newest] == [1500, 900]
        assert session.get_one(Pledge, pledge.id).months_asked == 13


def test_a_paused_pledge_is_not_asked_for_and_catches_nothing_up(
    db: Database, house: Config, wait: Wait
) -> None:
    pledge = promised(db)
    pay(db, pledge)
    with db.transaction() as session:
        pledges.pause(session, session.get_one(Pledge, pledge.id))
    wait(days=100)
    assert renewals.renew_due() == 0
    with db.transaction() as session:
        resumed = session.get_one(Pledge, pledge.id)
        pledges.resume(session, resumed)
        assert resumed.next_on is not None and resumed.next_on >= pledges.today_here(session)
    with db.reading() as session:
        assert len(pledges.instalments(session, pledge)) == 1


def test_what_is_stopped_stays_stopped(db: Database, house: Config, wait: Wait) -> None:
    pledge = promised(db)
    with db.transaction() as session:
        pledges.stop(session, session.get_one(Pledge, pledge.id))
    wait(days=40)
    assert renewals.renew_due() == renewals.charge_due() == 0
    for verb in (pledges.pause, pledges.resume, pledges.stop):
        with db.transaction() as session, pytest.raises(Refused):
            verb(session, session.get_one(Pledge, pledge.id))
    with db.reading() as session:
        assert [each.kind for each in pledges.events(session, pledge)] == ["promised", "stopped"]


def test_money_that_comes_after_a_stop_is_credit(db: Database, house: Config) -> None:
    pledge = promised(db)
    renewals.charge_due()
    with db.transaction() as session:
        pledges.stop(session, session.get_one(Pledge, pledge.id))
    with db.transaction() as session:
        charges.settled(session, session.scalars(select(Charge)).one())
    settling.settle_due()
    with db.reading() as session:
        assert ledger.balance(session, "income:pledges", "EUR") == 0
        assert ledger.balance(session, "liabilities:credit", "EUR", party_id=pledge.party_id) == -900
    assert again(db, pledge).state == "stopped"


def test_a_failing_payment_is_tried_again_and_then_given_up(db: Database, house: Config, wait: Wait) -> None:
    pledge = promised(db)
    fail(db, pledge)
    assert again(db, pledge).state == "late"
    for days in limits.DUNNING_DAYS:
        wait(days=days + 1)
        fail(db, pledge)
    assert again(db, pledge).state == "lapsed"
    assert len(letters(db, "pledge_failed")) == len(limits.DUNNING_DAYS)
    assert len(letters(db, "pledge_lapsed")) == 1
    wait(days=40)
    assert renewals.renew_due() == renewals.charge_due() == 0


def test_a_late_payment_ends_the_dunning(db: Database, house: Config, wait: Wait) -> None:
    pledge = promised(db)
    fail(db, pledge)
    wait(days=4)
    pay(db, pledge)
    assert again(db, pledge).state == "active"


def test_a_transfer_that_stays_away_is_reminded_of_and_then_given_up(
    db: Database, house: Config, wait: Wait
) -> None:
    pledge = promised(db)
    for _round in range(len(limits.DUNNING_DAYS) + 2):
        renewals.charge_due()
        wait(days=15)
    assert again(db, pledge).state == "lapsed"
    assert len(letters(db, "pledge_reminder")) == len(limits.DUNNING_DAYS) - 1
    with db.reading() as session:
        assert session.scalars(select(Charge.state)).all() == ["cancelled"]


def test_news_taken_in_twice_count_once(db: Database, house: Config) -> None:
    pledge = promised(db)
    charge = pay(db, pledge)
    with db.transaction() as session:
        settling.settle(session, session.get_one(Charge, charge.id))
    with db.reading() as session:
        kinds = [each.kind for each in pledges.events(session, pledge)]
    assert kinds == ["promised", "paid"]


@pytest.mark.parametrize(
    ("purpose", "back", "each", "quantity", "expected"),
    [
        ("support", 0, 0, 1, meaning.Meaning(900, True, 0)),
        ("support", 400, 0, 1, meaning.Meaning(500, True, 0)),
        ("support", 900, 0, 1, meaning.Meaning(0, False, 0)),
        ("campaign", 400, 500, 1, meaning.Meaning(500, True, 1)),
        ("campaign", 401, 500, 1, meaning.Meaning(499, True, 0)),
        ("campaign", 400, 0, 1, meaning.Meaning(500, True, 0)),
        ("gift", 300, 300, 3, meaning.Meaning(600, True, 2)),
        ("gift", 301, 300, 3, meaning.Meaning(599, True, 1)),
        ("seats", 900, 300, 3, meaning.Meaning(0, False, 0)),
    ],
)
def test_what_a_refund_means(
    purpose: str, back: int, each: int, quantity: int, expected: meaning.Meaning
) -> None:
    assert meaning.after_refund(purpose, 900, back, each, quantity) == expected


def test_more_back_than_in_is_an_error() -> None:
    with pytest.raises(ValueError, match="more went back"):
        meaning.after_refund("support", 900, 901, 0, 1)


def test_a_refunded_payment_is_noted(db: Database, house: Config) -> None:
    pledge = promised(db, rhythm="once")
    charge = pay(db, pledge)
    give_back(db, charge, 400)
    assert (again(db, pledge).state, again(db, pledge).returned) == ("fulfilled", 400)
    give_back(db, charge, 500)
    assert (again(db, pledge).state, again(db, pledge).returned) == ("refunded", 900)


def give_back(db: Database, charge: Charge, amount: int) -> None:
    """A refund that is owed, and that the treasurer has sent."""
    with db.transaction() as session:
        refund = refunds.owe(session, session.get_one(Charge, charge.id), eur(amount), "asked")
        refunds._done(session, refunds._lock(session, refund.id))
    settling.settle_due()


def test_a_renewed_pledge_gets_a_receipt_of_its_own_each_time(
    db: Database, house: Config, wait: Wait
) -> None:
    pledge = promised(db)
    charged = [pay(db, pledge).id]
    for _twice in range(2):
        wait(days=31)
        renewals.renew_due()
        with db.reading() as session:
            assert session.scalar(select(func.count()).select_from(Receipt)) == len(charged)
        charged.append(pay(db, pledge).id)
    with db.reading() as session:
        found = session.scalars(select(Receipt).order_by(Receipt.serial)).all()
    assert [each.cause_id for each in found] == charged
    assert len({each.number for each in found}) == 3


def test_of_twenty_second_checkouts_at_once_one_pledge_runs(db: Database, house: Config) -> None:
    with db.transaction() as session:
        party = parties.of(session, person(session, "ada"))
    numbers = iter(range(100))

    def check_out() -> None:
        with db.transaction() as session:
            mine = session.get_one(Party, party.id)
            pledges.promise(session, mine, wish(once=f"checkout-{next(numbers)}"))

    raised = at_once(check_out)
    assert [type(error) for error in raised] == [Refused] * 19
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pledge)) == 1
        assert session.scalar(select(func.count()).select_from(Instalment)) == 1
