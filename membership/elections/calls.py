"""Calling an election: what is decided, when, and by which rules; postponing it, ending it without result.

What the statutes say on the day of the call holds for the whole election.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import minutes, powers
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.language import N_
from commons.limits import ELECTION_POSTPONED_DAYS, ELECTION_QUESTION_CHARS, ELECTION_TEXT_CHARS
from commons.powers import Power
from commons.refusal import Refused
from membership.elections import addresses, mailings, rolls, timetable
from membership.elections.models import BOARD, CERTIFIED, QUESTION, VOID, Candidacy, Election
from membership.elections.protocol.manifest import LEAST_ROLL
from membership.elections.tally import RULES
from membership.elections.tally.election import MOST_CANDIDATES
from membership.elections.timetable import Step, Timetable
from membership.members import members, statutes
from membership.members.statutes import Statutes

RESERVED = frozenset({"office", "how-secret"})
SLUG_CHARS = 60
SLUGS_TRIED = 1000
YES_NO = "plurality"
ONE_SEAT, SEVERAL_SEATS = "irv", "scottish-stv"


def call(
    session: Session,
    *,
    kind: str,
    title: str,
    by: Account | None,
    question: str = "",
    options: Sequence[str] = (),
    seats: int | None = None,
    rule: str | None = None,
    vote_ends: datetime | None = None,
    quorum_percent: int | None = None,
    majority_percent: int | None = None,
) -> Election:
    """Call an election of the ``board``, or a vote on a ``question`` with its ``options``.

    Of two options the first is to approve: it is carried by ``majority_percent`` (default: the statutes'
    for motions). More than two are ranked. ``vote_ends`` None: as soon as the statutes allow. ``by`` None:
    a job calls it, because members asked for it. Refused for too little time or too few members.
    """
    fixed = fixed_now(session)
    made = Election(
        kind=_known(kind),
        title=_line(title),
        question=_question(kind, question),
        slug="",
        zone=settings().timezone,
        seconders=fixed.seconders,
        publish_min=fixed.publish_min,
        assisted_cap=fixed.assisted_cap,
        called_by_id=by.id if by is not None else None,
    )
    if kind == BOARD:
        made.seats = seats_up(session, fixed) if seats is None else _seats(seats)
        made.rule = _rule(rule or (ONE_SEAT if made.seats == 1 else SEVERAL_SEATS), made.seats)
        made.ron = made.seats == 1 or (bool(fixed.board_ron) and made.rule == SEVERAL_SEATS)
        made.quorum_percent = _percent(quorum_percent, fixed.quorum_percent)
    else:
        made.seats, made.ron = 1, False
        made.rule = _rule(rule or (YES_NO if len(options) == 2 else ONE_SEAT), 1)
        made.quorum_percent = fixed.motion_quorum_percent if quorum_percent is None else quorum_percent
        made.majority_percent = (
            fixed.motion_majority_percent if majority_percent is None else majority_percent
        )
    timetable.write(made, _times(session, made, vote_ends, fixed))
    if kind == QUESTION:
        made.nominations_end = db_now(session)
    _begin(session, made, [] if kind == BOARD else _options(options))
    _minute(session, by, made, "call an election", "")
    mailings.start(session, made, "election_called")
    return made


def earliest_end(session: Session, kind: str) -> datetime:
    """When voting can end at the earliest, if the election is called now."""
    return timetable.earliest_end(
        db_now(session), fixed_now(session), kind, settings().timezone, nominating=True
    )


def seats_up(session: Session, fixed: Statutes) -> int:
    """How many seats of the board are up, if no more are vacant than terms have ended.

    With staggered terms one half after the other: what the last election did not fill.
    """
    last = session.scalar(
        select(Election.seats)
        .where(Election.kind == BOARD, Election.state == CERTIFIED)
        .order_by(Election.certified_at.desc())
        .limit(1)
    )
    if not fixed.staggered or last is None:
        return fixed.board_seats
    # The shorter half of the first board's terms ends first.
    return fixed.board_seats // 2 if last >= fixed.board_seats else fixed.board_seats - last


def repeat(session: Session, election: Election, by: Account | None) -> Election:
    """Call an election again whose quorum was missed: the same choices, no quorum, and only once.

    Refused (409) for one that was repeated already or is a repetition itself.
    """
    if election.repeats_id is not None:
        raise Refused(N_("An election is repeated once."), status=409)
    fixed = fixed_now(session)
    made = Election(
        slug="",
        repeats_id=election.id,
        quorum_percent=0,
        seconders=0,
        called_by_id=by.id if by is not None else None,
        **{name: getattr(election, name) for name in KEPT},
    )
    moment = db_now(session)
    end = timetable.earliest_end(moment, fixed, made.kind, made.zone, nominating=False)
    timetable.write(made, timetable.backwards(end, fixed, made.zone))
    made.nominations_end = moment
    _begin(session, made, [])
    for candidacy in session.scalars(
        select(Candidacy)
        .where(Candidacy.election_id == election.id, Candidacy.number.is_not(None))
        .where(Candidacy.withdrawn_at.is_(None))
        .order_by(Candidacy.number)
    ):
        session.add(
            Candidacy(election_id=made.id, **{name: getattr(candidacy, name) for name in KEPT_OF_CANDIDATES})
        )
    session.flush()
    _minute(session, by, made, "repeat an election", "")
    mailings.start(session, made, "election_called")
    return made


# The first moment that is still ahead, or was missed by officers, at each step before the announcement.
FIRST_AHEAD = {
    Step.NOMINATIONS: "nominations_end",
    Step.OBJECTIONS: "objections_end",
    Step.PREPARING: "issue_opens",
}
KEPT = (
    "kind",
    "title",
    "question",
    "zone",
    "rule",
    "seats",
    "ron",
    "majority_percent",
    "publish_min",
    "assisted_cap",
)
KEPT_OF_CANDIDATES = ("membership_id", "name", "statement", "disclosures", "consented_at", "reopens")


def postpone(session: Session, election: Election, by_time: timedelta, *, by: Account, reason: str) -> None:
    """Move the present step's end and all after it by the same time. Refused (409) once it is announced."""
    act(session, election, by, "postpone an election", reason)
    if election.manifest is not None:
        raise Refused(N_("The manifest of this election is announced and cannot change."), status=409)
    first = FIRST_AHEAD.get(timetable.step(election, db_now(session)))
    if first is None:
        raise Refused(N_("This election is over."), status=409)
    if not timedelta(0) < by_time <= timedelta(days=ELECTION_POSTPONED_DAYS):
        raise Refused(
            N_("An election is moved by 1 to %(most)s days."), most=ELECTION_POSTPONED_DAYS, status=422
        )
    for name in timetable.MOMENTS[timetable.MOMENTS.index(first) :]:
        setattr(election, name, getattr(election, name) + by_time)
    session.flush()
    mailings.again(session, election, "election_postponed")


def void(session: Session, election: Election, *, by: Account | None, reason: str) -> None:
    """End an election without a result, and say why. Refused (409) once it is certified or void."""
    if election.state in (CERTIFIED, VOID):
        raise Refused(N_("This election is over."), status=409)
    if not reason.strip():
        raise Refused(N_("Say why."))
    if by is None:
        _minute(session, None, election, "void an election", reason)
    else:
        act(session, election, by, "void an election", reason)
    election.state, election.void_because, election.voided_at = VOID, reason.strip(), db_now(session)
    session.flush()
    mailings.start(session, election, "election_void")


# What all share


def act(session: Session, election: Election, by: Account, verb: str, reason: str = "") -> None:
    """Use the power over elections on this one, one officer at a time. Refused for who stands in it (403)."""
    session.flush()
    session.refresh(election, with_for_update=True)
    powers.exercise(session, by, Power.ELECTIONS, on=address(election), reason=reason, verb=verb)
    if stands(session, election, by):
        raise Refused(N_("Who stands in an election cannot be its officer."), status=403)


def note(session: Session, election: Election, verb: str) -> None:
    """A line in the minutes about what the timetable did by itself."""
    _minute(session, None, election, verb, "")


def stands(session: Session, election: Election, account: Account) -> bool:
    """Whether the account's member has agreed to stand in this election."""
    mine = members.of(session, account)
    if mine is None:
        return False
    hers = select(Candidacy.id).where(
        Candidacy.election_id == election.id,
        Candidacy.membership_id == mine.id,
        Candidacy.consented_at.is_not(None),
        Candidacy.withdrawn_at.is_(None),
    )
    return session.scalar(hers) is not None


def find(session: Session, slug: str) -> Election:
    """The election of that name. Refused (404) where there is none."""
    found = session.scalar(select(Election).where(Election.slug == slug))
    if found is None:
        raise Refused(N_("There is no election of this name."), status=404)
    return found


def address(election: Election) -> str:
    return addresses.page(election)


def fixed_now(session: Session) -> Statutes:
    """The statutes as they hold at this moment."""
    return statutes.at(session, statutes.today(db_now(session)))


def _begin(session: Session, made: Election, options: Sequence[str]) -> None:
    """The row with a name of its own, and the options as candidates."""
    base = _slug(made.title, made.vote_ends)
    for place in range(1, SLUGS_TRIED):
        made.slug = base if place == 1 else f"{base}-{place}"
        try:
            with session.begin_nested():
                session.add(made)
            break
        except IntegrityError:
            continue  # undoing the savepoint has taken it out of the session
    else:
        raise Refused(N_("Too many elections have this title."), status=409)
    moment = db_now(session)
    session.add_all(
        Candidacy(election_id=made.id, name=name, consented_at=moment, number=number)
        for number, name in enumerate(options, 1)
    )
    session.flush()


def _slug(title: str, ends: datetime | None) -> str:
    """Small letters, digits and hyphens out of the title, with the year."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_CHARS].strip("-") or "election"
    year = str(ends.year) if ends is not None else ""
    return words if year in words and words not in RESERVED else f"{words}-{year}"


def _times(session: Session, made: Election, vote_ends: datetime | None, fixed: Statutes) -> Timetable:
    earliest = earliest_end(session, made.kind)
    end = vote_ends or earliest
    if end < earliest - timedelta(hours=1):
        raise Refused(
            N_("From the call to the end of voting the statutes ask for %(days)s days."),
            days=timetable.days(fixed, made.kind),
        )
    times = timetable.backwards(end, fixed, made.zone)
    if len(rolls.voters(session, times.roll_at)) < LEAST_ROLL:
        raise Refused(N_("An election needs at least %(least)s members on its roll."), least=LEAST_ROLL)
    return times


def _known(kind: str) -> str:
    if kind not in (BOARD, QUESTION):
        raise Refused(N_("There is no such kind of election."))
    return kind


def _line(text: str) -> str:
    line = " ".join(text.split())
    if not line or len(line) > ELECTION_TEXT_CHARS or not line.isprintable():
        raise Refused(N_("It needs a title of at most %(most)s characters."), most=ELECTION_TEXT_CHARS)
    return line


def _question(kind: str, question: str) -> str:
    text = " ".join(question.split())
    if kind == QUESTION and not text:
        raise Refused(N_("What is the question?"))
    if len(text) > ELECTION_QUESTION_CHARS or not text.isprintable():
        raise Refused(N_("The question has too many characters."))
    return text


def _options(options: Sequence[str]) -> list[str]:
    lines = [_line(option) for option in options]
    if len(lines) < 2 or len(set(lines)) < len(lines) or len(lines) > MOST_CANDIDATES:
        raise Refused(N_("A question needs two different answers or more."))
    return lines


def _percent(given: int | None, fixed: int) -> int:
    return fixed if given is None else given


def _seats(seats: int) -> int:
    if not 1 <= seats < MOST_CANDIDATES:
        raise Refused(N_("An election fills at least one seat."))
    return seats


def _rule(rule: str, seats: int) -> str:
    if rule not in RULES:
        raise Refused(N_("The rule of the count is unknown."))
    if rule in ("irv", "schulze-winning-votes") and seats > 1:
        raise Refused(N_("This rule fills one seat only."))
    return rule


def _minute(session: Session, by: Account | None, election: Election, verb: str, reason: str) -> None:
    """By an officer's power, or by a job, because members asked for it or the timetable says so."""
    if by is not None:
        powers.exercise(session, by, Power.ELECTIONS, on=address(election), reason=reason, verb=verb)
        return
    public = {"power": Power.ELECTIONS.value, "verb": verb, "on": address(election)}
    minutes.write(session, public=public, private={"reason": reason})
