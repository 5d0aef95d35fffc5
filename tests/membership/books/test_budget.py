"""The budget holds from a month on until it is planned anew."""

import pytest

from commons.db import Database
from commons.refusal import Refused
from membership.books import budget
from membership.money.currencies import Money
from membership.money.periods import later_month, month_of

from .conftest import Cast, eur, today


def test_a_plan_holds_until_the_next(db: Database, people: Cast) -> None:
    month = month_of(today())
    with db.transaction() as session:
        budget.plan(session, "expenses:wages", month, eur(100), people.tom)
        budget.plan(session, "expenses:wages", later_month(month, 2), eur(200), people.tom)
        budget.plan(session, "expenses:wages", month, eur(150), people.tina)
        amounts = [
            budget.planned(session, later_month(month, ahead)).get("expenses:wages")
            for ahead in (-1, 0, 1, 2, 9)
        ]
    assert amounts == [None, 150, 150, 200, 200]


@pytest.mark.parametrize(
    ("account", "month", "money", "reason"),
    [
        ("assets:bank", "2099-01", eur(1), "no account"),
        ("expenses:wages", "2099-13", eur(1), "as 2026-11"),
        ("expenses:wages", "2001-01", eur(1), "past"),
        ("expenses:wages", "2099-01", eur(-1), "kept in EUR"),
        ("expenses:wages", "2099-01", Money(1, "CHF"), "kept in EUR"),
    ],
)
def test_what_cannot_be_planned(
    db: Database, people: Cast, account: str, month: str, money: Money, reason: str
) -> None:
    with db.transaction() as session, pytest.raises(Refused, match=reason):
        budget.plan(session, account, month, money, people.tom)


def test_only_who_keeps_the_books_plans(db: Database, people: Cast) -> None:
    with db.transaction() as session, pytest.raises(Refused, match="power") as refused:
        budget.plan(session, "expenses:wages", "2099-01", eur(1), people.edith)
    assert refused.value.status == 403
