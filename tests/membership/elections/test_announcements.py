"""What is refused from the call to the announcement: too early, too late, by the wrong person, or twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.accounts import Account
from commons.refusal import Refused
from membership.elections import announcements, box_door, calls, credentials, objections, outcomes, rolls
from membership.elections.models import Election, Objection, Review, RollEntry
from membership.elections.protocol import rehearsal
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.reviews import record, reviewed
from membership.members.models import Membership
from tests.membership.elections.club import Club

Act = Callable[[Session, Election], object]


def refusal(club: Club, election: Election, act: Act) -> tuple[int, str]:
    with pytest.raises(Refused) as refused, club.db.transaction() as session:
        act(session, session.get_one(Election, election.id))
    return refused.value.status, str(refused.value)


def status(club: Club, election: Election, act: Act) -> int:
    return refusal(club, election, act)[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "lottery"},
        {"title": " "},
        {"title": "x" * 201},
        {"seats": 0},
        {"rule": "borda"},
        {"rule": "irv", "seats": 2},
        {"kind": "question", "question": "", "options": ("Yes", "No")},
        {"kind": "question", "question": "Q?", "options": ("Yes",)},
        {"kind": "question", "question": "Q?", "options": ("Yes", "Yes")},
    ],
)
def test_what_cannot_be_voted_on_is_not_called(club: Club, wrong: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        club.call(**wrong)
    assert refused.value.status == 422


def test_only_officers_call_and_members_get_the_time_that_the_statutes_give(club: Club) -> None:
    with pytest.raises(Refused) as refused:
        club.call(by=club.accounts["ada"])
    assert refused.value.status == 403
    soon = club.hands_now() + timedelta(days=35)
    with pytest.raises(Refused, match="36 days"):
        club.call(vote_ends=soon)
    assert club.call(vote_ends=soon + timedelta(days=2)).slug == "board-2026"
    assert club.call().slug == "board-2026-2"


def test_an_election_with_fewer_than_ten_voters_is_not_called(club: Club) -> None:
    with club.db.transaction() as session:
        for name in ("ada", "ben", "cho"):
            gone = session.get_one(Membership, club.memberships[name])
            gone.state, gone.ended_at = "leaving", club.hands_now() + timedelta(days=1)
    with pytest.raises(Refused, match="at least 10 members"):
        club.call()


def test_the_announcement_waits_for_everything_and_comes_once(club: Club) -> None:
    election = club.call()
    assert refusal(
        club, election, lambda session, found: announcements.announce(session, found, by=club.eli)
    ) == (409, "The time for objections to the roll is not over.")
    club.stand(election, "ada", "ben", "cho")
    club.to(election, "roll_at")
    club.hands.move_to(club.times(election).objections_end)
    assert refusal(
        club, election, lambda session, found: announcements.announce(session, found, by=club.eli)
    ) == (409, "There is no tally key yet.")
    club.secret, public = fresh_tally_key()
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        announcements.set_tally_key(session, found, public, by=club.eli)
    assert refusal(
        club, election, lambda session, found: announcements.announce(session, found, by=club.eli)
    ) == (409, "The tally key was not rehearsed.")
    club.prepare(election)
    with club.db.transaction() as session:
        manifest = announcements.announce(session, session.get_one(Election, election.id), by=club.eli)
    assert box_door.board(election.id) == ()
    for act in (
        lambda session, found: announcements.announce(session, found, by=club.eli),
        lambda session, found: announcements.set_lot(session, found, "another", by=club.eli),
        lambda session, found: announcements.set_tally_key(session, found, public, by=club.eli),
        lambda session, found: calls.postpone(session, found, timedelta(days=1), by=club.eli, reason="x"),
        lambda session, found: rolls.correct(session, found, club.memberships["new"], on_roll=True),
    ):
        assert status(club, election, act) == 409
    with club.db.reading() as session:
        assert credentials.manifest_of(session.get_one(Election, election.id)).hash == manifest.hash


def test_who_is_too_late_to_announce_postpones_first(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.to(election, "roll_at")
    club.prepare(election)
    club.hands.move_to(club.times(election).issue_opens)
    assert (
        "Postpone the election first"
        in refusal(
            club, election, lambda session, found: announcements.announce(session, found, by=club.eli)
        )[1]
    )
    before = club.times(election)
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        calls.postpone(session, found, timedelta(days=2), by=club.eli, reason="We overslept.")
        announcements.announce(session, found, by=club.eli)
    after = club.times(election)
    assert after.vote_ends == before.vote_ends + timedelta(days=2) and after.roll_at == before.roll_at


def test_a_rehearsal_needs_the_words_and_another_key_needs_another_rehearsal(club: Club) -> None:
    election = club.call()
    assert (
        status(
            club, election, lambda session, found: announcements.rehearse(session, found, "a b", by=club.eli)
        )
        == 409
    )
    club.prepare(election)
    assert (
        status(
            club, election, lambda session, found: announcements.rehearse(session, found, "a b", by=club.eli)
        )
        == 422
    )
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        assert found.rehearsed_at is not None
        announcements.set_tally_key(session, found, fresh_tally_key()[1], by=club.eli)
    with club.db.reading() as session:
        found = session.get_one(Election, election.id)
        assert found.rehearsed_at is None and found.challenge is not None
        with pytest.raises(Refused, match="does not open"):
            rehearsal.answered(found.challenge, club.secret)
        with pytest.raises(Refused, match="does not open"):
            rehearsal.answered(b"short", club.secret)


def test_an_objection_is_made_in_its_time_answered_once_and_corrects_the_roll(club: Club) -> None:
    election = club.call()

    def object_as(name: str, text: str = "I am missing.") -> Act:
        return lambda session, found: objections.make(session, found, text, by=club.accounts[name])

    assert status(club, election, object_as("new")) == 403
    club.stand(election, "ada", "ben", "cho")
    club.to(election, "roll_at")
    assert status(club, election, object_as("new", " ")) == 422
    assert status(club, election, lambda s, e: objections.make(s, e, "x", by=club.eli)) == 403
    with club.db.transaction() as session:
        object_as("new")(session, session.get_one(Election, election.id))
    assert status(club, election, object_as("new")) == 409
    with club.db.reading() as session:
        objection = session.scalars(select(Objection.id)).one()
        before = session.get_one(Election, election.id).roll_root

    def answer(text: str = "You are right.", number: int = 13, by: Account = club.eli) -> Act:
        return lambda session, _e: objections.answer(
            session,
            objection,
            upheld=True,
            answer=text,
            correct=(number, True),
            by=by,
        )

    assert status(club, election, answer(by=club.accounts["ada"])) == 403
    assert status(club, election, answer("")) == 422
    assert status(club, election, answer(number=1)) == 409
    club.prepare(election)
    club.hands.move_to(club.times(election).objections_end)
    assert refusal(
        club, election, lambda session, found: announcements.announce(session, found, by=club.eli)
    ) == (409, "An objection to the roll is not answered.")
    with club.db.transaction() as session:
        answer()(session, session.get_one(Election, election.id))
    assert status(club, election, answer()) == 409
    assert status(club, election, object_as("ada")) == 403
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        assert (found.roll_size, found.roll_root != before) == (13, True)
        entry = session.get_one(RollEntry, (election.id, club.memberships["new"]))
        assert entry.number == 13
        assert announcements.announce(session, found, by=club.eli).roll_size == 13


def test_the_roll_never_shrinks_below_ten(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.to(election, "roll_at")
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        for name in ("dee", "eve"):
            rolls.correct(session, found, club.memberships[name], on_roll=False)
        assert found.roll_size == 10
        with pytest.raises(Refused, match="at least 10"):
            rolls.correct(session, found, club.memberships["fay"], on_roll=False)
        with pytest.raises(Refused, match="so already"):
            rolls.correct(session, found, club.memberships["dee"], on_roll=False)


def test_an_election_ends_without_a_result_once_and_with_a_reason(club: Club) -> None:
    election = club.call()
    assert status(club, election, lambda s, e: calls.void(s, e, by=club.eli, reason=" ")) == 422
    with club.db.transaction() as session:
        calls.void(session, session.get_one(Election, election.id), by=club.eli, reason="A mistake.")
    for act in (
        lambda s, e: calls.void(s, e, by=club.eli, reason="again"),
        lambda s, e: announcements.set_lot(s, e, "x", by=club.eli),
        lambda s, e: calls.postpone(s, e, timedelta(days=1), by=club.eli, reason="x"),
        lambda s, e: outcomes.certify(s, e, by=club.eli),
        outcomes.certified,
    ):
        assert status(club, election, act) == 409


def test_the_count_takes_the_right_key_once(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    manifest = club.announce(election)
    names = list(club.accounts)[:10]
    club.to(election, "issue_opens")
    club.draw(election, manifest, *names)
    club.to(election, "vote_opens")
    club.cast(election, {name: [1, 2] for name in names})
    club.to(election, "vote_ends")

    def count(key: str, lot: str = "1") -> Act:
        return lambda session, found: outcomes.count(session, found, key, lot, by=club.eli)

    key = club.secret.hex()
    assert status(club, election, count(key)) == 403
    club.finish(election)
    assert status(club, election, count(fresh_tally_key()[0].hex())) == 422
    assert status(club, election, count("z" * 64)) == 422
    assert status(club, election, count("one word")) == 422
    assert status(club, election, count(key, " ")) == 422
    with club.db.transaction() as session:
        count(key)(session, session.get_one(Election, election.id))
    assert status(club, election, count(key)) == 409


def test_a_review_is_recorded_once_with_an_address(club: Club) -> None:
    with club.db.transaction() as session:
        assert reviewed(session) is None
        for by, address in (("", "https://r.example"), ("A. Reviewer", "http://r.example")):
            with pytest.raises(Refused):
                record(session, by, address)
        record(session, "A. Reviewer", "https://r.example/report")
    with pytest.raises(Refused, match="already"), club.db.transaction() as session:
        record(session, "A. Reviewer", "https://r.example/report")
    with club.db.reading() as session:
        found = reviewed(session)
        assert found is not None and found.by == "A. Reviewer"
        assert len(session.scalars(select(Review)).all()) == 1


def test_two_announcements_at_the_same_time_give_one_manifest(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.to(election, "roll_at")
    club.prepare(election)
    club.hands.move_to(club.times(election).objections_end)

    def attempt(_place: int) -> int:
        try:
            with club.db.transaction() as session:
                found = session.get_one(Election, election.id)
                announcements.announce(session, found, by=club.eli)
            return 200
        except Refused as refused:
            return refused.status

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, range(2))) == [200, 409]
