"""An election as its public page shows it, by the database's clock even where no worker runs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.clock import db_now
from commons.language import N_, _
from membership.elections import addresses, timetable, words
from membership.elections.models import BOARD, Election
from membership.elections.timetable import Step


@dataclass(frozen=True, slots=True)
class Door:
    """A link to what can be done now."""

    label: str
    address: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """``moments`` are label, moment and whether it is the one that is next."""

    election: Election
    step: Step
    running: bool
    name: str
    now: str
    doors: tuple[Door, ...]
    moments: tuple[tuple[str, datetime, bool], ...]


def show(session: Session, election: Election) -> Shown:
    """What holds for ``election`` at this moment."""
    moment = db_now(session)
    step = timetable.step(election, moment)
    running = step in words.RUNNING
    return Shown(
        election,
        step,
        running,
        _(words.ANNOUNCED if _announced(election, step) else words.STEPS[step]),
        _now(election, step, moment) if running else "",
        tuple(_doors(election, step)),
        _moments(election, moment),
    )


def every(session: Session, most: int) -> list[Shown]:
    """The newest first."""
    wanted = select(Election).order_by(Election.called_at.desc(), Election.slug).limit(most)
    return [show(session, election) for election in session.scalars(wanted)]


def ballot_page(election: Election) -> str:
    """Where the ballot box shows this election; the page compares its manifest with the hash."""
    where = addresses.ballot_page(election.slug)
    return where if election.manifest is None else f"{where}#manifest={election.manifest_hash.hex()}"


def _announced(election: Election, step: Step) -> bool:
    """Whether all is fixed and nothing can be drawn yet."""
    return step == Step.PREPARING and election.manifest is not None


def _now(election: Election, step: Step, moment: datetime) -> str:
    if _announced(election, step):
        return _(words.NOW_ANNOUNCED)
    if step == Step.VOTING and election.issue_ends is not None and moment < election.issue_ends:
        return f"{_(words.NOW[step])} {_(words.NOW_DRAWING_TOO)}"
    return _(words.NOW[step])


def _doors(election: Election, step: Step) -> list[Door]:
    here = f"/elections/{election.slug}"
    entry = Door(_(N_("My entry on the roll")), f"{here}/entry", quiet=True)
    ballots = ballot_page(election)
    if step == Step.NOMINATIONS and election.kind == BOARD:
        return [Door(_(N_("Stand, or support somebody")), f"{here}/candidates")]
    if step in (Step.OBJECTIONS, Step.PREPARING):
        return [entry]
    if step == Step.ISSUING:
        return [Door(_(N_("Draw my credential")), ballots), entry]
    if step == Step.VOTING:
        return [Door(_(N_("To the ballot page")), ballots), entry]
    if step in (Step.COMPLAINTS, Step.COUNTING):
        return [Door(_(N_("Look for my receipt")), ballots), entry]
    if step == Step.COUNTED:
        return [Door(_(N_("Look for my receipt")), f"{here}/check"), entry]
    return []


def _moments(election: Election, moment: datetime) -> tuple[tuple[str, datetime, bool], ...]:
    found = [
        (label, getattr(election, name))
        for name, label in words.MOMENTS
        if election.kind == BOARD or name != "nominations_end"
    ]
    # Where drawing and voting overlap, the second begins before the first ends.
    known = sorted(((_(label), when) for label, when in found if when is not None), key=lambda row: row[1])
    ahead = next((place for place, (_label, when) in enumerate(known) if when > moment), None)
    return tuple((label, when, place == ahead) for place, (label, when) in enumerate(known))
