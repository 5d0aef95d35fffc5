"""A newsroom with members who vote, and elections that its officers lead through all their steps."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from commons import clock
from commons.accounts import Account
from commons.db import Database, new_id
from membership.elections import (
    announcements,
    ballots,
    board_times,
    calls,
    candidacies,
    draws,
    outcomes,
    schedule,
    timetable,
)
from membership.elections.models import Election
from membership.elections.protocol import envelope, rehearsal
from membership.elections.protocol.credential import Credential, fresh_seed
from membership.elections.protocol.manifest import Manifest
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.protocol.shares import split
from membership.elections.timetable import Timetable
from membership.members.models import ACTIVE, Membership
from membership.money.models import Party, PartyData
from tests.membership.elections.clocks import Hands
from tests.membership.elections.keepers import Keepers

from ..conftest import person

NAMES = ("ada", "ben", "cho", "dee", "eve", "fay", "gus", "hal", "ina", "jon", "kim", "lou")
LOT = "1984302"


@dataclass
class Club:
    """``eli`` and ``ola`` hold elections; the members in ``names`` have a vote; ``new`` joined yesterday."""

    db: Database
    hands: Hands
    keepers: Keepers
    eli: Account
    ola: Account
    accounts: dict[str, Account]
    memberships: dict[str, uuid.UUID]
    secret: bytes = b""
    credentials: dict[str, tuple[Credential, bytes]] = field(default_factory=dict)

    def hands_now(self) -> datetime:
        return clock.now()

    def call(self, **changes: Any) -> Election:
        given: dict[str, Any] = {"kind": "board", "title": "Board 2026", "by": self.eli, "seats": 2} | changes
        with self.db.transaction() as session:
            return calls.call(session, **given)

    def stand(self, election: Election, *names: str, seconders: Sequence[str] = ("kim", "lou")) -> None:
        """These members agree to stand, and others support them."""
        with self.db.transaction() as session:
            for name in names:
                made = candidacies.stand(
                    session,
                    session.merge(election),
                    statement=f"{name} for everybody",
                    disclosures="none",
                    by=self.accounts[name],
                )
                for seconder in seconders:
                    candidacies.second(session, made.id, by=self.accounts[seconder])

    def times(self, election: Election) -> Timetable:
        with self.db.reading() as session:
            return timetable.of(session.get_one(Election, election.id))

    def to(self, election: Election, moment: str, later: timedelta = timedelta(0)) -> None:
        """The clock stands at that moment of the timetable, and the jobs have run."""
        self.hands.move_to(getattr(self.times(election), moment) + later)
        schedule.timetable_due()
        board_times.boards_due()

    def prepare(self, election: Election) -> None:
        """Officers bring a tally key, rehearse it and name the source of lots."""
        self.secret, public = fresh_tally_key()
        with self.db.transaction() as session:
            found = session.get_one(Election, election.id)
            announcements.set_tally_key(session, found, public, by=self.eli)
            assert found.challenge is not None
            words = rehearsal.answered(found.challenge, self.secret)
            announcements.rehearse(session, found, words, by=self.eli)
            announcements.set_lot(session, found, "drand round 4242424", by=self.eli)

    def announce(self, election: Election) -> Manifest:
        self.to(election, "roll_at")
        self.to(election, "objections_end")
        self.prepare(election)
        with self.db.transaction() as session:
            return announcements.announce(session, session.get_one(Election, election.id), by=self.eli)

    def draw(self, election: Election, manifest: Manifest, *names: str) -> None:
        for name in names:
            mine = Credential.from_seed(fresh_seed(), manifest)
            answer = draws.draw(election.id, self.memberships[name], mine.blinded)
            self.credentials[name] = mine, mine.token(answer)

    def cast(self, election: Election, rankings: Mapping[str, Sequence[int]]) -> None:
        box = self.keepers.boxes.of(election.id)
        for name, ranking in rankings.items():
            ballots.cast(box, envelope.make(*self.credentials[name], ranking))

    def vote(self, election: Election, manifest: Manifest, rankings: Mapping[str, Sequence[int]]) -> None:
        """From the first credential to the final list."""
        self.to(election, "issue_opens")
        self.draw(election, manifest, *rankings)
        self.to(election, "vote_opens")
        self.cast(election, rankings)
        self.finish(election)

    def finish(self, election: Election) -> None:
        self.to(election, "vote_ends")
        self.to(election, "vote_ends", timedelta(hours=election.complaint_hours + 1))

    def count(self, election: Election, by: Account | None = None, lot: str = LOT) -> None:
        shares = "\n".join(split(self.secret)[1:])
        with self.db.transaction() as session:
            outcomes.count(session, session.get_one(Election, election.id), shares, lot, by=by or self.eli)

    def certify(self, election: Election) -> Election:
        with self.db.transaction() as session:
            found = session.get_one(Election, election.id)
            outcomes.certify(session, found, by=self.eli)
            return found

    def whole(self, election: Election, rankings: Mapping[str, Sequence[int]]) -> Election:
        """From the end of nominations to the certificate."""
        self.vote(election, self.announce(election), rankings)
        self.count(election)
        return self.certify(election)


def enrol(session: Session, name: str, number: int, days: int = 400) -> tuple[Account, uuid.UUID]:
    """Somebody with an account who joined so many days ago."""
    account = person(session, name)
    party = Party(id=new_id(), account_id=account.id)
    party.data = PartyData(name=name.title(), email=f"{name}@example.org")
    session.add(party)
    session.flush()
    joined = clock.now() - timedelta(days=days)
    made = Membership(party_id=party.id, number=number, state=ACTIVE, joined_at=joined)
    session.add(made)
    session.flush()
    return account, made.id
