"""What an election decided: its count by the officers, its certificate, and what a missed quorum leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.accounts import Account
from commons.clock import db_now
from commons.language import N_
from commons.limits import ELECTION_TEXT_CHARS
from commons.refusal import Refused
from membership.elections import box_door, calls, counting, credentials, mailings, rolls, signing
from membership.elections.models import BOARD, CERTIFIED, COUNTED, Candidacy, Election
from membership.elections.protocol.outcome import decide
from membership.elections.protocol.package import Sources, lot_seed, numbers, open_all, papers, result_of
from membership.elections.protocol.sealing import checked_secret
from membership.elections.protocol.shares import join

QUORUM_MISSED = N_("Too few took part: the quorum was missed.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``elected`` in the order of election; ``vacant`` seats stay empty. ``carried`` is None for whatever is
    no question with two answers. ``turnout`` is how many voted; blank and invalid ballots count for it."""

    elected: tuple[Candidacy, ...]
    turnout: int
    quorum_reached: bool
    carried: bool | None
    vacant: int


# Counting


def count(session: Session, election: Election, key: str, lot_value: str, *, by: Account) -> None:
    """Open and count, with the tally key: two or three shares, a line each, or its 64 digits.

    With fewer ballots than may be published, a second officer has to count too and find the same; then no
    ballot leaves the server. Refused (403) until the list is final, and (409) a second time.
    """
    calls.act(session, election, by, "count an election")
    if election.state in (COUNTED, CERTIFIED):
        raise Refused(N_("This election is counted already."), status=409)
    manifest = credentials.manifest_of(election)
    lot_value = " ".join(lot_value.split())
    if not lot_value or len(lot_value) > ELECTION_TEXT_CHARS or not lot_value.isprintable():
        raise Refused(N_("Which value was drawn for lots?"))
    board = box_door.board(election.id)
    if not board or board[-1].kind != "final":
        raise Refused(N_("Ballots are not opened before the list is final."), status=403)
    secret = checked_secret(_secret(key), manifest.tally_key)
    if board[-1].size < manifest.publish_min:
        _count_unpublished(session, election, secret, lot_value, by)
        return
    election.lot_value = lot_value
    verdict = counting.count(session, election, secret, lot_value)
    package: Mapping[str, Any] = verdict.package
    election.outcome = told(package)
    election.blt, election.lot_seed = package["files"]["ballots.blt"], package["lot_seed"]
    election.counted_by_id, election.counted_at = by.id, db_now(session)


def told(package: Mapping[str, Any]) -> dict[str, Any]:
    """What the election's row says of its published package."""
    return {**package["outcome"], **package["numbers"], "root": package["root"], "published": True}


def _secret(key: str) -> bytes:
    """The tally key in what an officer pasted."""
    lines = [line.strip() for line in key.splitlines() if line.strip()]
    if len(lines) == 1 and len(lines[0]) == 64:
        try:
            return bytes.fromhex(lines[0])
        except ValueError:
            raise Refused(N_("This is no tally key.")) from None
    return join(lines)


def _count_unpublished(
    session: Session, election: Election, secret: bytes, lot_value: str, by: Account
) -> None:
    """The first officer's count is kept; it stands once a second officer finds the same."""
    manifest = credentials.manifest_of(election)
    found = box_door.sources(
        election.id,
        manifest,
        roll=rolls.leaves(session, election),
        issued=rolls.issued_leaves(session, election),
        tally_secret=secret,
        lot_value=lot_value,
        verifier=election.verifier or "",
    )
    outcome = _unpublished(found)
    if election.counted_by_id in (None, by.id):
        election.outcome, election.counted_by_id, election.lot_value = outcome, by.id, lot_value
        return
    if (outcome, lot_value) != (election.outcome, election.lot_value):
        raise Refused(N_("The two officers' counts differ. Compare the value that was drawn."), status=409)
    election.state, election.counted_at = COUNTED, db_now(session)


def _unpublished(found: Sources) -> dict[str, Any]:
    manifest, final = found.manifest, found.board[-1]
    ballots = open_all(found, lambda done, of: None)
    result = result_of(
        manifest, papers(manifest, ballots, final.withdrawn), lot_seed(final.root, found.lot_value)
    )
    told = decide(manifest, final.withdrawn, [ballot.ranking for ballot in ballots], result)
    return told | numbers(found, ballots) | {"root": final.root.hex(), "published": False}


# The certificate


def certify(session: Session, election: Election, *, by: Account) -> None:
    """Declare the outcome, and forget what could ever lead from a member to her credential.

    A board election that missed its quorum is void instead, and repeated once without one.
    """
    calls.act(session, election, by, "certify an election")
    if election.state != COUNTED or election.outcome is None:
        raise Refused(N_("Only a counted election can be certified."), status=409)
    draws_end(session, election)
    if election.kind == BOARD and not election.outcome["quorum_reached"]:
        calls.void(session, election, by=None, reason=QUORUM_MISSED)
        calls.repeat(session, election, None)
        return
    election.state, election.certified_at = CERTIFIED, db_now(session)
    session.flush()
    mailings.start(session, election, "election_result")


def draws_end(session: Session, election: Election) -> None:
    """No more credentials, and what was drawn is forgotten."""
    signing.destroy(election.id)
    credentials.forget_answers(session, election)


def of(session: Session, election: Election) -> Outcome | None:
    """What it decided; None until it is certified."""
    if election.state != CERTIFIED or election.outcome is None:
        return None
    told = election.outcome
    numbered = select(Candidacy).where(
        Candidacy.election_id == election.id, Candidacy.number.in_(told["elected"])
    )
    by_number = {each.number: each for each in session.scalars(numbered)}
    return Outcome(
        elected=tuple(by_number[number] for number in told["elected"]),
        turnout=told["turnout"],
        quorum_reached=told["quorum_reached"],
        carried=told["carried"],
        vacant=told["vacant"],
    )


def certified(session: Session, election: Election) -> Outcome:
    """What it decided. Refused (409) until it is certified."""
    found = of(session, election)
    if found is None:
        raise Refused(N_("This election is not certified."), status=409)
    return found
