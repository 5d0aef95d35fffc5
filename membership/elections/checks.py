"""The daily look at counted elections: is everything that is stored still what was counted?

Who rewrites all of it, with the posts and the roots that are kept here, is found only by who kept a root
elsewhere.
"""

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.db import database
from commons.language import N_
from commons.refusal import Refused
from membership.elections import board_times, outcomes, rolls
from membership.elections.models import Election, ElectionFile
from membership.elections.protocol.package import parts
from membership.elections.protocol.verify import verify

log = logging.getLogger(__name__)


def run_due() -> int:
    """Job: check the election that was not looked at for longest, if that is a day ago. How many."""
    with database().reading() as session:
        before = db_now(session) - timedelta(seconds=limits.ELECTION_CHECK_SECONDS)
        due = session.scalar(
            select(Election.id)
            .where(Election.package.is_not(None))
            .where(or_(Election.checked_at.is_(None), Election.checked_at <= before))
            .order_by(Election.checked_at.is_not(None), Election.checked_at)
            .limit(1)
        )
    if due is None:
        return 0
    _check(due)
    return 1


def _check(election_id: uuid.UUID) -> None:
    with database().reading() as session:
        election = session.get_one(Election, election_id)
        found = fault(session, election)
        if found is not None:
            log.error("the election %s is not as it was counted: %s", election.slug, found)
    with database().transaction() as session:
        election = session.get_one(Election, election_id)
        election.checked_at, election.fault = db_now(session), found


def fault(session: Session, election: Election) -> str | None:
    """What is stored and not as it was counted, if anything."""
    try:
        _look(session, election)
    except Refused as refused:
        return str(refused)
    return None


def _look(session: Session, election: Election) -> None:
    roots = [each.root for each in board_times.roots_of(session, election)]
    if not roots:
        raise Refused(N_("The roots of the board are missing."))
    verdict = verify(election.package or b"", election.manifest_hash, roots[-1])
    package: Mapping[str, Any] = verdict.package
    held = select(ElectionFile).where(ElectionFile.election_id == election.id)
    alike = {
        "roots": (roots, [entry.root for entry in verdict.sources.board]),
        "roll": (rolls.leaves(session, election), verdict.sources.roll),
        "list of credentials": (rolls.issued_leaves(session, election), verdict.sources.issued),
        "outcome": (election.outcome, outcomes.told(package)),
        "ballots": (election.blt, package["files"]["ballots.blt"]),
        "seed of lots": (election.lot_seed, package["lot_seed"]),
        "files": (
            {each.name: each.content for each in session.scalars(held)},
            {name: text.encode() for name, text in parts(package).items()},
        ),
    }
    for name, (stored, counted) in alike.items():
        if stored != counted:
            raise Refused(N_("What is stored and what was counted differ: %(name)s."), name=name)
