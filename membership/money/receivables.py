"""What somebody owes us who was paid, and whose own payment was then taken back by her bank.

It stands in one account, by party, and is set against whatever she is to be paid next.
"""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.config import settings
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Cause, Line
from membership.money.models import Balance, Party

ACCOUNT = "assets:receivable:payouts"


def owed_by(session: Session, party_id: uuid.UUID) -> Money:
    """What the party owes us now; hold the pen of the ledger for what hangs on it."""
    currency = settings().currency
    return Money(ledger.balance(session, ACCOUNT, currency, party_id=party_id), currency)


def everybodys(session: Session, count: int) -> list[tuple[Party, Money]]:
    """Who owes us something, the most first: for the treasurer."""
    rows = session.execute(
        select(Party, Balance.amount)
        .join(Balance, Balance.key == Party.id)
        .where(Balance.account == ACCOUNT, Balance.dimension == "party", Balance.amount > 0)
        .order_by(Balance.amount.desc(), Party.id)
        .limit(count)
    )
    return [(party, Money(amount, settings().currency)) for party, amount in rows]


def line(party_id: uuid.UUID, amount: int) -> Line:
    """``amount`` minor units more that she owes; below zero: less."""
    return Line(ACCOUNT, Money(amount, settings().currency), party_id=party_id)


def part_of(session: Session, party_id: uuid.UUID, amount: int) -> int:
    """How much of ``amount`` minor units that she is to be paid is set against what she owes."""
    ledger.hold_pen(session)
    return min(amount, owed_by(session, party_id).amount)


def set_off(session: Session, party_id: uuid.UUID, account: str, amount: int, cause: Cause) -> int:
    """Of ``amount`` that is the party's on the liability ``account``, post what she owes against it.

    Returns how many minor units that was; nothing is posted where she owes nothing.
    """
    part = part_of(session, party_id, amount)
    if part > 0:
        mine = Line(account, Money(part, settings().currency), party_id=party_id)
        ledger.post(session, kind="set-off", lines=[mine, line(party_id, -part)], cause=cause)
    return max(part, 0)
