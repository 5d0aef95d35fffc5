"""Elections at a desk: which are under way, and in which somebody was issued a ballot.

What was on it, and whether it was cast, nobody knows.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.limits import ROWS_SHOWN
from membership.elections import shown
from membership.elections.models import Election, Issuance
from membership.members.models import Membership
from membership.money.models import Party


def issued(session: Session, party: Party | None) -> list[Election]:
    """The elections for which ``party`` drew a credential, newest first."""
    if party is None:
        return []
    hers = (
        select(Election)
        .join(Issuance, Issuance.election_id == Election.id)
        .join(Membership, Membership.id == Issuance.membership_id)
        .where(Membership.party_id == party.id)
        .order_by(Election.called_at.desc())
    )
    return list(session.scalars(hers))


def under_way(session: Session) -> list[shown.Shown]:
    """The elections that run at this moment, newest first."""
    return [each for each in shown.every(session, ROWS_SHOWN) if each.running]
