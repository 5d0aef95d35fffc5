"""Money of a payer that is for nothing yet, and parts of what was asked for: she says what becomes of it.

It stays her credit, pays for something else of hers, or goes back to her account; that a treasurer lets
go, who is somebody else than she. What a transfer brought for a payment that is not whole yet is kept
for it, until she says otherwise. What she owes us comes first.
"""

import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from commons import limits, mail, powers
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import new_id
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.money import ledger, parties, receivables
from membership.money.currencies import Money, positive, show
from membership.money.models import Balance, Party
from membership.money.periods import local_day
from membership.payments import booking, charges, refunds
from membership.payments.models import Charge, Refund

KEY_CHARS = 32


@dataclass(frozen=True)
class Credit:
    """A party with credit: ``free`` for anything, ``kept`` for payments that are not whole yet."""

    party: Party
    free: Money
    kept: Money


# Looking


def free(session: Session, party: Party) -> Money:
    """What of the party's credit is for nothing yet, nor needed for what she owes us."""
    debt = receivables.owed_by(session, party.id)
    return Money(max(0, _idle(session, party.id) - debt.amount), settings().currency)


def _idle(session: Session, party_id: uuid.UUID) -> int:
    owed = ledger.balance(session, booking.CREDIT, settings().currency, party_id=party_id)
    return -owed - _kept(session, party_id)


def coverable(session: Session, party: Party) -> Money:
    """What of the party's debt her credit could pay."""
    debt = receivables.owed_by(session, party.id)
    return Money(max(0, min(debt.amount, _idle(session, party.id))), debt.currency)


def asked_for(session: Session, party: Party) -> list[Charge]:
    """What the party was asked to transfer and has not paid in full, newest first."""
    open_ = select(Charge).where(Charge.party_id == party.id, *_TRANSFER_MISSING)
    return list(session.scalars(open_.order_by(Charge.id.desc()).limit(limits.ROWS_SHOWN)))


def in_parts(session: Session, count: int = limits.ROWS_SHOWN) -> list[Charge]:
    """Everybody's payments of which only a part came, oldest first: for the treasurer."""
    wanted = select(Charge).where(*_TRANSFER_MISSING, Charge.received > 0).order_by(Charge.id).limit(count)
    return list(session.scalars(wanted))


def everybodys(session: Session, count: int = limits.ROWS_SHOWN) -> list[Credit]:
    """Who has credit, the largest first: for the treasurer."""
    currency = settings().currency
    rows = session.execute(
        select(Party, Balance.amount)
        .join(Balance, Balance.key == Party.id)
        .where(Balance.account == booking.CREDIT, Balance.dimension == "party", Balance.amount < 0)
        .order_by(Balance.amount, Party.id)
        .limit(count)
    )
    found = []
    for party, amount in rows:
        kept = _kept(session, party.id)
        found.append(Credit(party, Money(-amount - kept, currency), Money(kept, currency)))
    return found


def going_back(session: Session, party: Party) -> list[Refund]:
    """What of the party's credit is on its way back to her."""
    hers = Refund.party_id == party.id, Refund.charge_id.is_(None), Refund.line_id.is_(None)
    waiting = Refund.state.in_((refunds.ASKED, refunds.DUE, refunds.ORDERED))
    return list(session.scalars(select(Refund).where(*hers, waiting).order_by(Refund.id)))


_TRANSFER_MISSING: Sequence[ColumnElement[bool]] = (
    Charge.provider == "bank",
    Charge.state == charges.PENDING,
    Charge.received < Charge.amount,
)


def _kept(session: Session, party_id: uuid.UUID) -> int:
    parts = select(func.sum(Charge.received)).where(Charge.party_id == party_id, *_TRANSFER_MISSING)
    return int(session.scalar(parts) or 0)


# What she says


def use(session: Session, party: Party, charge_id: uuid.UUID) -> Charge:
    """Pay something that was asked of the party from her credit, in part if it is not enough."""
    ledger.hold_pen(session)
    charge = _hers(session, party, charge_id)
    have = free(session, party)
    if have.amount <= 0:
        raise Refused(N_("There is no credit to use."), status=409)
    before = charge.received
    charges.filled(session, charge, have.amount, on=local_day(db_now(session), settings().timezone))
    session.refresh(charge)
    if charge.received == before:
        raise Refused(N_("This payment is not asked for any more."), status=409)
    return charge


def set_free(session: Session, party: Party, charge_id: uuid.UUID) -> Charge:
    """What came for a payment that is not whole yet is credit again; the payment is still asked for."""
    ledger.hold_pen(session)
    charge = charges.lock(session, _hers(session, party, charge_id))
    if charge.state != charges.PENDING or not charge.received:
        raise Refused(N_("Nothing has come for this payment."), status=409)
    charge.received = 0
    charge.version += 1
    session.flush()
    return charge


def send_back(session: Session, party: Party, money: Money, iban: str, by: Account | None) -> Refund:
    """Have ``money`` of the party's credit sent to her account; a treasurer must agree."""
    positive(money)
    _set_off(session, party, new_id())
    if money.currency != settings().currency or money.amount > free(session, party).amount:
        raise Refused(N_("This is more than your credit."), status=409)
    if any(refund.state == refunds.ASKED for refund in going_back(session, party)):
        raise Refused(N_("You have asked for this already; a treasurer has to agree first."), status=409)
    if party.data is None:
        raise Refused(N_("There is no such payer."), status=404)
    party.data.iban = parties.iban_of(iban)
    return refunds.set_aside(session, party, money, str(N_("Back to the payer")), by)


def set_off(session: Session, party: Party, by: Account) -> Money:
    """A treasurer pays what the party owes us from her credit. Returns what that was."""
    powers.require(session, by, Power.BOOKS)
    if party.account_id == by.id:
        raise Refused(N_("Somebody else must do this for you."), status=403)
    cause = new_id()
    part = _set_off(session, party, cause)
    if not part:
        raise Refused(N_("There is no credit to use."), status=409)
    powers.exercise(session, by, Power.BOOKS, on=f"set-off {cause}", reason="", verb="set a debt off")
    return Money(part, settings().currency)


def _set_off(session: Session, party: Party, cause: uuid.UUID) -> int:
    ledger.hold_pen(session)
    most = max(0, _idle(session, party.id))
    return receivables.set_off(session, party.id, booking.CREDIT, most, ("set-off", cause))


def _hers(session: Session, party: Party, charge_id: uuid.UUID) -> Charge:
    charge = session.get(Charge, charge_id)
    if charge is None or charge.party_id != party.id or charge.provider != "bank":
        raise Refused(N_("There is no such payment."), status=404)
    return charge


# The page, also for who has no account


def path(party: Party) -> str:
    """The address below the origin at which who holds it decides about the party's credit."""
    return f"/payments/mine?party={party.id}&key={key(party.id)}"


def key(party_id: uuid.UUID) -> str:
    """The secret of a party's own link: 128 bits, made from this installation's key."""
    made = hmac.digest(settings().secret_key.encode(), f"credit:{party_id}".encode(), "sha256")
    return made.hex()[:KEY_CHARS]


def opens(party_id: uuid.UUID, given: str) -> bool:
    return hmac.compare_digest(key(party_id).encode(), given.encode())


def tell(session: Session, party: Party) -> None:
    """Write to a payer that she has credit, and where she says what becomes of it."""
    have = free(session, party)
    if have.amount <= 0 or party.data is None or not party.data.email:
        return
    mail.send(
        session,
        to=party.data.email,
        letter="credit_left",
        name=party.data.name,
        amount=show(have),
        link=settings().origin + path(party),
    )
