"""What ``rostra doctor`` asks about elections.

Do signer and ballot box answer, with the keys of what is under way? Is what was counted still the same?
"""

from collections.abc import Callable

from sqlalchemy import select

from commons import clock
from commons.clock import db_now
from commons.db import database
from commons.refusal import Refused
from membership.elections import box_door, credentials, signing
from membership.elections.models import CERTIFIED, COUNTED, VOID, Election

IDLE = "does not run, and no election needs it"


def signer() -> str:
    """Raises Refused where it is away while credentials are drawn, or holds no key or another one."""
    with database().reading() as session:
        moment = db_now(session)
    drawing = [each for each in _announced() if credentials.manifest_of(each).times.issue_ends > moment]
    if not _answers(signing.greet, drawing):
        return IDLE
    for election in drawing:
        if signing.public_key(election.id) != credentials.manifest_of(election).signer:
            raise Refused("holds another key than the manifest of %(name)s names", name=election.slug)
    return f"answers; keys for {len(drawing)} elections"


def ballot_box() -> str:
    """Raises Refused where it is away while an election needs it, has no box for it or one with another
    manifest, or its clock is not the database's."""
    open_ = _announced()
    if not _answers(box_door.clock, open_):
        return IDLE
    for election in open_:
        if box_door.manifest_hash(election.id) != election.manifest_hash:
            raise Refused("is open with another manifest for %(name)s", name=election.slug)
    with database().reading() as session:
        clock.require_agreement(session, box_door.clock())
    return f"answers; boxes for {len(open_)} elections"


def counted() -> str:
    """Raises Refused where an election is not as it was counted, by the last daily check."""
    with database().reading() as session:
        wrong = session.scalars(select(Election.slug).where(Election.fault.is_not(None))).all()
    if wrong:
        raise Refused("not as they were counted: %(names)s", names=", ".join(wrong))
    return "as they were counted"


def _announced() -> list[Election]:
    """Announced and not counted yet."""
    with database().reading() as session:
        under_way = select(Election).where(
            Election.manifest.is_not(None), Election.state.not_in((COUNTED, CERTIFIED, VOID))
        )
        return list(session.scalars(under_way.order_by(Election.vote_ends)))


def _answers(ask: Callable[[], object], needed: list[Election]) -> bool:
    """Whether it does; raises Refused (503) if it does not, and is ``needed``."""
    try:
        ask()
    except Refused:
        if needed:
            raise
        return False
    return True
