"""Every night the books are checked; the first fault is kept, shown and counted until it is gone."""

import logging
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from commons import clock, limits
from commons.clock import now
from commons.db import Database
from federation import actors
from membership.books import checks
from membership.money import seals
from membership.money.models import Seal, SelfCheck
from membership.money.periods import later_month, month_of
from tests.membership.money.conftest import Post
from tests.membership.money.test_verification import Tamper, tamper

__all__ = ["tamper"]


def test_the_books_are_checked_once_a_day(db: Database, pay: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    posted = pay(500)
    assert [checks.run_due(), checks.run_due()] == [1, 0]
    with db.reading() as session:
        found = checks.latest(session)
        assert found is not None
        assert (found.fault, found.number, found.hash) == ("", 1, posted.hash)
        assert checks.alarm(session) is None
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.SELF_CHECK_SECONDS + 1))
    assert [checks.run_due(), checks.run_due()] == [1, 0]


def test_the_first_fault_raises_an_alarm_that_stays_until_it_is_gone(
    db: Database, pay: Post, tamper: Tamper, caplog: pytest.LogCaptureFixture
) -> None:
    pay(500)
    checks.run()
    assert checks.count_faults() == 0
    tamper("UPDATE posting_line SET amount = amount + 1 WHERE position = 1")
    with caplog.at_level(logging.ERROR):
        checks.run()
    assert "posting 1: changed" in caplog.text
    assert checks.count_faults() == 1
    with db.reading() as session:
        alarm = checks.alarm(session)
        assert alarm is not None and alarm.fault == "posting 1: changed"
    tamper("UPDATE posting_line SET amount = amount - 1 WHERE position = 1")
    checks.run()
    assert checks.count_faults() == 0


def test_a_cut_that_moves_the_head_too_is_found_by_the_night_before(
    db: Database, pay: Post, tamper: Tamper
) -> None:
    for _ in range(3):
        pay(500)
    checks.run()
    tamper(
        "DELETE FROM posting_line WHERE posting_id = 3",
        "DELETE FROM posting WHERE id = 3",
        "UPDATE chain_head SET number = 2, hash = (SELECT hash FROM posting WHERE id = 2)",
    )
    assert checks.run().fault == "posting 3: cut off"
    with db.reading() as session:
        assert len(session.scalars(select(SelfCheck)).all()) == 2


def test_months_are_closed_when_they_have_been_over_for_a_while(
    db: Database, pay: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        actors.found_newsroom(session)
    assert seals.seal_due() == 0
    today = now().date()
    first = later_month(month_of(today), -3)
    pay(5, on=date.fromisoformat(f"{first}-05"))
    closed = seals.seal_due()
    assert seals.seal_due() == 0
    with db.reading() as session:
        months = list(session.scalars(select(Seal.month).order_by(Seal.month)))
    ended = 3 if today.day > limits.BOOKS_OPEN_DAYS else 2
    assert months == [later_month(first, count) for count in range(ended)]
    assert closed == ended
    assert checks.run().fault == ""
