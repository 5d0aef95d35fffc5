"""When the ballot box publishes: hourly while voting is open, at its end, and after the complaints.

The box goes by its own clock and refuses what comes too early. Each entry's root is kept here; the first
one, one a day, and the last two are posted to followers, whose servers so hold dated copies.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import clock
from commons.clock import db_now
from commons.config import settings
from commons.db import database, new_id
from commons.language import N_, _, ngettext
from commons.refusal import Refused
from federation import actors, posts
from federation.posts import Notice
from membership.elections import addresses, box_door, candidacies, credentials, draws, rolls, signing
from membership.elections.models import CLOSED, ISSUING, VOTING, Election, ElectionRoot
from membership.elections.protocol.board import Entry, Kind
from membership.elections.protocol.manifest import Times

log = logging.getLogger(__name__)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TITLES = {
    "epoch": N_("%(title)s: list %(number)s of the sealed ballots"),
    "closed": N_("%(title)s: voting is over; provisional list of the sealed ballots"),
    "final": N_("%(title)s: final list of the sealed ballots"),
}


def boards_due() -> int:
    """Job: have every open box publish what is due, and keep and post what it published."""
    with database().reading() as session:
        under_way = select(Election.id).where(
            Election.manifest.is_not(None), Election.state.in_((ISSUING, VOTING, CLOSED))
        )
        found = session.scalars(under_way).all()
    return sum(_look_after(election_id) for election_id in found)


def _look_after(election_id: uuid.UUID) -> int:
    try:
        # What was published and not kept, because a process died in between, is kept first.
        kept = _keep(election_id, box_door.board(election_id))
        due = _due(election_id)
        if due is not None:
            _publish(election_id, due)
            kept += _keep(election_id, box_door.board(election_id))
        return kept
    except Refused as refused:
        log.warning("the board of election %s waits: %s", election_id, refused)
        return 0


@dataclass(frozen=True, slots=True)
class Due:
    """An entry that is to be published; ``drawing_over``: no more credentials are drawn."""

    kind: Kind
    issued: tuple[bytes, ...]
    withdrawn: tuple[int, ...]
    drawing_over: bool


def _due(election_id: uuid.UUID) -> Due | None:
    with database().transaction() as session:
        # No draw is under way while this is held, so that the list of credentials is complete.
        election = session.get_one(Election, election_id, with_for_update=True)
        roots, moment = roots_of(session, election), db_now(session)
        clock.require_agreement(session)
        times = credentials.manifest_of(election).times
        kind = _kind(roots, times, moment)
        if kind is None:
            return None
        issued = rolls.issued_leaves(session, election) if kind != "epoch" else ()
        withdrawn = candidacies.withdrawn_numbers(session, election)
        return Due(kind, issued, withdrawn, moment >= times.issue_ends)


def _kind(roots: Sequence[ElectionRoot], times: Times, moment: datetime) -> Kind | None:
    """What is to be published at ``moment`` after ``roots``. Hours count from the opening of the vote."""
    shown = {each.kind for each in roots}
    if "final" in shown:
        return None
    if moment >= times.vote_ends:
        # The box knows until when it takes complaints, and refuses the final list before.
        return "final" if "closed" in shown else "closed"
    hour = _began(times, moment, HOUR)
    published_in_it = any(each.published_at >= hour for each in roots)
    return "epoch" if hour > times.vote_opens and not published_in_it else None


def _began(times: Times, moment: datetime, span: timedelta) -> datetime:
    """When the present hour or day of voting began."""
    return times.vote_opens + (moment - times.vote_opens) // span * span


def _publish(election_id: uuid.UUID, due: Due) -> None:
    if due.drawing_over:
        _destroy_signing_key(election_id)
    if due.kind == "epoch":
        box_door.publish(election_id, due.withdrawn)
    elif due.kind == "closed":
        box_door.close(election_id, due.issued, due.withdrawn)
    else:
        ends = box_door.standing(election_id).complaints_end
        with database().reading() as session:
            over = ends is not None and db_now(session) >= ends
        if over:
            box_door.finish(election_id, due.issued, due.withdrawn)


def _destroy_signing_key(election_id: uuid.UUID) -> None:
    """A list is published whether or not the signer answers; it is asked again for the next one."""
    try:
        draws.finish(election_id)
        signing.destroy(election_id)
    except Refused as refused:
        log.warning("the signing key of election %s is still there: %s", election_id, refused)


def _keep(election_id: uuid.UUID, board: Sequence[Entry]) -> int:
    """Keeps the roots of new entries, and posts those that are due to be posted."""
    ended = any(entry.kind == "closed" for entry in board)
    complaints_end = box_door.standing(election_id).complaints_end if ended else None
    try:
        with database().transaction() as session:
            election = session.get_one(Election, election_id)
            roots = roots_of(session, election)
            new = board[len(roots) :]
            for entry in new:
                roots.append(_keep_root(session, election, entry, roots))
            if any(entry.kind == "closed" for entry in new):
                election.state, election.complaints_end = CLOSED, complaints_end
            return len(new)
    except IntegrityError:
        return 0  # another worker did it at the same moment


def _keep_root(
    session: Session, election: Election, entry: Entry, before: Sequence[ElectionRoot]
) -> ElectionRoot:
    moment = db_now(session)
    kept = ElectionRoot(
        election_id=election.id,
        number=entry.number,
        kind=entry.kind,
        size=entry.size,
        root=entry.root,
        published_at=moment,
    )
    day = _began(credentials.manifest_of(election).times, moment, DAY)
    posted_today = any(each.post_id is not None and each.published_at >= day for each in before)
    if entry.kind != "epoch" or not posted_today:
        kept.post_id = posts.notify(session, _notice(session, election, entry, moment)).id
    session.add(kept)
    session.flush()
    return kept


def _notice(session: Session, election: Election, entry: Entry, moment: datetime) -> Notice:
    page = addresses.page(election)
    ballots = ngettext("%(num)s sealed ballot is on it.", "%(num)s sealed ballots are on it.", entry.size)
    parts = [
        f"<strong>{escape(_(TITLES[entry.kind], title=election.title, number=entry.number))}</strong>",
        escape(ballots),
        escape(_("Its root, which covers all lists before it:")) + f" <code>{entry.root.hex()}</code>",
        f'<a href="{escape(page)}">{escape(page)}</a>',
    ]
    return Notice(
        id=new_id(),
        author=actors.newsroom(session),
        groups=[],
        html="".join(f"<p>{part}</p>" for part in parts),
        language=settings().language,
        url=page,
        published_at=moment,
    )


def roots_of(session: Session, election: Election) -> list[ElectionRoot]:
    """The roots of an election's board so far, the first one first."""
    found = select(ElectionRoot).where(ElectionRoot.election_id == election.id)
    return list(session.scalars(found.order_by(ElectionRoot.number)))
