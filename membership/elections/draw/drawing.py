"""A member's draw: what its page must know. The verb behind its button is `draws.draw`."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from commons.accounts import Account
from commons.clock import db_now
from commons.language import N_
from commons.refusal import Refused
from membership.elections import calls, credentials
from membership.elections.models import Election, Issuance, RollEntry
from membership.elections.protocol.manifest import Manifest
from membership.members import members


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands in an election. ``open``: a first credential can be drawn; ``voting``: ballots
    are taken."""

    manifest: Manifest
    on_roll: bool
    drawn: bool
    open: bool
    voting: bool


def find(session: Session, slug: str) -> Election:
    """The announced election of that name. Refused (404) where there is none."""
    election = calls.find(session, slug)
    credentials.manifest_of(election)
    return election


def standing(session: Session, election: Election, account: Account) -> Standing:
    manifest = credentials.manifest_of(election)
    membership = members.of(session, account)
    times, moment = manifest.times, db_now(session)
    key = (election.id, membership.id) if membership is not None else None
    return Standing(
        manifest,
        on_roll=key is not None and session.get(RollEntry, key) is not None,
        drawn=key is not None and session.get(Issuance, key) is not None,
        open=times.issue_opens <= moment < times.issue_ends,
        voting=times.vote_opens <= moment < times.vote_ends,
    )


def member(session: Session, account: Account) -> uuid.UUID:
    """The membership of who draws. Refused (403) for somebody without one."""
    found = members.of(session, account)
    if found is None:
        raise Refused(N_("You are not on the roll of this election."), status=403)
    return found.id
