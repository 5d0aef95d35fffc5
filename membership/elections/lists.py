"""The lists that are public before the count: the roll, and who drew a credential.

Every member finds or misses her own entry in them; that keeps the number of credentials honest.
"""

from sqlalchemy.orm import Session

from commons.clock import db_now
from commons.language import N_
from commons.refusal import Refused
from membership.elections import rolls
from membership.elections.models import Election

ROLL, ISSUED = "roll.txt", "issued.txt"
LISTS = {ROLL: rolls.leaves, ISSUED: rolls.issued_leaves}


def names(session: Session, election: Election) -> tuple[str, ...]:
    """Which of them are public: the roll once it is announced, who drew once nobody draws any more."""
    if election.manifest is None:
        return ()
    assert election.issue_ends is not None
    return (ROLL, ISSUED) if db_now(session) >= election.issue_ends else (ROLL,)


def file_of(session: Session, election: Election, name: str) -> bytes:
    """The same bytes as in the package after the count. Refused (404) for one that is not public yet."""
    if name not in names(session, election):
        raise Refused(N_("There is no such file."), status=404)
    return b"".join(leaf.hex().encode() + b"\n" for leaf in LISTS[name](session, election))
