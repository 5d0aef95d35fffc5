"""What the members of the demo decide: a board that was elected and sits, and a vote that is open now.

Everything goes through the real machinery: credentials are drawn blindly, ballots sealed, cast, listed and
counted, with the clock set to each moment.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons import accounts, clock
from commons.accounts import Account
from commons.config import settings
from commons.db import database
from commons.refusal import Refused
from membership.assembly import meetings, motions
from membership.board import seats
from membership.demo.script import chance, script
from membership.demo.stage import Stage, here
from membership.elections import (
    announcements,
    ballots,
    board_times,
    box_door,
    calls,
    candidacies,
    credentials,
    draws,
    outcomes,
    schedule,
)
from membership.elections.box.boxes import Boxes
from membership.elections.models import BOARD, QUESTION, Election, ElectionMailing, RollEntry
from membership.elections.protocol import envelope, rehearsal
from membership.elections.protocol.credential import Credential, fresh_seed
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.protocol.shares import split
from membership.members import members, statutes

CALL, ACT = 7, 12  # hours of the day, in UTC
Steps = tuple[tuple[int, tuple[Callable[[], object], ...]], ...]


@dataclass
class Vote:
    """One election of the demo, step by step. ``told`` is its part of ``voting.yaml``."""

    told: dict[str, Any]
    officer_id: uuid.UUID
    boxes: Boxes
    secret: bytes = b""
    election: Election | None = None
    drawn: list[tuple[Credential, bytes]] = field(default_factory=list)

    @property
    def it(self) -> Election:
        assert self.election is not None
        return self.election

    def _open(self, session: Session) -> tuple[Election, Account]:
        """The election and its officer, in ``session``."""
        return session.get_one(Election, self.it.id), session.get_one(Account, self.officer_id)

    def announce(self) -> None:
        """The officers bring their key, try it, and fix the manifest."""
        self.secret, public = fresh_tally_key()
        with database().transaction() as session:
            found, officer = self._open(session)
            announcements.set_tally_key(session, found, public, by=officer)
            assert found.challenge is not None
            words = rehearsal.answered(found.challenge, self.secret)
            announcements.rehearse(session, found, words, by=officer)
            announcements.set_lot(session, found, self.told["lot"], by=officer)
            announcements.announce(session, found, by=officer)

    def draw(self) -> None:
        """As many members as the script says draw a credential, but not the one as whom it is tried."""
        with database().reading() as session:
            manifest = credentials.manifest_of(session.get_one(Election, self.it.id))
            reader = members.of(session, accounts.by_email(session, script()["reader"]))
            assert reader is not None
            everybody = select(RollEntry.membership_id).where(RollEntry.election_id == self.it.id)
            on_roll = session.scalars(
                everybody.where(RollEntry.membership_id != reader.id).order_by(RollEntry.number)
            ).all()
        for membership_id in on_roll[: self.told["voters"]]:
            mine = Credential.from_seed(fresh_seed(), manifest)
            answer = draws.draw(self.it.id, membership_id, mine.blinded)
            self.drawn.append((mine, mine.token(answer)))

    def cast(self, part: slice) -> None:
        """Some of them vote, and the box publishes its list."""
        with database().reading() as session:
            standing = candidacies.shown(session, self.it)
            # In the order of the script, whatever numbers the manifest gave them.
            numbers = [each.number for each in sorted(standing, key=lambda one: one.nominated_at)]
        box, rankings = self.boxes.of(self.it.id), self._rankings()
        for credential, ranking in list(zip(self.drawn, rankings, strict=False))[part]:
            order = [number for place in ranking if (number := numbers[place - 1]) is not None]
            ballots.cast(box, envelope.make(*credential, order))
        board_times.boards_due()

    def _rankings(self) -> list[list[int]]:
        """Everybody's ranking, shuffled the same way each time."""
        every = [
            [int(place) for place in str(ranking).split()]
            for often, ranking in self.told["rankings"]
            for _ballot in range(often)
        ]
        chance(self.told["title"]).shuffle(every)
        return every

    def count(self) -> None:
        """The officers put two shares together, all is opened and counted, and the result certified."""
        with database().transaction() as session:
            found, officer = self._open(session)
            key = "\n".join(split(self.secret)[:2])
            outcomes.count(session, found, key, self.told["drawn"], by=officer)
            outcomes.certify(session, found, by=officer)
        seats.seat_due()


def scenes(stage: Stage, boxes: Boxes) -> None:
    """The board's election, and the vote that is open."""
    told, officer_id = text(), stage.account("officer").id
    board, open_ = Vote(told["board"], officer_id, boxes), Vote(told["open"], officer_id, boxes)
    _board(stage, board)
    _open(stage, open_)
    stage.alone(stage.days_ago(told["open"]["called"] + 2), CALL, partial(_statutes, told["statutes"]))
    stage.alone(stage.days_ago(5), CALL, partial(_assembly, told, officer_id))
    stage.ago(30, stage.apart(_tell_nobody))


def _board(stage: Stage, vote: Vote) -> None:
    """By the statutes' own timetable, which an hour of summer time may shift."""
    called, day = stage.days_ago(vote.told["called"]), timedelta(days=1)
    stage.alone(called, CALL, partial(_call_board, vote))
    steps: Steps = (
        (3, (partial(_stand, vote),)),
        (15, (_job,)),
        (21, (_job, vote.announce)),
        (24, (_job, vote.draw)),
        *((30 + part, (_job, partial(vote.cast, slice(part, None, 6)))) for part in range(6)),
        (37, (_job, _lists)),
        (42, (_job, _lists, vote.count)),
    )
    for days, acts in steps:
        stage.alone(called + days * day, ACT, _then(*acts))


def _open(stage: Stage, vote: Vote) -> None:
    """Credentials can be drawn until the end, so that who looks at the demo can do both at once."""
    called, day = stage.days_ago(vote.told["called"]), timedelta(days=1)
    stage.alone(called, CALL, partial(_call_question, vote, vote.told["called"] + vote.told["ends"]))
    steps: Steps = (
        (11, (_job,)),
        (17, (_job, vote.announce)),
        (21, (_job, vote.draw)),
        (25, (_job, partial(vote.cast, slice(0, None, 2)))),
        (26, (_job, partial(vote.cast, slice(1, None, 2)))),
    )
    for days, acts in steps:
        stage.alone(called + days * day, ACT, _then(*acts))
    stage.ago(40, stage.apart(partial(_keep_shares, vote)))


def _call_board(vote: Vote) -> None:
    with database().transaction() as session:
        vote.election = calls.call(
            session,
            kind=BOARD,
            title=vote.told["title"],
            seats=vote.told["seats"],
            by=session.get_one(Account, vote.officer_id),
        )


def _call_question(vote: Vote, days: int) -> None:
    told = vote.told
    with database().transaction() as session:
        vote.election = calls.call(
            session,
            kind=QUESTION,
            title=told["title"],
            question=told["question"],
            options=told["answers"],
            vote_ends=clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days),
            by=session.get_one(Account, vote.officer_id),
        )


def _stand(vote: Vote) -> None:
    with database().transaction() as session:
        for each in vote.told["candidates"]:
            made = candidacies.stand(
                session,
                session.get_one(Election, vote.it.id),
                statement=each["says"],
                disclosures=each["tells"],
                by=_who(session, each),
            )
            for number in vote.told["seconders"]:
                candidacies.second(session, made.id, by=_account(session, number))


def _statutes(told: dict[str, Any]) -> None:
    with database().transaction() as session:
        for name in ("assisted_cap", "vote_days", "board_seats"):
            statutes.change(session, name, told[name], here(clock.now()), told["decided"])


def _assembly(told: dict[str, Any], officer_id: uuid.UUID) -> None:
    """A meeting is called, and two members move something."""
    meeting = told["assembly"]
    starts = clock.now().replace(hour=17, minute=0, second=0, microsecond=0) + timedelta(meeting["ahead"] + 5)
    with database().transaction() as session:
        called = meetings.call(
            session,
            title=meeting["title"],
            invitation=meeting["invitation"],
            place=meeting["place"],
            starts_at=starts,
            zone=settings().timezone,
            by=session.get_one(Account, officer_id),
        )
        for each in told["motions"]:
            change = None
            if "statute" in each:
                change = (each["statute"], each["value"], starts.date() + timedelta(days=30))
            moved = motions.move(
                session,
                title=each["title"],
                reasons=each["why"],
                by=_account(session, each["by"]),
                assembly_id=called.id,
                statute=change,
            )
            for number in each["support"]:
                motions.support(session, moved.id, _account(session, number))


def _keep_shares(vote: Vote) -> None:
    """Who tries the demo is its officer too, and finds the shares of the key here instead of on paper."""
    path = settings().data / f"tally-shares-{vote.it.slug}.txt"
    path.write_text("\n\n".join(split(vote.secret)) + "\n")


def _tell_nobody() -> None:
    """Letters about the past would only fill the outbox."""
    with database().transaction() as session:
        session.execute(
            update(ElectionMailing).where(ElectionMailing.done_at.is_(None)).values(done_at=clock.now())
        )


def _lists() -> None:
    board_times.boards_due()


def _job() -> None:
    schedule.timetable_due()


def _then(*acts: Callable[[], object]) -> Callable[[], None]:
    def all_of_them() -> None:
        for act in acts:
            act()

    return all_of_them


def _who(session: Session, told: dict[str, Any]) -> Account:
    """Somebody named by role or by number in the register."""
    if "number" in told:
        return _account(session, told["number"])
    found = accounts.by_email(session, script()[told["role"]])
    assert found is not None
    return found


def _account(session: Session, number: int) -> Account:
    """The account of the member with that number in the register."""
    account_id = members.numbered(session, number).party.account_id
    assert account_id is not None
    return session.get_one(Account, account_id)


def hand_over() -> None:
    """Processes that are running already open the boxes; those that start later read the files anyway."""
    with database().reading() as session:
        announced = session.scalars(select(Election).where(Election.manifest.is_not(None))).all()
    for each in announced:
        with suppress(Refused):
            assert each.manifest is not None
            box_door.open_box(each.id, each.slug, each.manifest)


@cache
def text() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "voting.yaml").read_text("utf-8"))
    return found
