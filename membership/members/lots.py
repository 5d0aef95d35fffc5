"""What a block of shares is, read from its events; pure.

An event either fits the lot as it stands or is refused, so a register that can be read is right.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from commons.language import N_
from commons.refusal import Refused


class Line(Protocol):
    """What ``fold`` reads of an event of the register."""

    @property
    def membership_id(self) -> uuid.UUID: ...
    @property
    def lot(self) -> uuid.UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def shares(self) -> int: ...
    @property
    def amount(self) -> int: ...
    @property
    def effective_on(self) -> date: ...


@dataclass(frozen=True)
class Holding:
    """One member's part of one lot on one day. Money in minor units.

    ``asked`` waits for approval; ``held`` counts; ``noticed`` is the part of ``held`` that will end;
    ``ended`` waits to be paid back; ``paid`` is what was paid in for ``asked`` and ``held``;
    ``owed`` what is to be paid back. ``gone`` is what was paid back or handed on with shares, and
    ``recalled`` the part of that whose payment was called back afterwards: the member owes it to us.
    """

    membership_id: uuid.UUID
    lot: uuid.UUID
    price: int = 0
    asked: int = 0
    held: int = 0
    noticed: int = 0
    ended: int = 0
    paid: int = 0
    owed: int = 0
    gone: int = 0
    recalled: int = 0
    since: date | None = None
    ended_on: date | None = None

    @property
    def unpaid(self) -> int:
        """What is still to be paid in."""
        return self.price * (self.asked + self.held) - self.paid

    @property
    def over(self) -> bool:
        """Whether shares of the lot have ended, or none are the member's any more."""
        return self.ended > 0 or (self.price > 0 and self.asked + self.held == 0)

    @property
    def free(self) -> int:
        """How many shares could be handed on or given notice of."""
        return self.held - self.noticed


def fold(lines: Iterable[Line], until: date | None = None) -> dict[tuple[uuid.UUID, uuid.UUID], Holding]:
    """Every holding, by (membership, lot), from ``lines`` in the order in which they took effect."""
    holdings: dict[tuple[uuid.UUID, uuid.UUID], Holding] = {}
    prices: dict[uuid.UUID, int] = {}
    for line in lines:
        if until is not None and line.effective_on > until:
            continue
        if line.kind == "subscribe":
            prices[line.lot] = line.amount
        key = (line.membership_id, line.lot)
        holdings[key] = after(holdings.get(key) or Holding(*key), line, prices.get(line.lot, 0))
    return holdings


def after(holding: Holding, line: Line, price: int) -> Holding:
    """The holding after the event; ``price`` is the lot's. Refuses an event that does not fit."""
    if line.kind not in CHANGES:
        raise ValueError(f"no such event: {line.kind}")
    changed = CHANGES[line.kind](holding, line, price)
    if (
        min(
            changed.asked,
            changed.held,
            changed.noticed,
            changed.free,
            changed.ended,
            changed.paid,
            changed.owed,
            changed.gone - changed.recalled,
        )
        < 0
    ):
        raise Refused(N_("That is more than there is."), status=409)
    if changed.paid > changed.price * (changed.asked + changed.held):
        raise Refused(N_("That is more than the shares cost."), status=409)
    return changed


def _subscribe(holding: Holding, line: Line, price: int) -> Holding:
    return replace(holding, asked=holding.asked + line.shares, price=price)


def _pay(holding: Holding, line: Line, _price_: int) -> Holding:
    """Paid in; what came back for shares that are over or handed on in the meantime is owed again."""
    over = max(0, line.amount - holding.unpaid)
    back = min(over, holding.recalled)
    owed = over if holding.over else back
    return replace(
        holding,
        paid=holding.paid + line.amount - owed,
        owed=holding.owed + owed,
        recalled=holding.recalled - back,
    )


def _unpay(holding: Holding, line: Line, _price_: int) -> Holding:
    """Called back by who paid: from what is paid in, then from what is still to be paid back, then
    from what is gone already."""
    paid, owed, recalled = called_back(holding, line.amount)
    return replace(
        holding,
        paid=holding.paid - paid,
        owed=holding.owed - owed,
        recalled=holding.recalled + recalled,
    )


def called_back(holding: Holding, amount: int) -> tuple[int, int, int]:
    """What of ``amount`` that is called back was paid in, still to be paid back, and gone already."""
    paid = min(amount, holding.paid)
    owed = min(amount - paid, holding.owed)
    return paid, owed, amount - paid - owed


def _approve(holding: Holding, line: Line, _price_: int) -> Holding:
    since = holding.since or line.effective_on
    return replace(holding, asked=holding.asked - line.shares, held=holding.held + line.shares, since=since)


def _decline(holding: Holding, line: Line, _price_: int) -> Holding:
    """Not approved: what was paid in is owed back."""
    back = holding.paid if line.shares == holding.asked and not holding.held else 0
    return replace(
        holding, asked=holding.asked - line.shares, paid=holding.paid - back, owed=holding.owed + back
    )


def _give(holding: Holding, line: Line, _price_: int) -> Holding:
    _require_paid(holding)
    if line.shares > holding.free:
        raise Refused(N_("That is more than there is."), status=409)
    moved = holding.price * line.shares
    return replace(
        holding, held=holding.held - line.shares, paid=holding.paid - moved, gone=holding.gone + moved
    )


def _take(holding: Holding, line: Line, price: int) -> Holding:
    return replace(
        holding,
        price=price,
        held=holding.held + line.shares,
        paid=holding.paid + price * line.shares,
        since=holding.since or line.effective_on,
    )


def _notice(holding: Holding, line: Line, _price_: int) -> Holding:
    return replace(holding, noticed=holding.noticed + line.shares)


def _end(holding: Holding, line: Line, _price_: int) -> Holding:
    """Shares end: what was paid in for them is owed back, the unpaid part is owed by nobody any more."""
    last = line.shares == holding.held and not holding.asked
    back = holding.paid if last else min(holding.paid, holding.price * line.shares)
    return replace(
        holding,
        held=holding.held - line.shares,
        noticed=holding.noticed - line.shares,
        ended=holding.ended + line.shares,
        paid=holding.paid - back,
        owed=holding.owed + back,
        ended_on=line.effective_on,
    )


def _payout(holding: Holding, line: Line, _price_: int) -> Holding:
    return replace(holding, owed=holding.owed - line.amount, gone=holding.gone + line.amount)


def _require_paid(holding: Holding) -> None:
    if holding.unpaid:
        raise Refused(N_("Only shares that are paid in full can be handed on."), status=409)


# What each event does.
CHANGES = {
    "subscribe": _subscribe,
    "pay": _pay,
    "unpay": _unpay,
    "approve": _approve,
    "decline": _decline,
    "give": _give,
    "take": _take,
    "notice": _notice,
    "end": _end,
    "payout": _payout,
}
