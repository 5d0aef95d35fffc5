"""The roll of an election: frozen once, shown to each member for herself, corrected until it is announced."""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.elections.models import Election, Issuance, RollEntry
from membership.elections.protocol.board import inclusion_proof, tree_root
from membership.elections.protocol.manifest import LEAST_ROLL
from membership.elections.protocol.roll import SALT, member_leaf, sorted_roll
from membership.members import shares, statutes
from membership.members.models import SUPPORTER, Membership


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """What a member needs to find herself in ``roll.txt`` and ``issued.txt``; nobody else gets it."""

    number: int
    salt: bytes
    leaf: bytes
    index: int
    proof: tuple[bytes, ...]


def has_vote(session: Session, at: datetime) -> ColumnElement[bool]:
    """Who has a vote at ``at``: long enough a member by then, not over, of a class that votes."""
    fixed = statutes.at(session, statutes.today(at))
    lasting = or_(Membership.ended_at.is_(None), Membership.ended_at > at)
    found = and_(Membership.joined_at <= at - timedelta(days=fixed.vote_after_days), lasting)
    return found if fixed.supporters_vote else and_(found, Membership.class_ != SUPPORTER)


def voters(session: Session, at: datetime) -> list[uuid.UUID]:
    """The memberships that have a vote at ``at``, whether they have paid or not."""
    return list(session.scalars(select(Membership.id).where(has_vote(session, at)).order_by(Membership.id)))


def eligible(session: Session, at: datetime) -> list[uuid.UUID]:
    """Who belongs on a roll that is frozen at ``at``: has a vote then, and has paid in what is due."""
    found = session.scalars(select(Membership).where(has_vote(session, at)).order_by(Membership.id))
    return [each.id for each in found if shares.paid_enough(session, each)]


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
        session.add(_entry(election, membership_id, number))
    return _seal(session, election)


def correct(session: Session, election: Election, membership_id: uuid.UUID, *, on_roll: bool) -> None:
    """Puts a member on the frozen roll, or takes one off it.

    Refused (409) once it is announced, or where nothing would change, and where too few would be left.
    """
    if election.manifest is not None or election.roll_size is None:
        raise Refused(N_("The roll can be corrected from its freeze until it is announced."), status=409)
    there = session.get(RollEntry, (election.id, membership_id), with_for_update=True)
    if (there is not None) == on_roll:
        raise Refused(N_("That is so already."), status=409)
    if on_roll:
        highest = select(func.max(RollEntry.number)).where(RollEntry.election_id == election.id)
        session.add(_entry(election, membership_id, (session.scalar(highest) or 0) + 1))
    else:
        if election.roll_size <= LEAST_ROLL:
            raise Refused(N_("An election needs at least %(least)s members on its roll."), least=LEAST_ROLL)
        key = RollEntry.election_id == election.id, RollEntry.membership_id == membership_id
        session.execute(delete(RollEntry).where(*key))
    _seal(session, election)


def _entry(election: Election, membership_id: uuid.UUID, number: int) -> RollEntry:
    salt = secrets.token_bytes(SALT)
    leaf = member_leaf(number, salt)
    return RollEntry(
        election_id=election.id, membership_id=membership_id, number=number, salt=salt, leaf=leaf
    )


def _seal(session: Session, election: Election) -> tuple[int, bytes]:
    """Size and root of the roll as it is now, kept with the election."""
    session.flush()
    found = leaves(session, election)
    election.roll_size, election.roll_root = len(found), tree_root(found)
    return election.roll_size, election.roll_root


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
