"""A ledger to write in, and short ways to say what is written."""

import uuid
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from commons.db import Database, new_id
from membership.money import ledger, parties
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Posting

Post = Callable[..., Posting]


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def pair(debit: str, credit: str, amount: int, **more: object) -> list[Line]:
    """``amount`` cents from the account ``credit`` to the account ``debit``."""
    return [
        Line(debit, eur(amount), **more),  # type: ignore[arg-type]
        Line(credit, eur(-amount), **more),  # type: ignore[arg-type]
    ]


@pytest.fixture
def pay(db: Database) -> Post:
    """``pay(500)``: five euros arrive at the bank as a pledge, in a transaction of their own."""

    def write(
        amount: int = 500, debit: str = "assets:bank", credit: str = "income:pledges", **more: object
    ) -> Posting:
        on, memo = more.pop("on", None), more.pop("memo", "")
        assert on is None or isinstance(on, date)
        with db.transaction() as session:
            return ledger.post(
                session,
                kind="payment",
                lines=pair(debit, credit, amount, **more),
                cause=("test", new_id()),
                on=on,
                memo=str(memo),
            )

    return write


@pytest.fixture
def somebody(db: Database) -> uuid.UUID:
    """The id of a party with a name."""
    with db.transaction() as session:
        return parties.create(session, "Ada Weiss", "ada@example.org").id


def balance(session: Session, account: str, **more: object) -> int:
    return ledger.balance(session, account, "EUR", **more)  # type: ignore[arg-type]
