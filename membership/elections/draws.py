"""Drawing a credential, in three steps of which the middle one holds no lock.

The claim is committed before the signer is asked, so a member's one right is taken for one blinded value
whatever dies when; the signer gives the same answer however often it is asked for that value.
"""

import uuid

from commons.db import database
from membership.elections import credentials, signing
from membership.elections.models import Election


def draw(election_id: uuid.UUID, membership_id: uuid.UUID, blinded: bytes) -> bytes:
    """The signer's answer to ``blinded``. It commits by itself, so no transaction may be open around it.

    Refused as `credentials.claim` and `signing.sign` refuse.
    """
    with database().transaction() as session:
        election = session.get_one(Election, election_id)
        kept = credentials.claim(session, election, membership_id, blinded)
    return kept if kept is not None else _ask(election_id, membership_id, blinded)


def finish(election_id: uuid.UUID) -> None:
    """Has the signer answer every claim that lacks its answer: before its key is destroyed."""
    with database().reading() as session:
        left = credentials.unanswered(session, election_id)
    for membership_id, blinded in left:
        _ask(election_id, membership_id, blinded)


def _ask(election_id: uuid.UUID, membership_id: uuid.UUID, blinded: bytes) -> bytes:
    signed = signing.sign(election_id, blinded)
    with database().transaction() as session:
        credentials.answer(session, election_id, membership_id, signed)
    return signed
