"""An election from its call to its certificate, and what the clock alone does to it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from commons.mail import Letter
from commons.minutes import Minute
from commons.refusal import Refused
from membership.elections import calls, candidacies, mailings, outcomes, rolls, schedule, timetable
from membership.elections.models import Election, Issuance, RollEntry
from membership.elections.protocol.verify import summary, verify
from membership.members import shares
from membership.members.models import SUPPORTER, Membership, StatuteChange
from tests.membership.elections.club import Club

SEVEN = ("ada", "ben", "cho", "dee", "eve", "fay", "gus")


def test_an_election_goes_from_its_call_to_its_certificate(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    manifest = club.announce(election)
    assert manifest.candidates == ("Ada", "Ben", "Cho") and manifest.roll_size == 12
    rankings = {name: [1, 2] for name in SEVEN}
    club.vote(election, manifest, rankings | {"hal": [2], "ina": [2], "jon": [2, 3], "kim": []})
    club.count(election)
    club.certify(election)
    with club.db.reading() as session:
        certified = session.get_one(Election, election.id)
        found = outcomes.certified(session, certified)
        assert [each.name for each in found.elected] == ["Ada", "Ben"]
        assert (found.turnout, found.quorum_reached, found.carried, found.vacant) == (11, True, None, 0)
        assert certified.package is not None and certified.outcome is not None
        told = verify(certified.package, manifest.hash, bytes.fromhex(certified.outcome["root"]))
        assert "Elected: Ada, Ben" in summary(told)
        assert session.scalars(select(Issuance.answer)).all() == [None] * 11


def test_every_use_of_the_power_stands_in_the_minutes(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.whole(election, {name: [1] for name in NAMED_TEN})
    with club.db.reading() as session:
        lines = [each.body for each in session.scalars(select(Minute).order_by(Minute.number))]
    told = [
        each["verb"] for each in lines if each.get("on") == f"http://127.0.0.1:8000/elections/{election.slug}"
    ]
    assert told == [
        "call an election",
        "set the tally key",
        "rehearse the tally key",
        "name the source of lots",
        "announce an election",
        "count an election",
        "certify an election",
    ]


NAMED_TEN = (*SEVEN, "hal", "ina", "jon")


def test_each_step_is_told_to_everybody_by_letter_once(club: Club) -> None:
    def letters(name: str) -> int:
        while mailings.write_due():
            pass
        with club.db.reading() as session:
            return len(session.scalars(select(Letter).where(Letter.letter == name)).all())

    election = club.call()
    # ``new`` has no vote, so the call is not for her.
    assert letters("election_called") == 12 and letters("election_called") == 12
    club.stand(election, "ada", "ben", "cho")
    manifest = club.announce(election)
    assert letters("election_roll") == 12
    club.to(election, "issue_opens")
    assert letters("election_issuing") == 12
    club.draw(election, manifest, *NAMED_TEN)
    club.to(election, "vote_opens")
    assert letters("election_voting") == 12
    club.cast(election, {name: [1] for name in NAMED_TEN})
    club.finish(election)
    club.count(election)
    club.certify(election)
    assert letters("election_result") == 12
    with club.db.reading() as session:
        body = session.scalars(select(Letter.body).where(Letter.letter == "election_issuing")).first()
    assert body is not None and manifest.hash.hex() in body


def test_the_state_is_that_of_the_clock_though_no_worker_runs(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.announce(election)
    times = club.times(election)
    for moment, state in [
        (times.objections_end, "nominations"),
        (times.issue_opens, "issuing"),
        (times.vote_opens - timedelta(seconds=1), "issuing"),
        (times.vote_opens, "voting"),
        (times.vote_ends - timedelta(seconds=1), "voting"),
        (times.vote_ends, "closed"),
    ]:
        with club.db.reading() as session:
            assert timetable.phase(session.get_one(Election, election.id), moment) == state


def test_the_roll_is_that_of_its_moment_however_late_the_job_runs(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    times = club.times(election)
    with club.db.transaction() as session:
        gone = session.get_one(Membership, club.memberships["dee"])
        gone.state, gone.ended_at = "leaving", times.roll_at - timedelta(seconds=1)
        kept = session.get_one(Membership, club.memberships["eve"])
        kept.state, kept.ended_at = "leaving", times.roll_at + timedelta(seconds=1)
        session.get_one(Membership, club.memberships["new"]).joined_at = times.roll_at - timedelta(days=30)
    club.to(election, "roll_at", timedelta(days=3))
    with club.db.reading() as session:
        roll = set(session.scalars(select(RollEntry.membership_id)))
    names = {name for name, membership in club.memberships.items() if membership in roll}
    assert "dee" not in names and {"eve", "new"} < names and len(names) == 12


def test_who_owes_what_is_due_on_her_shares_is_not_on_the_roll_and_draws_nothing(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    with club.db.transaction() as session:
        shares.subscribe(session, session.get_one(Membership, club.memberships["dee"]))
    manifest = club.announce(election)
    club.to(election, "issue_opens")
    with pytest.raises(Refused, match="not on the roll") as refused:
        club.draw(election, manifest, "dee")
    assert refused.value.status == 403
    club.draw(election, manifest, "eve")


def test_supporters_vote_only_where_the_statutes_say_so(club: Club) -> None:
    with club.db.transaction() as session:
        session.get_one(Membership, club.memberships["ada"]).class_ = SUPPORTER
        at = club.hands_now()
        assert club.memberships["ada"] in rolls.eligible(session, at)
        session.add(
            StatuteChange(name="supporters_vote", value=0, valid_from=at.date(), decided_in="assembly")
        )
        session.flush()
        assert club.memberships["ada"] not in rolls.eligible(session, at)


def test_where_nobody_stands_nominations_open_again_once_and_then_it_is_void(club: Club) -> None:
    election = club.call()
    first = club.times(election)
    club.to(election, "roll_at")
    again = club.times(election)
    assert again.nominations_end == first.nominations_end + timedelta(days=7)
    assert again.vote_ends - again.roll_at == first.vote_ends - first.roll_at
    assert schedule.timetable_due() == 0
    club.to(election, "roll_at")
    with club.db.reading() as session:
        found = session.get_one(Election, election.id)
        assert (found.state, found.void_because, found.roll_size) == ("void", "Nobody stands.", None)


def test_too_few_members_at_the_freeze_end_the_election(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    with club.db.transaction() as session:
        for name in ("dee", "eve", "fay"):
            gone = session.get_one(Membership, club.memberships[name])
            gone.state, gone.ended_at = "leaving", club.times(election).roll_at
    club.to(election, "roll_at")
    with club.db.reading() as session:
        found = session.get_one(Election, election.id)
        assert found.state == "void" and "at least 10 members" in found.void_because


@pytest.mark.parametrize("drawn", [1, 2])
def test_a_board_election_without_quorum_is_repeated_once_and_then_needs_none(club: Club, drawn: int) -> None:
    with club.db.transaction() as session:
        session.add(
            StatuteChange(
                name="quorum_percent", value=50, valid_from=club.hands_now().date(), decided_in="assembly"
            )
        )
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    votes = {name: [1, 2] for name in SEVEN[:5]}
    club.vote(election, club.announce(election), votes)
    club.count(election)
    club.count(election, by=club.ola)
    assert club.certify(election).state == "void"
    with club.db.reading() as session:
        again = session.scalars(select(Election).where(Election.repeats_id == election.id)).one()
        names = [each.name for each in candidacies.standing(session, again)]
        assert (again.quorum_percent, names) == (0, ["Ada", "Ben", "Cho"])
        assert outcomes.of(session, session.get_one(Election, election.id)) is None
    club.vote(again, club.announce(again), {name: [1, 2] for name in SEVEN[:drawn]})
    club.count(again)
    club.count(again, by=club.ola)
    assert club.certify(again).state == "certified"
    with club.db.transaction() as session:
        found = session.get_one(Election, again.id)
        assert len(outcomes.certified(session, found).elected) == 2
        with pytest.raises(Exception, match="repeated once"):
            calls.repeat(session, found, None)
