"""From a final list to the public package."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.elections import ballots, rolls
from membership.elections.ballot_box import BallotBox
from membership.elections.models import COUNTED, Election
from membership.elections.protocol.manifest import canonical
from membership.elections.protocol.package import derive
from membership.elections.protocol.verify import Verdict, verify


def count(
    session: Session, election: Election, box: BallotBox, tally_secret: bytes, lot_value: str
) -> Verdict:
    """Opens and counts what is in ``box`` and keeps the package.

    The officers bring the tally key, and the value that was drawn in public for lots. Before it is kept,
    the package is checked as anybody will check it. Refused (403) until the list is final, for a wrong
    key, for too few ballots, and when it was counted already (409).
    """
    if election.package is not None:
        raise Refused(N_("This election is counted already."), status=409)
    roll, issued = rolls.leaves(session, election), rolls.issued_leaves(session, election)
    found = ballots.sources(box, roll, issued, tally_secret, lot_value, election.verifier or "")
    package = canonical(derive(found))
    verdict = verify(package, box.manifest.hash, found.board[-1].root)
    election.package, election.state = package, COUNTED
    return verdict


def package_of(session: Session, slug: str) -> bytes:
    """The public package of a counted election. Refused (404) where there is none."""
    election = session.scalar(select(Election).where(Election.slug == slug))
    if election is None:
        raise Refused(N_("There is no election of this name."), status=404)
    if election.package is None:
        raise Refused(N_("This election is not counted yet."), status=404)
    return election.package
