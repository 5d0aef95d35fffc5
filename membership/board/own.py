"""What the board's tables hold about one person, for her to take along."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.accounts import Account
from commons.clock import iso
from membership.board import petitions
from membership.board.models import Deputy, Petition, Seat
from membership.members.models import Membership
from membership.money.models import Party

Rows = list[dict[str, object]]


def tables(session: Session, account: Account) -> dict[str, Rows]:
    """Her seats, for whom she was deputy, and the petitions under way that she signed."""
    return {
        "seats": _seats(session, account),
        "deputy": _deputy(session, account),
        "petitions_signed": _signed(session, account),
    }


def _seats(session: Session, account: Account) -> Rows:
    hers = (
        select(Seat)
        .join(Membership, Seat.membership_id == Membership.id)
        .join(Party)
        .where(Party.account_id == account.id)
        .order_by(Seat.starts_at)
    )
    return [
        {
            "name": seat.name,
            "by": seat.how,
            "from": iso(seat.starts_at),
            "until": iso(seat.ended_at or seat.ends_at),
            "ended_because": seat.ended_because or "",
        }
        for seat in session.scalars(hers)
    ]


def _deputy(session: Session, account: Account) -> Rows:
    hers = select(Deputy).where(Deputy.account_id == account.id).order_by(Deputy.starts_at)
    return [
        {
            "power": deputy.power,
            "for": session.get_one(Seat, deputy.seat_id).name,
            "from": iso(deputy.starts_at),
            "until": iso(deputy.ended_at or deputy.ends_at),
        }
        for deputy in session.scalars(hers)
    ]


def _signed(session: Session, account: Account) -> Rows:
    signed = petitions.signed_by(session, account)
    found = session.scalars(select(Petition).where(Petition.id.in_(signed)).order_by(Petition.opened_at))
    return [
        {"about": session.get_one(Seat, each.seat_id).name, "reason": each.reason, "state": each.state}
        for each in found
    ]
