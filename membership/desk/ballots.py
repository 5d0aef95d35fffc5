"""In which elections somebody was issued a ballot. What was on it, and whether it was cast, nobody knows."""

from sqlalchemy import select
from sqlalchemy.orm import Session

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
