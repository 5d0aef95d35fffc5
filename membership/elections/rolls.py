"""The roll of an election: frozen once, shown to each member for herself."""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.elections.models import Election, Issuance, RollEntry
from membership.elections.protocol.board import inclusion_proof, tree_root
from membership.elections.protocol.manifest import LEAST_ROLL
from membership.elections.protocol.roll import SALT, member_leaf, sorted_roll


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """What a member needs to find herself in ``roll.txt`` and ``issued.txt``; nobody else gets it."""

    number: int
    salt: bytes
    leaf: bytes
    index: int
    proof: tuple[bytes, ...]


def freeze(session: Session, election: Election, members: Iterable[uuid.UUID]) -> tuple[int, bytes]:
    """Puts ``members`` (memberships) on the roll; returns its size and root for the manifest.

    Refused when it is frozen already or has too few members to keep anybody's vote secret.
    """
    everybody = sorted(set(members))
    if session.scalar(select(RollEntry.number).where(RollEntry.election_id == election.id).limit(1)):
        raise Refused(N_("The roll of this election is frozen."), status=409)
    if len(everybody) < LEAST_ROLL:
        raise Refused(N_("An election needs at least %(least)s members on its roll."), least=LEAST_ROLL)
    for number, membership_id in enumerate(everybody, 1):
        salt = secrets.token_bytes(SALT)
        session.add(
            RollEntry(
                election_id=election.id,
                membership_id=membership_id,
                number=number,
                salt=salt,
                leaf=member_leaf(number, salt),
            )
        )
    session.flush()
    found = leaves(session, election)
    return len(found), tree_root(found)


def leaves(session: Session, election: Election) -> tuple[bytes, ...]:
    """The roll as it is published."""
    return sorted_roll(session.scalars(select(RollEntry.leaf).where(RollEntry.election_id == election.id)))


def issued_leaves(session: Session, election: Election) -> tuple[bytes, ...]:
    """``issued.txt``: the leaves of those who drew a credential."""
    drawn = select(RollEntry.leaf).join(
        Issuance,
        (Issuance.election_id == RollEntry.election_id) & (Issuance.membership_id == RollEntry.membership_id),
    )
    return sorted_roll(session.scalars(drawn.where(RollEntry.election_id == election.id)))


def own_entry(session: Session, election: Election, membership_id: uuid.UUID) -> OwnEntry:
    """The member's own entry and its proof. Refused (403) for somebody who is not on the roll."""
    entry = session.get(RollEntry, (election.id, membership_id))
    if entry is None:
        raise Refused(N_("You are not on the roll of this election."), status=403)
    roll = leaves(session, election)
    index = roll.index(entry.leaf)
    return OwnEntry(entry.number, entry.salt, entry.leaf, index, tuple(inclusion_proof(roll, index)))
