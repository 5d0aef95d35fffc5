"""Cancelling what one pays regularly, from a button on every page (section 312k of the German Civil Code).

Nobody has to sign in. One page asks how, what, who and by when; its button cancels, and a receipt with
the moment and all that was said is sent at once. With a pledge's number and its e-mail address it takes
effect by itself; everything else a treasurer looks at.
"""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits, mail
from commons.clock import db_now
from commons.db import database
from commons.language import N_, day
from commons.refusal import Refused
from membership.money import parties
from membership.money.currencies import Money
from membership.money.models import Party
from membership.money.periods import part_of
from membership.payments import refunds
from membership.payments.models import Charge
from membership.pledges import periods, pledges, withdrawals
from membership.pledges.models import Cancellation, Instalment, Pledge

ORDINARY, IMPORTANT = "ordinary", "important"
KINDS = {ORDINARY: N_("In the ordinary way"), IMPORTANT: N_("At once, for an important reason")}
EFFECTIVE, PLANNED, OPEN, DONE = "effective", "planned", "open", "done"


def declare(
    session: Session,
    *,
    name: str,
    email: str,
    contract: str,
    once: str,
    kind: str = ORDINARY,
    reason: str = "",
    ends_on: date | None = None,
) -> Cancellation:
    """Take a cancellation in and send the receipt. ``ends_on``: None for as soon as possible.

    Nobody is bound to a pledge, so it ends at once, or on the day that was named. A form sent twice
    cancels once. Refuses an important reason that is not said, and a day that is over.
    """
    found = session.scalar(select(Cancellation).where(Cancellation.once == once))
    if found is not None:
        return found
    if not name.strip() or not contract.strip() or kind not in KINDS:
        raise Refused(N_("Say who you are and what you cancel."))
    if kind == IMPORTANT and not reason.strip():
        raise Refused(N_("Say which important reason you have."))
    today = pledges.today_here(session)
    if ends_on is not None and ends_on < today:
        raise Refused(N_("This day is over."))
    pledge = withdrawals.meant(session, contract, email)
    made = Cancellation(
        once=once,
        received_at=db_now(session),
        party_id=parties.create(session, name, email).id,
        contract=contract.strip()[: limits.CONTRACT_CHARS],
        kind=kind,
        reason=reason.strip()[: limits.REASON_CHARS],
        ends_on=ends_on,
        pledge_id=pledge.id if pledge else None,
        state=OPEN if pledge is None else PLANNED,
    )
    session.add(made)
    session.flush()
    if pledge is not None and (ends_on is None or kind == IMPORTANT or ends_on == today):
        _end(session, made, pledge)
    _confirm(session, made, name, email)
    return made


def end_due() -> int:
    """Job: end the pledges whose named day has come. Returns how many."""
    with database().transaction() as session:
        today = pledges.today_here(session)
        planned = select(Cancellation, Pledge).join(Pledge, Pledge.id == Cancellation.pledge_id)
        due = planned.where(Cancellation.state == PLANNED, Cancellation.ends_on <= today)
        found = session.execute(due.order_by(Cancellation.id).limit(limits.DUE_AT_ONCE)).all()
        for made, pledge in found:
            _end(session, made, pledge)
        return len(found)


def _end(session: Session, made: Cancellation, pledge: Pledge) -> None:
    """Ask for nothing more; a pledge that is over, or was paid once, has nothing to end.

    For an important reason the days that are paid and not over are asked back; a treasurer agrees, or not.
    """
    if pledge.rhythm != periods.ONCE and pledge.state in pledges.CHANGES["stop"]:
        if made.kind == IMPORTANT and pledge.next_on is not None:
            _ask_back(session, pledge, pledge.next_on)
        pledges.stop(session, pledge)
    made.state = EFFECTIVE
    session.flush()


def _ask_back(session: Session, pledge: Pledge, paid_until: date) -> None:
    """What the last payment paid for the days from today on, by days (section 628 of the Civil Code)."""
    paid = select(Instalment).where(Instalment.pledge_id == pledge.id, Instalment.state == "paid")
    last = session.scalars(paid.order_by(Instalment.period.desc()).limit(1)).first()
    today = pledges.today_here(session)
    if last is None or not date.fromisoformat(last.period) <= today < paid_until:
        return
    charge = session.get_one(Charge, last.charge_id)
    rest = part_of(last.amount, date.fromisoformat(last.period), paid_until, today)
    left = min(rest, charge.received - charge.refunded - charge.lost)
    if left > 0:
        refunds.propose(session, charge, Money(left, charge.currency), str(N_("Cancellation")))


def _confirm(session: Session, made: Cancellation, name: str, email: str) -> None:
    mail.send(
        session,
        to=email,
        letter="cancellation_received",
        name=name.strip(),
        contract=made.contract,
        received_at=made.received_at,
        kind=made.kind,
        reason=made.reason,
        ends_on=day(made.ends_on) if made.ends_on else "",
        state=made.state,
    )


def waiting(session: Session) -> list[Cancellation]:
    """What a treasurer must look at, oldest first."""
    wanted = select(Cancellation).where(Cancellation.state == OPEN).order_by(Cancellation.id)
    return list(session.scalars(wanted.limit(limits.ROWS_SHOWN)))


def who(session: Session, made: Cancellation) -> tuple[str, str]:
    """Name and e-mail address of who cancelled; empty once erased."""
    data = session.get_one(Party, made.party_id).data
    return (data.name, data.email) if data is not None else ("", "")


def close(session: Session, made: Cancellation) -> None:
    """A treasurer has dealt with it."""
    made.state = DONE
    session.flush()
