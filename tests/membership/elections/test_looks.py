"""What the doctor says of signer and ballot box, and of clocks that differ."""

import uuid
from datetime import timedelta

import pytest

from commons import clock, commands, doors, limits
from commons.refusal import Refused
from membership.elections import announcements, board_times, box_door, looks, signing
from membership.elections.box import INNER
from membership.elections.models import Election
from membership.elections.signer import DOOR
from tests.membership.elections.club import Club
from wsgi import ROOF

SIX, FOUR = timedelta(seconds=6), timedelta(seconds=4)


@pytest.fixture
def announced(club: Club) -> Election:
    """An election whose credentials are about to be drawn."""
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.announce(election)
    return election


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers behind any door."""

    def ask(*_asked: object) -> object:
        raise Refused("It is away.", status=503)

    monkeypatch.setattr(doors, "ask", ask)


def test_the_doctor_looks_at_both_and_both_answer_with_the_right_keys(announced: Election) -> None:
    assert {"signer", "ballot box", "elections"} <= dict(ROOF.looks).keys()
    assert looks.signer() == "answers; keys for 1 elections"
    assert looks.ballot_box() == "answers; boxes for 1 elections"


@pytest.mark.usefixtures("announced", "away")
def test_who_is_away_is_missed_while_an_election_needs_it() -> None:
    for look in (looks.signer, looks.ballot_box):
        with pytest.raises(Refused, match="It is away"):
            look()


@pytest.mark.usefixtures("club", "away")
def test_who_is_away_is_not_missed_where_no_election_is_under_way() -> None:
    assert looks.signer() == looks.ballot_box() == looks.IDLE


def test_a_key_that_was_destroyed_too_early_is_missed_and_one_destroyed_in_time_is_not(
    club: Club, announced: Election
) -> None:
    signing.destroy(announced.id)
    with pytest.raises(Refused, match="destroyed"):
        looks.signer()
    club.hands.move_to(club.times(announced).issue_ends)
    assert looks.signer() == "answers; keys for 0 elections"


def test_another_key_or_manifest_is_named(announced: Election, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = signing.public_key(announced.id)
    monkeypatch.setattr(signing, "public_key", lambda _election_id: type(mine)(mine.n + 2))
    monkeypatch.setattr(box_door, "manifest_hash", lambda _election_id: b"\0" * 32)
    with pytest.raises(Refused, match=f"another key than the manifest of {announced.slug} names"):
        looks.signer()
    with pytest.raises(Refused, match=f"another manifest for {announced.slug}"):
        looks.ballot_box()


@pytest.mark.usefixtures("announced")
def test_a_lost_key_and_a_lost_box_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    ask, lost = doors.ask, str(uuid.UUID(int=1))

    def elsewhere(door: object, method: str, target: str, *rest: object) -> object:
        """As if the keepers had another folder: they know none of our elections."""
        parts = [lost if len(part) == len(lost) else part for part in target.split("/")]
        assert str(door).endswith((DOOR, INNER))
        return ask(door, method, "/".join(parts), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(doors, "ask", elsewhere)
    with pytest.raises(Refused, match="no signing key"):
        looks.signer()
    with pytest.raises(Refused, match="no open ballot box"):
        looks.ballot_box()


def test_a_box_whose_clock_is_off_by_more_than_five_seconds_is_named(
    announced: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = box_door.clock
    monkeypatch.setattr(box_door, "clock", lambda: real() - FOUR)
    looks.ballot_box()
    monkeypatch.setattr(box_door, "clock", lambda: real() - SIX)
    with pytest.raises(Refused, match="differ by 6"):
        looks.ballot_box()


def test_a_clock_that_is_off_opens_no_election_and_publishes_no_list(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.CLOCK_DRIFT_SECONDS == 5
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.to(election, "roll_at")
    club.to(election, "objections_end")
    club.prepare(election)
    real = clock.db_now
    monkeypatch.setattr(clock, "db_now", lambda session: real(session) + SIX)
    with pytest.raises(Refused, match="differ by 6") as refused, club.db.transaction() as session:
        announcements.announce(session, session.get_one(Election, election.id), by=club.eli)
    assert refused.value.status == 503
    with pytest.raises(Refused, match="differ by 6"):
        dict(commands.CHECKS)["clock"]()
    monkeypatch.setattr(clock, "db_now", lambda session: real(session) + FOUR)
    assert dict(commands.CHECKS)["clock"]() == "agrees with the database's"
    with club.db.transaction() as session:
        announcements.announce(session, session.get_one(Election, election.id), by=club.eli)
    club.hands.move_to(club.times(election).issue_opens)
    club.to(election, "vote_opens")
    monkeypatch.setattr(clock, "db_now", lambda session: real(session) - SIX)
    club.hands.move_to(club.times(election).vote_ends)
    assert board_times.boards_due() == 0
    assert box_door.board(election.id) == ()
    monkeypatch.setattr(clock, "db_now", real)
    assert board_times.boards_due() == 1
