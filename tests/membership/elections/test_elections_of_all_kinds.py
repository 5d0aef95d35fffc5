"""Uncontested seats, one seat, several with re-opening, questions, and elections with few ballots."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from commons.refusal import Refused
from membership.elections import calls, counting, outcomes
from membership.elections.models import Election
from membership.elections.outcomes import Outcome
from membership.elections.protocol.verify import summary, verify
from membership.members.models import StatuteChange
from tests.membership.elections.club import NAMES, Club
from wsgi import create_app

TEN = NAMES[:10]


def found(club: Club, election: Election) -> Outcome:
    with club.db.reading() as session:
        return outcomes.certified(session, session.get_one(Election, election.id))


def fix(club: Club, session: Session, **values: int) -> None:
    """The statutes have these values from today on."""
    day = club.hands_now().date()
    session.add_all(
        StatuteChange(name=name, value=value, valid_from=day, decided_in="assembly")
        for name, value in values.items()
    )


def test_with_no_more_candidates_than_seats_each_needs_more_than_half(club: Club) -> None:
    election = club.call(seats=3)
    club.stand(election, "ada", "ben")
    manifest = club.announce(election)
    assert manifest.each and manifest.rule == "approval" and manifest.reopens == 3
    assert manifest.candidates[2] == "None of them: re-open nominations"
    # Ten vote: one blank, so 9 are valid. Ada is marked by 6, Ben by 4.
    votes = {name: [1] for name in TEN[:3]} | {name: [1, 2] for name in TEN[3:6]}
    votes |= {TEN[6]: [2], TEN[7]: [3], TEN[8]: [3], TEN[9]: []}
    club.vote(election, manifest, votes)
    club.count(election)
    club.certify(election)
    outcome = found(club, election)
    assert [each.name for each in outcome.elected] == ["Ada"] and outcome.vacant == 2


def test_for_one_seat_re_opening_is_a_candidate_and_leaves_the_seat_vacant(club: Club) -> None:
    election = club.call(seats=1)
    club.stand(election, "ada", "ben")
    manifest = club.announce(election)
    assert (manifest.rule, manifest.candidates[2], manifest.reopens) == ("irv", "Re-open nominations", 3)
    club.vote(election, manifest, {name: [3, 1] for name in TEN[:6]} | {name: [1] for name in TEN[6:]})
    club.count(election)
    club.certify(election)
    assert (found(club, election).elected, found(club, election).vacant) == ((), 1)


def test_for_several_seats_re_opening_is_off_unless_the_statutes_say_so(club: Club) -> None:
    election = club.call(seats=2)
    club.stand(election, "ada", "ben", "cho")
    assert club.announce(election).reopens == 0


def test_for_several_seats_re_opening_takes_seats_by_its_own_rule(club: Club) -> None:
    with club.db.transaction() as session:
        fix(club, session, board_ron=1)
    election = club.call(seats=2)
    club.stand(election, "ada", "ben", "cho")
    manifest = club.announce(election)
    assert manifest.reopens == 4 and manifest.takes_seats == 4
    club.vote(election, manifest, {name: [4] for name in TEN[:8]} | {name: [1] for name in TEN[8:]})
    club.count(election)
    club.certify(election)
    assert (found(club, election).elected, found(club, election).vacant) == ((), 2)
    with club.db.reading() as session:
        package = session.get_one(Election, election.id).package
    assert package is not None
    told = verify(package, manifest.hash)
    assert "Elected: nobody" in summary(told) and "Vacant seats: 2" in summary(told)
    copies: str = told.package["files"]["ballots-copies.blt"]  # type: ignore[index]
    assert copies.startswith("5 2\n")
    reader, address = create_app().test_client(), f"/elections/{election.slug}"
    page = reader.get(address).text
    assert f"{address}/files/ballots-copies.blt" in page and "--reopens 4" in page
    assert reader.get(f"{address}/files/ballots-copies.blt").text == copies


@pytest.mark.parametrize(("yes", "majority", "carried"), [(6, 50, True), (5, 50, False), (6, 67, False)])
def test_a_question_is_carried_by_its_majority(club: Club, yes: int, majority: int, carried: bool) -> None:
    election = club.call(
        kind="question",
        title="Ferries",
        question="More ferries?",
        options=("Yes", "No"),
        seats=None,
        majority_percent=majority,
    )
    manifest = club.announce(election)
    assert (manifest.ranks, manifest.rule, manifest.candidates) == (1, "plurality", ("Yes", "No"))
    club.vote(election, manifest, {name: [1 if place < yes else 2] for place, name in enumerate(TEN)})
    club.count(election)
    club.certify(election)
    assert found(club, election).carried is carried


def test_a_question_without_quorum_is_not_carried_and_not_repeated(club: Club) -> None:
    election = club.call(
        kind="question",
        title="Ferries",
        question="More?",
        options=("Yes", "No"),
        seats=None,
        quorum_percent=90,
    )
    club.whole(election, {name: [1] for name in TEN})
    outcome = found(club, election)
    assert (outcome.carried, outcome.quorum_reached) == (False, False)


def test_of_more_than_two_answers_one_is_chosen_by_ranking(club: Club) -> None:
    election = club.call(
        kind="question", title="Colour", question="Which?", options=("Red", "Green", "Blue"), seats=None
    )
    club.whole(election, {name: [1] for name in TEN[:4]} | {name: [3, 2] for name in TEN[4:]})
    outcome = found(club, election)
    assert ([each.name for each in outcome.elected], outcome.carried) == (["Blue"], None)


def test_fewer_ballots_than_may_be_published_are_counted_by_two_officers(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.vote(election, club.announce(election), {name: [1, 2] for name in TEN[:9]})
    club.count(election)
    with club.db.reading() as session:
        first = session.get_one(Election, election.id)
        assert first.state == "closed" and first.package is None
    club.count(election)  # the same officer again: still one
    with pytest.raises(Refused, match="Only a counted election"):
        club.certify(election)
    club.count(election, by=club.ola)
    club.certify(election)
    assert [each.name for each in found(club, election).elected] == ["Ada", "Ben"]
    with club.db.reading() as session:
        counted = session.get_one(Election, election.id)
        assert counted.package is None and counted.blt is None and counted.outcome is not None
        assert counted.outcome["published"] is False and counted.outcome["turnout"] == 9
        with pytest.raises(Refused, match="not counted yet"):
            counting.package_of(session, election.slug)


def test_two_counts_with_different_lots_do_not_stand(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.vote(election, club.announce(election), {name: [1, 2] for name in TEN[:9]})
    club.count(election, lot="17")
    with pytest.raises(Refused, match="counts differ"):
        club.count(election, by=club.ola, lot="71")
    club.count(election, by=club.ola, lot="17")
    club.certify(election)
    assert found(club, election).turnout == 9


def test_staggered_terms_put_one_half_up_after_the_other(club: Club) -> None:
    assert club.call(seats=None).seats == 7
    with club.db.transaction() as session:
        fix(club, session, staggered=1)
        fixed = calls.fixed_now(session)
        up = []
        for place in range(4):
            up.append(calls.seats_up(session, fixed))
            moment = club.hands_now() + timedelta(days=place)
            session.add(
                Election(slug=f"b{place}", title="B", seats=up[-1], state="certified", certified_at=moment)
            )
            session.flush()
        assert up == [7, 3, 4, 3]
