"""From a final list to the public package."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.elections import box_door, calls, rolls
from membership.elections.credentials import manifest_of
from membership.elections.models import COUNTED, Election, ElectionFile
from membership.elections.protocol.manifest import canonical
from membership.elections.protocol.package import derive, parts
from membership.elections.protocol.verify import Verdict, verify


def count(session: Session, election: Election, tally_secret: bytes, lot_value: str) -> Verdict:
    """Opens and counts what is in the ballot box and keeps the package.

    The officers bring the tally key, and the value that was drawn in public for lots. Before it is kept,
    the package is checked as anybody will check it. Refused (403) until the list is final, for a wrong
    key, for too few ballots, and when it was counted already (409).
    """
    if election.package is not None:
        raise Refused(N_("This election is counted already."), status=409)
    manifest = manifest_of(election)
    found = box_door.sources(
        election.id,
        manifest,
        roll=rolls.leaves(session, election),
        issued=rolls.issued_leaves(session, election),
        tally_secret=tally_secret,
        lot_value=lot_value,
        verifier=election.verifier or "",
    )
    package = canonical(derive(found))
    verdict = verify(package, manifest.hash, found.board[-1].root)
    election.package, election.state = package, COUNTED
    _keep_files(session, election, verdict.package)
    return verdict


def _keep_files(session: Session, election: Election, package: Mapping[str, object]) -> None:
    session.add_all(
        ElectionFile(election_id=election.id, name=name, content=text.encode())
        for name, text in parts(package).items()
    )


def package_of(session: Session, slug: str) -> bytes:
    """The public package of a counted election. Refused (404) where there is none."""
    election = calls.find(session, slug)
    if election.package is None:
        raise Refused(N_("This election is not counted yet."), status=404)
    return election.package


def files(session: Session, election: Election) -> frozenset[str]:
    """The names of the package's files; none before it is counted."""
    return frozenset(
        session.scalars(select(ElectionFile.name).where(ElectionFile.election_id == election.id))
    )


def file_of(session: Session, slug: str, name: str) -> bytes:
    """One file of a counted election's package. Refused (404) where there is none."""
    found = session.get(ElectionFile, (calls.find(session, slug).id, name))
    if found is None:
        raise Refused(N_("There is no such file."), status=404)
    return found.content
