"""Charges: asking for money once, and taking in what became of it.

A room that wants money calls ``begin`` and later asks for ``news`` of its purpose. Whatever it
does with a charge's news it does in the same transaction as ``heard``, so nothing is counted twice.
"""

import secrets
import uuid
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now, now
from commons.config import settings
from commons.db import rows_changed
from commons.language import N_
from commons.refusal import Refused
from membership.money import evidence, ledger
from membership.money.currencies import Money, positive
from membership.money.models import Party
from membership.money.periods import local_day
from membership.payments import booking, receipts, references
from membership.payments.models import Charge, Mandate
from membership.payments.providers import PROVIDERS

OPEN, PENDING, PAID, FAILED, CANCELLED = "open", "pending", "paid", "failed", "cancelled"
LIVE = (OPEN, PENDING, PAID)
EVIDENCE = "charge"

Purpose = tuple[str, uuid.UUID]
"""What a charge is for: a kind (``pledge``, ``share``) and the id of its row."""


def begin(
    session: Session,
    *,
    party: Party,
    money: Money,
    purpose: Purpose,
    provider: str,
    words: str,
    account: str,
    period: str = "",
    campaign_id: uuid.UUID | None = None,
    story_id: uuid.UUID | None = None,
    mandate: Mandate | None = None,
    pay_by: datetime | None = None,
) -> Charge:
    """Ask ``party`` for ``money``; the charge that runs for this purpose and period already, if one does.

    ``words`` tell the payer what it is for; ``account`` is what the ledger credits, under
    ``campaign_id`` and ``story_id``. With ``mandate`` it is charged by itself soon, without it
    the payer is to be sent to ``page(charge)``. What comes after ``pay_by`` becomes credit.
    """
    positive(money)
    if money.currency != settings().currency:
        raise Refused(N_("We only take %(currency)s."), currency=settings().currency)
    if provider not in PROVIDERS or not PROVIDERS[provider].ready():
        raise Refused(N_("This way of paying is not available."))
    if mandate is not None and (mandate.party_id, mandate.provider) != (party.id, provider):
        raise Refused(N_("This mandate is somebody else's."), status=403)
    if mandate is not None and mandate.state != "active":
        raise Refused(N_("This mandate cannot be used any more."))
    running = live(session, purpose, period)
    if running is not None:
        return running
    attempt = _next_attempt(session, purpose, period)
    charge = Charge(
        token=secrets.token_urlsafe(16),
        party_id=party.id,
        provider=provider,
        mandate_id=mandate.id if mandate else None,
        purpose=purpose[0],
        purpose_id=purpose[1],
        period=period,
        attempt=attempt,
        key=f"charge:{purpose[0]}:{purpose[1]}:{period}:{attempt}",
        words=words[: limits.PURPOSE_CHARS],
        amount=money.amount,
        currency=money.currency,
        account=account,
        campaign_id=campaign_id,
        story_id=story_id,
        pay_by=pay_by,
        state=PENDING if provider == "bank" else OPEN,
        reference=references.new() if provider == "bank" else None,
        due_at=db_now(session) if mandate else None,
    )
    try:
        with session.begin_nested():
            session.add(charge)
    except IntegrityError:
        running = live(session, purpose, period)
        if running is None:
            raise
        return running
    return charge


def page(charge: Charge) -> str:
    """The address at which ``charge`` can be paid. Whoever knows it may pay."""
    return f"{settings().origin}/pay/{charge.token}"


def live(session: Session, purpose: Purpose, period: str = "") -> Charge | None:
    """The charge for this purpose and period that is asked for or paid, if there is one."""
    return session.scalar(
        select(Charge).where(
            Charge.purpose == purpose[0],
            Charge.purpose_id == purpose[1],
            Charge.period == period,
            Charge.state.in_(LIVE),
        )
    )


def by_token(session: Session, token: str) -> Charge:
    """The charge whose page this is; 404."""
    found = session.scalar(select(Charge).where(Charge.token == token))
    if found is None:
        raise Refused(N_("There is no such payment."), status=404)
    return found


def of_party(session: Session, party: Party) -> list[Charge]:
    """Every charge of ``party``, newest first."""
    return list(session.scalars(select(Charge).where(Charge.party_id == party.id).order_by(Charge.id.desc())))


def cancel(session: Session, charge: Charge) -> bool:
    """Ask no more. Money that comes all the same is credit; False when it is paid or failed already."""
    locked = lock(session, charge)
    if locked.state not in (OPEN, PENDING):
        return False
    locked.state = CANCELLED
    locked.received = 0  # what a transfer brought so far is the payer's credit
    locked.due_at = None
    session.flush()
    return True


def move(session: Session, campaign_id: uuid.UUID, account: str, to: str) -> int:
    """The ledger has moved a campaign's money from ``account``: refunds will come from ``to``."""
    moved = session.execute(
        update(Charge).where(Charge.campaign_id == campaign_id, Charge.account == account).values(account=to)
    )
    return rows_changed(moved)


def _next_attempt(session: Session, purpose: Purpose, period: str) -> int:
    same = (Charge.purpose == purpose[0], Charge.purpose_id == purpose[1], Charge.period == period)
    return 1 + (session.scalar(select(func.max(Charge.attempt)).where(*same)) or 0)


# What became of it


def news(session: Session, purpose: str, count: int = limits.ROWS_SHOWN) -> list[Charge]:
    """Charges for ``purpose`` about which something happened that was not heard yet, oldest first.

    Its state, ``received``, ``refunded`` and ``lost`` tell what. Each is locked until the transaction ends.
    """
    ledger.hold_pen(session)
    return list(
        session.scalars(
            select(Charge)
            .where(Charge.purpose == purpose, Charge.version > Charge.heard)
            .order_by(Charge.id)
            .limit(count)
            .with_for_update(of=Charge)
            .execution_options(populate_existing=True)
        )
    )


def heard(charge: Charge) -> None:
    """The room that asked for ``charge`` has taken in how it stands."""
    charge.heard = charge.version


def lock(session: Session, charge: Charge) -> Charge:
    """``charge`` as it is now; nobody else changes it until the transaction ends.

    Whoever locks a charge may post, and whoever posts may lock one: the pen always comes first.
    """
    ledger.hold_pen(session)
    return session.get_one(Charge, charge.id, with_for_update={"of": Charge}, populate_existing=True)


def settled(session: Session, charge: Charge, *, fee: int = 0, method: str = "") -> None:
    """A provider has all of the money, less ``fee``. Told again, nothing happens again.

    A charge that was cancelled, or that another has replaced, is not revived: its money is credit.
    """
    charge = lock(session, charge)
    if charge.received:
        return
    charge.received = charge.amount
    charge.method, charge.failure = method, ""
    charge.paid_at, charge.due_at = now(), None
    if charge.state == CANCELLED or _replaced(session, charge):
        charge.state = CANCELLED
        charge.account, charge.campaign_id, charge.story_id = booking.CREDIT, None, None
    else:
        charge.state = PAID
    booking.paid(session, charge, fee)
    _document(session, charge)
    charge.version += 1
    session.flush()


def _document(session: Session, charge: Charge) -> None:
    """What a paid charge leaves behind: a receipt, and its facts in the chain of evidence."""
    receipts.issue(session, charge)
    evidence.keep(session, EVIDENCE, charge.id, facts(charge))


def facts(charge: Charge) -> dict[str, str]:
    """What does not change any more once a charge is paid."""
    return {
        "key": charge.key,
        "party": charge.party_id.hex,
        "amount": f"{charge.amount} {charge.currency}",
        "provider": charge.provider,
        "reference": charge.reference or "",
        "received": str(charge.received),
    }


def filled(session: Session, charge: Charge, amount: int, *, on: date) -> None:
    """Of its payer's credit ``amount``, booked ``on``, is for ``charge``; once it is whole it is paid.

    What does not count (too late, too much, paid before) stays credit.
    """
    charge = lock(session, charge)
    late = charge.pay_by is not None and on > local_day(charge.pay_by, settings().timezone)
    if charge.state != PENDING or late:
        return
    charge.received += min(amount, charge.amount - charge.received)
    if charge.received == charge.amount:
        charge.state, charge.paid_at, charge.method = PAID, now(), "transfer"
        booking.paid_from_credit(session, charge)
        _document(session, charge)
    charge.version += 1
    session.flush()


def failed(session: Session, charge: Charge, reason: str) -> None:
    """The provider will not bring this money. What is paid or over stays as it is."""
    charge = lock(session, charge)
    if charge.state not in (OPEN, PENDING):
        return
    charge.state, charge.failure, charge.due_at = FAILED, reason[: limits.REASON_CHARS], None
    charge.version += 1
    session.flush()


def under_way(session: Session, charge: Charge, reference: str) -> None:
    """The provider works on it under ``reference``. A later state is not taken back."""
    charge = lock(session, charge)
    charge.reference = charge.reference or reference
    charge.due_at = None
    if charge.state == OPEN:
        charge.state = PENDING
        charge.version += 1
    session.flush()


def again(session: Session, charge: Charge, reference: str) -> Charge:
    """A charge for a second payment of ``charge``: over from the start, so that it becomes credit."""
    key = f"{charge.key}:again:{reference}"
    known = session.scalar(select(Charge).where(Charge.key == key))
    if known is not None:
        return known
    twice = Charge(
        token=secrets.token_urlsafe(16),
        party_id=charge.party_id,
        provider=charge.provider,
        purpose=charge.purpose,
        purpose_id=charge.purpose_id,
        period=charge.period,
        attempt=_next_attempt(session, (charge.purpose, charge.purpose_id), charge.period),
        key=key,
        words=charge.words,
        amount=charge.amount,
        currency=charge.currency,
        account=charge.account,
        state=CANCELLED,
        reference=reference,
    )
    session.add(twice)
    session.flush()
    return twice


def _replaced(session: Session, charge: Charge) -> bool:
    """Whether another attempt for the same purpose and period runs or is paid."""
    other = live(session, (charge.purpose, charge.purpose_id), charge.period)
    return other is not None and other.id != charge.id
