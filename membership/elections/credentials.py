"""Announcing an election's manifest, and issuing each member on the roll one credential."""

import json
import uuid
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.orm import Session

from commons.clock import db_now
from commons.language import N_
from commons.refusal import Refused
from membership.elections import rolls
from membership.elections.models import ISSUING, Election, Issuance, RollEntry
from membership.elections.protocol import standalone
from membership.elections.protocol.board import tree_root
from membership.elections.protocol.manifest import Manifest, read

STATIC = Path(__file__).parents[2] / "static"
Sign = Callable[[bytes], bytes]


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
    return {
        "ballot.js": sha256((STATIC / "ballot.js").read_bytes()).digest(),
        "verify.py": sha256(standalone.text().encode()).digest(),
    }


def manifest_of(election: Election) -> Manifest:
    """The announced manifest; Refused (404) before it is."""
    if election.manifest is None:
        raise Refused(N_("This election has no manifest yet."), status=404)
    return read(json.loads(election.manifest))


def issue(
    session: Session, election: Election, membership_id: uuid.UUID, blinded: bytes, sign: Sign
) -> bytes:
    """The signer's answer to a member's blinded value, once; the same value gets the same answer again.

    ``sign`` asks the signer, who alone has the key. Refused outside the time for it or for somebody who
    is not on the roll (403), for a second value (409), and for what is no blinded value (400).
    """
    times = manifest_of(election).times
    if not times.issue_opens <= db_now(session) < times.issue_ends:
        raise Refused(N_("Credentials are not drawn at this time."), status=403)
    # The lock on her entry makes two requests of one member follow each other.
    entry = session.get(RollEntry, (election.id, membership_id), with_for_update=True)
    if entry is None:
        raise Refused(N_("You are not on the roll of this election."), status=403)
    drawn = session.get(Issuance, (election.id, membership_id))
    if drawn is None:
        drawn = Issuance(
            election_id=election.id, membership_id=membership_id, blinded=blinded, answer=sign(blinded)
        )
        session.add(drawn)
        session.flush()
    if drawn.answer is None or drawn.blinded != blinded:
        raise Refused(
            N_("You drew your credential already; use the twelve words you wrote down."), status=409
        )
    return drawn.answer


def forget_answers(session: Session, election: Election) -> None:
    """At certification: who drew remains, what she drew does not."""
    session.execute(
        update(Issuance).where(Issuance.election_id == election.id).values(blinded=None, answer=None)
    )
