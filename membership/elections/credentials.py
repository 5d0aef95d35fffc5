"""Announcing an election's manifest, and issuing each member on the roll one credential."""

import json
import uuid
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons.clock import db_now
from commons.language import N_
from commons.refusal import Refused
from membership.elections import rolls
from membership.elections.models import ISSUING, Election, Issuance, RollEntry
from membership.elections.protocol import standalone
from membership.elections.protocol.board import tree_root
from membership.elections.protocol.manifest import FILES, Manifest, read
from membership.elections.protocol.signing_key import blinded_number

STATIC = Path(__file__).parents[2] / "static"


def announce(session: Session, election: Election, document: object) -> Manifest:
    """Fixes the election's manifest for good and opens the way to issuing.

    Refused for a manifest that is not sound or not of this roll, or if there is one already.
    """
    if election.manifest is not None:
        raise Refused(N_("The manifest of this election is announced and cannot change."), status=409)
    manifest = read(document)
    if manifest.files != published_files():
        raise Refused(N_("The manifest does not name the files that are in use here."))
    roll = rolls.leaves(session, election)
    if (manifest.roll_size, manifest.roll_root) != (len(roll), tree_root(roll)):
        raise Refused(N_("The roll is not the one in the manifest."))
    election.manifest, election.verifier = manifest.canonical(), standalone.text()
    election.state = ISSUING
    return manifest


def published_files() -> dict[str, bytes]:
    """SHA-256 of the files that voters and checkers use, as a manifest names them."""
    files = {"verify.py": standalone.text().encode()}
    files |= {name: (STATIC / name).read_bytes() for name in FILES if name not in files}
    return {name: sha256(data).digest() for name, data in files.items()}


def manifest_of(election: Election) -> Manifest:
    """The announced manifest; Refused (404) before it is."""
    if election.manifest is None:
        raise Refused(N_("This election has no manifest yet."), status=404)
    return read(json.loads(election.manifest))


def claim(session: Session, election: Election, membership_id: uuid.UUID, blinded: bytes) -> bytes | None:
    """Takes a member's one right to draw for ``blinded``; the answer, if the signer gave one already.

    Without an answer the signer is to be asked once this is committed, and told to `answer`: then no
    lock is held meanwhile, and a process that dies in between is followed by the same question again.
    Who has drawn gets the same answer for the same value until it is forgotten: with her twelve words
    alone she could not vote otherwise. Refused outside the time for it or for somebody who is not on the roll
    (403), for a second value (409), and for what is no blinded value (400).
    """
    manifest = manifest_of(election)
    # Whoever closes the election waits for this one, or this one sees that it is closed.
    session.refresh(election, ["state"], with_for_update={"read": True})
    times, moment = manifest.times, db_now(session)
    # The lock on her entry makes two requests of one member follow each other.
    entry = session.get(RollEntry, (election.id, membership_id), with_for_update=True)
    drawn = session.get(Issuance, (election.id, membership_id))
    if drawn is not None and drawn.answer is not None and drawn.blinded == blinded:
        return drawn.answer
    if not times.issue_opens <= moment < (times.issue_ends if drawn is None else times.vote_ends):
        raise Refused(N_("Credentials are not drawn at this time."), status=403)
    if entry is None:
        raise Refused(N_("You are not on the roll of this election."), status=403)
    if drawn is None:
        blinded_number(manifest.signer, blinded)
        drawn = Issuance(election_id=election.id, membership_id=membership_id, blinded=blinded)
        session.add(drawn)
        session.flush()
    if drawn.blinded != blinded:
        raise Refused(
            N_("You drew your credential already; use the twelve words you wrote down."), status=409
        )
    return drawn.answer


def answer(session: Session, election_id: uuid.UUID, membership_id: uuid.UUID, signed: bytes) -> None:
    """Keeps the signer's answer, unless it is there or was forgotten meanwhile."""
    claimed = (Issuance.election_id == election_id) & (Issuance.membership_id == membership_id)
    unanswered = Issuance.answer.is_(None) & Issuance.blinded.is_not(None)
    session.execute(update(Issuance).where(claimed, unanswered).values(answer=signed))


def unanswered(session: Session, election_id: uuid.UUID) -> list[tuple[uuid.UUID, bytes]]:
    """Claims without an answer, as membership and blinded value: a process died between the two."""
    found = select(Issuance.membership_id, Issuance.blinded).where(
        Issuance.election_id == election_id, Issuance.answer.is_(None)
    )
    return [(member, blinded) for member, blinded in session.execute(found) if blinded is not None]


def forget_answers(session: Session, election: Election) -> None:
    """At certification: who drew remains, what she drew does not."""
    session.execute(
        update(Issuance).where(Issuance.election_id == election.id).values(blinded=None, answer=None)
    )
