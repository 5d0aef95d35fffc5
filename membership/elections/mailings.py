"""Letters about an election to all whom it concerns: a row that remembers how far each has gone.

The members on the roll get them, or before there is one, all who have a vote.
"""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import mail
from commons.clock import db_now
from commons.db import database
from commons.language import number
from commons.limits import ELECTION_LETTERS_AT_ONCE
from membership.elections import addresses, rolls, timetable
from membership.elections.models import Election, ElectionMailing, RollEntry
from membership.elections.protocol.words import words
from membership.members.models import Membership


def start(session: Session, election: Election, letter: str) -> None:
    """Have the letter of folder ``templates/mail/<letter>`` written to everybody, once."""
    if session.get(ElectionMailing, (election.id, letter)) is None:
        session.add(ElectionMailing(election_id=election.id, letter=letter))
        session.flush()


def again(session: Session, election: Election, letter: str) -> None:
    """The same, and once more if it was written before."""
    before = session.get(ElectionMailing, (election.id, letter))
    if before is None:
        start(session, election, letter)
    else:
        before.after = before.done_at = None


def write_due() -> int:
    """Timer job: the next letters of each mailing. Returns how many were written."""
    with database().reading() as session:
        due = session.execute(
            select(ElectionMailing.election_id, ElectionMailing.letter).where(
                ElectionMailing.done_at.is_(None)
            )
        ).all()
    return sum(_write_some(election_id, letter) for election_id, letter in due)


def _write_some(election_id: uuid.UUID, letter: str) -> int:
    with database().transaction() as session:
        mailing = session.get_one(ElectionMailing, (election_id, letter), with_for_update=True)
        if mailing.done_at is not None:
            return 0
        election = session.get_one(Election, election_id)
        batch = _next(session, election, mailing)
        for membership in batch:
            _write(session, election, membership, letter)
        if batch:
            mailing.after = batch[-1].id
        if len(batch) < ELECTION_LETTERS_AT_ONCE:
            mailing.done_at = db_now(session)
        return len(batch)


def _next(session: Session, election: Election, mailing: ElectionMailing) -> list[Membership]:
    wanted = select(Membership)
    if election.roll_size is not None:
        wanted = wanted.join(RollEntry, RollEntry.membership_id == Membership.id).where(
            RollEntry.election_id == election.id
        )
    else:
        wanted = wanted.where(rolls.has_vote(session, timetable.of(election).roll_at))
    if mailing.after is not None:
        wanted = wanted.where(Membership.id > mailing.after)
    return list(session.scalars(wanted.order_by(Membership.id).limit(ELECTION_LETTERS_AT_ONCE)))


def _write(session: Session, election: Election, membership: Membership, letter: str) -> None:
    data = membership.party.data
    if data is None or not data.email:
        return
    mail.send(
        session,
        to=data.email,
        letter=letter,
        name=data.name,
        number=number,
        election=election,
        address=addresses.page(election),
        ballot_page=addresses.ballot_page(election.slug),
        manifest_hash=election.manifest_hash.hex(),
        manifest_words=words(election.manifest_hash) if election.manifest else "",
    )
