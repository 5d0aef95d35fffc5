"""Recall: a petition that enough members sign, a secret vote, and a seat that ends by it."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from commons import clock, minutes, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import Config
from commons.db import Database
from commons.refusal import Refused
from membership.board import petitions, seats
from membership.board.models import Petition, Seat, Signature
from membership.elections import calls
from membership.elections.models import CERTIFIED, COUNTED, Candidacy, Election
from membership.members import statutes
from membership.members.models import Membership
from tests.membership.elections import keepers

from ..members.conftest import SignIn
from .conftest import (
    NOWHERE,
    Elect,
    Join,
    Officers,
    People,
    account,
    outcome,
    post,
    seat_of,
    sitting,
)

WHY = "She was at no meeting."


@pytest.fixture(autouse=True)
def old_enough(monkeypatch: pytest.MonkeyPatch, people: People, join: Join) -> None:
    """Twelve members who are members for long enough to have a vote; two make a sixth."""
    for name in ("hal", "ida", "jan", "kay", "lea"):
        people[name] = join(name)
    monkeypatch.setattr(clock, "shift", timedelta(days=40))


@pytest.fixture
def board(elect: Elect) -> None:
    elect("ada", "ben")


def open_(db: Database, people: People, by: str = "cho", whom: str = "Ada", why: str = WHY) -> Petition:
    with db.transaction() as session:
        return petitions.open_(session, seat_of(db, whom).id, why, by=account(db, people, by))


def sign(db: Database, people: People, made: Petition, by: str) -> None:
    with db.transaction() as session:
        petitions.sign(session, made.id, by=account(db, people, by))


def now_(db: Database, made: Petition) -> Petition:
    with db.reading() as session:
        return session.get_one(Petition, made.id)


def called(db: Database, people: People) -> tuple[Petition, Election]:
    """A petition that was signed by enough, and the vote it led to."""
    made = open_(db, people)
    sign(db, people, made, "dee")
    petitions.petitions_due()
    found = now_(db, made)
    assert found.election_id is not None
    with db.reading() as session:
        return found, session.get_one(Election, found.election_id)


def decided(db: Database, election: Election, carried: bool) -> None:
    with db.transaction() as session:
        found = session.get_one(Election, election.id)
        found.state, found.certified_at = CERTIFIED, now()
        found.outcome = outcome([], carried)


def test_enough_signatures_lead_to_a_secret_vote_by_the_statutes(
    db: Database, board: None, people: People
) -> None:
    made = open_(db, people)
    with db.reading() as session:
        assert petitions.needed(session) == 2  # a tenth of twelve, rounded up
        assert petitions.signatures(session, session.get_one(Petition, made.id)) == 1
    assert petitions.petitions_due() == 0
    sign(db, people, made, "dee")
    assert now_(db, made).state == "reached"
    assert petitions.petitions_due() == 1
    found = now_(db, made)
    with db.reading() as session:
        election = session.get_one(Election, found.election_id)
        assert (election.kind, election.majority_percent, election.quorum_percent) == ("question", 67, 20)
        assert "Ada" in election.question and election.called_by_id is None
        options = select(Candidacy.name).where(Candidacy.election_id == election.id)
        assert session.scalars(options.order_by(Candidacy.id)).all() == ["Yes", "No"]
    assert found.state == "called"
    assert petitions.petitions_due() == 0


def test_a_vote_that_carries_ends_the_seat_and_its_power(db: Database, board: None, people: People) -> None:
    made, election = called(db, people)
    decided(db, election, carried=True)
    assert petitions.petitions_due() == 1
    assert sitting(db) == ["Ben"]
    seat = seat_of(db, "Ada")
    assert seat.ended_because == "recalled"
    assert now_(db, made).state == "carried"
    with db.reading() as session:
        assert session.scalars(select(Signature)).all() == []
        assert powers.held(session, account(db, people, "ada")) == frozenset()


def test_the_certificate_ends_the_seat_and_its_power_on_every_open_session_before_any_job_runs(
    db: Database, board: None, people: People, officers: Officers, browser_of: SignIn, settings: Config
) -> None:
    made, election = called(db, people)
    ada, eli = (browser_of(who) for who in (account(db, people, "ada"), officers.eli))
    with db.transaction() as session:
        found = session.get_one(Election, election.id)
        found.state, found.outcome = COUNTED, outcome([], True)
    assert ada.get("/board/mine").status_code == ada.get("/studio").status_code == 200
    with keepers.running(settings.data):  # the signer forgets its key
        done = post(eli, db, f"/elections/office/{election.slug}/certify")
    assert done.status_code == 303
    assert ada.get("/studio").status_code == 403
    assert (sitting(db), now_(db, made).state) == (["Ben"], "carried")
    with db.reading() as session:
        seat, certified = seat_of(db, "Ada"), session.get_one(Election, election.id).certified_at
        assert seat.ended_at is not None and certified is not None
        assert abs(seat.ended_at - certified) < timedelta(seconds=1)
        assert powers.held(session, account(db, people, "ada")) == frozenset()
    assert petitions.petitions_due() == 0


def test_a_vote_that_fails_leaves_the_seat_and_she_is_left_alone_for_half_a_year(
    db: Database, board: None, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, election = called(db, people)
    decided(db, election, carried=False)
    assert petitions.petitions_due() == 1
    assert sitting(db) == ["Ada", "Ben"]
    assert now_(db, made).state == "failed"
    with pytest.raises(Refused, match="less than 180 days ago") as refusal:
        open_(db, people)
    assert refusal.value.status == 409
    monkeypatch.setattr(clock, "shift", clock.shift + timedelta(days=181))
    assert open_(db, people).state == "signing"


def void(db: Database, election: Election) -> None:
    """The vote ends without a result."""
    with db.transaction() as session:
        calls.void(session, session.get_one(Election, election.id), by=None, reason="The roll was wrong.")


def called_again(db: Database, people: People) -> tuple[Petition, Election]:
    """A petition whose first vote was void, and the second one."""
    made, first = called(db, people)
    void(db, first)
    assert (petitions.petitions_due(), petitions.petitions_due(), petitions.petitions_due()) == (1, 1, 0)
    found = now_(db, made)
    with db.reading() as session:
        again = session.get_one(Election, found.election_id)
        assert (found.state, again.repeats_id, again.quorum_percent) == ("called", first.id, 20)
        assert petitions.signatures(session, found) == 2
    return found, again


def test_a_void_vote_is_called_again_by_itself(db: Database, board: None, people: People) -> None:
    made, again = called_again(db, people)
    decided(db, again, carried=True)
    petitions.petitions_due()
    assert (sitting(db), now_(db, made).state) == (["Ben"], "carried")


def test_void_twice_the_petition_lapses_and_blocks_no_other(
    db: Database, board: None, people: People
) -> None:
    made, again = called_again(db, people)
    void(db, again)
    assert (petitions.petitions_due(), petitions.petitions_due()) == (1, 0)
    assert now_(db, made).state == "lapsed"
    assert sitting(db) == ["Ada", "Ben"]
    assert open_(db, people, by="eve").state == "signing"


def test_after_a_void_vote_about_a_seat_that_ended_nothing_is_called(
    db: Database, board: None, people: People
) -> None:
    made, first = called(db, people)
    with db.transaction() as session:
        seats.resign(session, seat_of(db, "Ada").id, by=account(db, people, "ada"))
    void(db, first)
    assert (petitions.petitions_due(), petitions.petitions_due(), petitions.petitions_due()) == (1, 1, 0)
    assert now_(db, made).state == "lapsed"


def test_who_resigned_before_the_vote_was_over_is_not_ended_twice(
    db: Database, board: None, people: People
) -> None:
    made, election = called(db, people)
    with db.transaction() as session:
        seats.resign(session, seat_of(db, "Ada").id, by=account(db, people, "ada"))
    decided(db, election, carried=True)
    assert petitions.petitions_due() == 1
    assert (now_(db, made).state, seat_of(db, "Ada").ended_because) == ("carried", "resigned")


@pytest.mark.parametrize("signed", [False, True])
def test_a_petition_about_a_seat_that_ended_lapses(
    db: Database, board: None, people: People, signed: bool
) -> None:
    made = open_(db, people)
    if signed:
        sign(db, people, made, "dee")
    with db.transaction() as session:
        seats.resign(session, seat_of(db, "Ada").id, by=account(db, people, "ada"))
    assert petitions.petitions_due() == 1
    assert now_(db, made).state == "lapsed"
    with db.reading() as session:
        assert [each.id for each in petitions.closed(session)] == [made.id]
        assert petitions.live(session) == []


def test_a_petition_lapses_after_sixty_days(
    db: Database, board: None, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = open_(db, people)
    monkeypatch.setattr(clock, "shift", clock.shift + timedelta(days=60, seconds=1))
    with pytest.raises(Refused, match="cannot be signed any more") as refusal:
        sign(db, people, made, "dee")
    assert refusal.value.status == 409
    assert petitions.petitions_due() == 1
    assert now_(db, made).state == "lapsed"


def test_with_too_few_members_for_a_secret_ballot_the_vote_waits(
    db: Database, board: None, people: People
) -> None:
    made = open_(db, people)
    sign(db, people, made, "dee")
    with db.transaction() as session:
        for name in ("hal", "ida", "jan"):
            session.get_one(Membership, people[name].id).ended_at = now()
    assert petitions.petitions_due() == 0
    assert now_(db, made).state == "reached"


def test_nobody_signs_twice_and_nobody_without_a_vote_signs(
    db: Database, board: None, people: People, join: Join
) -> None:
    fixed_at = statutes.today(now())
    with db.transaction() as session:
        statutes.change(session, "petition_percent", 50, fixed_at, "Assembly")
    made = open_(db, people)
    with pytest.raises(Refused, match="signed already") as refusal:
        sign(db, people, made, "cho")
    assert refusal.value.status == 409
    people["new"] = join("new")
    for attempt in (lambda: sign(db, people, made, "new"), lambda: open_(db, people, "new", "Ben")):
        with pytest.raises(Refused, match="have a vote") as refusal:
            attempt()
        assert refusal.value.status == 403
    with db.reading() as session:
        assert not petitions.has_vote(session, account(db, people, "new"))
        assert petitions.signed_by(session, account(db, people, "cho")) == {made.id}
        assert petitions.signed_by(session, account(db, people, "dee")) == set()


def test_signing_at_the_same_time_counts_everybody_once(db: Database, board: None, people: People) -> None:
    """Six signatures are needed; five people press the button at once, each of them twice."""
    with db.transaction() as session:
        statutes.change(session, "petition_percent", 50, statutes.today(now()), "Assembly")
    made = open_(db, people)
    who = [account(db, people, name) for name in ("dee", "eve", "fay", "gus", "hal")] * 2
    start, said = threading.Barrier(len(who)), []

    def press(by: Account) -> None:
        start.wait()
        try:
            with db.transaction() as session:
                petitions.sign(session, made.id, by=session.get_one(Account, by.id))
        except Refused as refused:
            said.append(refused.status)

    threads = [threading.Thread(target=press, args=(each,)) for each in who]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [409] * 5
    assert now_(db, made).state == "reached"
    with db.reading() as session:
        assert len(session.scalars(select(Signature)).all()) == 6
        reached = [line for line, _d in minutes.lines(session) if line.body["verb"] == "petition reached"]
        assert len(reached) == 1


def test_a_signature_of_who_is_no_member_any_more_does_not_count(
    db: Database, board: None, people: People
) -> None:
    made = open_(db, people)
    with db.transaction() as session:
        session.get_one(Membership, people["cho"].id).ended_at = now()
    sign(db, people, made, "dee")
    assert now_(db, made).state == "signing"


def test_a_seat_has_one_petition_at_a_time(db: Database, board: None, people: People) -> None:
    open_(db, people)
    with pytest.raises(Refused, match="sign that one") as refusal:
        open_(db, people, by="dee")
    assert refusal.value.status == 409
    assert open_(db, people, by="dee", whom="Ben").state == "signing"


def test_what_cannot_be_petitioned_is_refused(db: Database, board: None, people: People) -> None:
    with pytest.raises(Refused, match="Say why"):
        open_(db, people, why="  ")
    with db.transaction() as session:
        seats.end(session, session.get_one(Seat, seat_of(db, "Ada").id), "resigned")
    with pytest.raises(Refused, match="ended already") as refusal:
        open_(db, people)
    assert refusal.value.status == 409
    with pytest.raises(Refused, match="no such petition") as refusal, db.reading() as session:
        petitions.find(session, NOWHERE)
    assert refusal.value.status == 404


def test_minutes_do_not_say_who_signed(db: Database, board: None, people: People) -> None:
    made = open_(db, people)
    sign(db, people, made, "dee")
    with db.reading() as session:
        line, details = next(minutes.lines(session))
    assert (line.body["verb"], details) == ("petition reached", {"by": "Ada", "reason": ""})
