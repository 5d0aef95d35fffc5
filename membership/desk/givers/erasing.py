"""Forgetting whoever gave with an e-mail address and no account. What the law keeps stays, without it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import mail
from commons.language import N_
from commons.refusal import Refused
from membership.desk import erased, erasure
from membership.desk.givers import asking
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments import credits, receipts
from membership.pledges import periods, pledges
from membership.pledges.models import Cancellation


@dataclass(frozen=True)
class Known:
    """What we know of an address: pledges that run, receipts that are kept, and money that is hers."""

    running: int
    receipts: int
    credit: list[tuple[Party, Money]]


def look(session: Session, address: str) -> Known:
    """What will end and what will stay."""
    found = asking.givers(session, address)
    return Known(
        running=sum(
            pledge.rhythm != periods.ONCE and pledge.state in pledges.CHANGES["stop"]
            for party in found
            for pledge in pledges.of_party(session, party)
        ),
        receipts=sum(len(receipts.of_party(session, party)) for party in found),
        credit=[(party, have) for party in found if (have := credits.free(session, party)).amount > 0],
    )


def forget(session: Session, address: str) -> date | None:
    """Forget everybody without an account who has this address. Nothing is asked of them any more.

    Returns until when names on receipts are kept, if there are any. Refuses (409) while a treasurer has
    to answer a declaration from this address: the answer needs it.
    """
    ledger.hold_pen(session)
    found = asking.givers(session, address)
    if not found:
        raise Refused(asking.GONE, status=404)
    if any(asking.waits(session, party) for party in found):
        raise Refused(
            N_("A treasurer still has to answer what you withdrew or cancelled. Ask again after that."),
            status=409,
        )
    kept = [_forget(session, party) for party in found]
    mail.forget(session, address)
    return max((day for day in kept if day is not None), default=None)


def _forget(session: Session, party: Party) -> date | None:
    for declared in session.scalars(select(Cancellation).where(Cancellation.party_id == party.id)):
        declared.reason = ""
    made = erasure.forget_giver(session, party)
    # Before the commit, as with an account: a backup that brings her back finds her in the list.
    erased.note(party.id)
    return made.receipts_until
