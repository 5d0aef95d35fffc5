"""Who stands, who supports, who asks: each once, in time, and never an officer."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import powers
from commons.powers import Power
from commons.refusal import Refused
from membership.elections import announcements, calls, candidacies
from membership.elections.models import Candidacy, CandidateQuestion, Election, Seconding
from membership.money.models import Party, PartyData
from tests.membership.elections.club import NAMES, Club

Act = Callable[[Session, Election], object]


def refusal(club: Club, election: Election, act: Act) -> int:
    """The status with which ``act`` is refused; what it did is undone."""
    with pytest.raises(Refused) as refused, club.db.transaction() as session:
        act(session, session.get_one(Election, election.id))
    return refused.value.status


def stand(club: Club, name: str) -> Act:
    return lambda session, election: candidacies.stand(
        session, election, statement="I would.", disclosures="", by=club.accounts[name]
    )


def candidacy(club: Club, name: str) -> uuid.UUID:
    with club.db.reading() as session:
        return session.scalars(select(Candidacy.id).where(Candidacy.name == name.title())).one()


def test_who_has_no_vote_or_holds_elections_does_not_stand(club: Club) -> None:
    election = club.call()
    assert refusal(club, election, stand(club, "new")) == 403
    with club.db.transaction() as session:
        powers.grant(session, club.accounts["ada"], [Power.ELECTIONS], reason="chosen")
    assert refusal(club, election, stand(club, "ada")) == 403
    assert (
        refusal(
            club,
            election,
            lambda session, found: candidacies.nominate(session, found, 13, by=club.accounts["ben"]),
        )
        == 403
    )


def test_who_became_an_officer_after_standing_stops_the_announcement(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")
    club.to(election, "roll_at")
    club.to(election, "objections_end")
    club.prepare(election)
    with club.db.transaction() as session:
        powers.grant(session, club.accounts["ada"], [Power.ELECTIONS], reason="chosen")
    assert (
        refusal(club, election, lambda session, found: announcements.announce(session, found, by=club.eli))
        == 409
    )
    assert (
        refusal(
            club,
            election,
            lambda session, found: calls.void(session, found, by=club.accounts["ada"], reason="I lose"),
        )
        == 403
    )


def test_nominations_are_made_in_their_time_and_for_seats_only(club: Club) -> None:
    election = club.call()
    question = club.call(kind="question", title="Q", question="Q?", options=("Yes", "No"), seats=None)
    assert refusal(club, question, stand(club, "ada")) == 409
    club.stand(election, "ada")
    club.hands.move_to(club.times(election).nominations_end)
    assert refusal(club, election, stand(club, "ben")) == 403
    assert (
        refusal(
            club,
            election,
            lambda session, _e: candidacies.second(session, candidacy(club, "ada"), by=club.accounts["dee"]),
        )
        == 403
    )


def test_a_member_is_proposed_once_and_decides_alone(club: Club) -> None:
    election = club.call()

    def propose(by: str) -> Act:
        return lambda session, found: candidacies.nominate(session, found, 1, by=club.accounts[by])

    with club.db.transaction() as session:
        propose("ben")(session, session.get_one(Election, election.id))
    assert refusal(club, election, propose("cho")) == 409
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        assert candidacies.shown(session, found) == []
        hers = session.scalars(select(Candidacy)).one()
        assert hers.name == str(club.memberships["ada"])
    assert (
        refusal(
            club, election, lambda session, _e: candidacies.second(session, hers.id, by=club.accounts["dee"])
        )
        == 409
    )
    assert (
        refusal(
            club,
            election,
            lambda session, found: candidacies.withdraw(session, found, by=club.accounts["ada"]),
        )
        == 409
    )
    with club.db.transaction() as session:
        stand(club, "ada")(session, session.get_one(Election, election.id))
    assert (
        refusal(
            club,
            election,
            lambda session, found: candidacies.decline(session, found, by=club.accounts["ada"]),
        )
        == 409
    )
    assert refusal(club, election, lambda s, e: candidacies.decline(s, e, by=club.accounts["dee"])) == 404


def test_one_supports_others_and_each_once(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", seconders=("kim",))
    ada = candidacy(club, "ada")

    def second(name: str) -> Act:
        return lambda session, _e: candidacies.second(session, ada, by=club.accounts[name])

    assert [refusal(club, election, second(name)) for name in ("kim", "ada", "new")] == [409, 403, 403]
    with club.db.reading() as session:
        found = session.get_one(Election, election.id)
        assert candidacies.standing(session, found) == []
        assert candidacies.supporters(session, candidacies.find(session, ada)) == 1


def test_two_at_the_same_time_support_and_stand_once(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", seconders=())
    ada = candidacy(club, "ada")

    def attempt(place: int) -> int:
        try:
            with club.db.transaction() as session:
                if place % 2:
                    candidacies.second(session, ada, by=club.accounts["kim"])
                else:
                    candidacies.nominate(
                        session, session.get_one(Election, election.id), 2, by=club.accounts["kim"]
                    )
            return 200
        except Refused as refused:
            return refused.status

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(attempt, range(8)))
    assert answers == [200] * 2 + [409] * 6
    with club.db.reading() as session:
        assert len(session.scalars(select(Seconding)).all()) == 1
        assert len(session.scalars(select(Candidacy)).all()) == 2


def test_two_of_the_same_name_are_told_apart(club: Club) -> None:
    with club.db.transaction() as session:
        party = session.scalars(select(Party).where(Party.account_id == club.accounts["ben"].id)).one()
        session.get_one(PartyData, party.id).name = "Ada"
    election = club.call()
    club.stand(election, "ada", "ben")
    with club.db.reading() as session:
        found = session.get_one(Election, election.id)
        assert [each.name for each in candidacies.standing(session, found)] == ["Ada", "Ada (2)"]


def test_withdrawing_is_for_good_and_passes_over_papers(club: Club) -> None:
    election = club.call(seats=1)
    club.stand(election, "ada", "ben", "cho")
    manifest = club.announce(election)
    club.to(election, "issue_opens")
    club.draw(election, manifest, *NAMES[:10])
    club.to(election, "vote_opens")
    club.cast(election, {name: [1, 2] for name in NAMES[:10]})
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        candidacies.withdraw(session, found, by=club.accounts["ada"])
        assert candidacies.withdrawn_numbers(session, found) == (1,)
    assert (
        refusal(
            club,
            election,
            lambda session, found: candidacies.withdraw(session, found, by=club.accounts["ada"]),
        )
        == 409
    )
    club.finish(election)
    assert (
        refusal(
            club,
            election,
            lambda session, found: candidacies.withdraw(session, found, by=club.accounts["ben"]),
        )
        == 409
    )
    club.count(election)
    assert club.certify(election).outcome["names"] == ["Ben"]  # type: ignore[index]


def test_members_ask_a_few_questions_and_only_the_candidate_answers(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada")
    ada = candidacy(club, "ada")

    def ask(by: str, text: str = "Why?") -> Act:
        return lambda session, _e: candidacies.ask(session, ada, text, by=club.accounts[by])

    for _number in range(3):
        with club.db.transaction() as session:
            ask("ben")(session, election)
    assert refusal(club, election, ask("ben")) == 409
    assert refusal(club, election, ask("cho", " ")) == 422
    assert refusal(club, election, ask("cho", "x" * 1001)) == 422
    assert refusal(club, election, ask("new")) == 403
    with club.db.reading() as session:
        question = session.scalars(select(CandidateQuestion.id)).first()
    assert question is not None
    assert (
        refusal(
            club,
            election,
            lambda session, _e: candidacies.answer(session, question, "So.", by=club.accounts["ben"]),
        )
        == 403
    )
    assert (
        refusal(
            club,
            election,
            lambda session, _e: candidacies.answer(session, ada, "So.", by=club.accounts["ada"]),
        )
        == 404
    )
    club.stand(election, "ben", "cho")
    club.announce(election)
    club.hands.move_to(club.times(election).vote_ends)
    assert refusal(club, election, ask("cho")) == 403
