"""A motion finds supporters, is voted on by the machinery of elections, and is carried out by itself."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from commons import clock, language, minutes
from commons.accounts import Account
from commons.db import Database
from commons.refusal import Refused
from membership.assembly import motions
from membership.assembly.models import CARRIED, FAILED, PROPOSED, WITHDRAWN, Motion, MotionSupport
from membership.books import surplus
from membership.books.models import APPROVED
from membership.elections import calls
from membership.elections.models import CERTIFIED, VOID, Candidacy, Election
from membership.members import statute_words, statutes
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from tests.membership.members.conftest import Join, Officers, account_of

from .conftest import Voter

OUTCOME = {
    "elected": [],
    "names": [],
    "turnout": 9,
    "roll": 10,
    "valid": 9,
    "quorum_reached": True,
    "carried": True,
    "vacant": 0,
}


def moved(db: Database, by: Account, **what: object) -> uuid.UUID:
    with db.transaction() as session:
        made = motions.move(session, title="More ferries", reasons="They are late.", by=by, **what)  # type: ignore[arg-type]
        return made.id


def supported(db: Database, motion_id: uuid.UUID, *by: Account) -> None:
    for account in by:
        with db.transaction() as session:
            motions.support(session, motion_id, account)


def put(db: Database, motion_id: uuid.UUID, officers: Officers) -> uuid.UUID:
    with db.transaction() as session:
        return motions.put(session, motion_id, officers.eli).id


def ended(db: Database, election_id: uuid.UUID, *, carried: bool | None) -> None:
    """The vote is over: certified with that outcome, or void."""
    state = VOID if carried is None else CERTIFIED
    outcome = None if carried is None else OUTCOME | {"carried": carried}
    with db.transaction() as session:
        session.execute(
            update(Election).where(Election.id == election_id).values(state=state, outcome=outcome)
        )


def state_of(db: Database, motion_id: uuid.UUID) -> Motion:
    with db.reading() as session:
        return motions.find(session, motion_id)


def test_who_has_no_vote_yet_moves_nothing(db: Database, officers: Officers, join: Join) -> None:
    fresh = account_of(db, join("fresh"))
    for somebody in (fresh, officers.edith):
        with pytest.raises(Refused) as refused:
            moved(db, somebody)
        assert refused.value.status == 403


def test_the_mover_is_the_first_supporter_and_nobody_supports_twice(db: Database, voter: Voter) -> None:
    ada, ben = voter("ada"), voter("ben")
    motion_id = moved(db, ada)
    supported(db, motion_id, ben)
    for account in (ada, ben):
        with pytest.raises(Refused) as refused:
            supported(db, motion_id, account)
        assert refused.value.status == 409
    with db.reading() as session:
        assert motions.supporters(session, motions.find(session, motion_id)) == 2


def test_twenty_clicks_at_once_are_one_supporter(db: Database, voter: Voter) -> None:
    motion_id, ben = moved(db, voter("ada")), voter("ben")

    def click(_number: int) -> bool:
        try:
            supported(db, motion_id, ben)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(click, range(20))) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(MotionSupport)) == 2


def test_a_motion_is_put_to_the_vote_once_and_with_enough_supporters(
    db: Database, officers: Officers, electorate: list[Account]
) -> None:
    motion_id = moved(db, electorate[0])
    supported(db, motion_id, electorate[1])
    with pytest.raises(Refused) as refused:
        put(db, motion_id, officers)
    assert refused.value.status == 409
    supported(db, motion_id, electorate[2])
    with pytest.raises(Refused) as refused, db.transaction() as session:
        motions.put(session, motion_id, officers.edith)
    assert refused.value.status == 403
    election_id = put(db, motion_id, officers)
    with pytest.raises(Refused) as refused:
        put(db, motion_id, officers)
    assert refused.value.status == 409
    with db.reading() as session:
        election = session.get_one(Election, election_id)
        answers = session.scalars(select(Candidacy.name).where(Candidacy.election_id == election_id))
        assert (election.kind, election.majority_percent, sorted(answers)) == ("question", 50, ["No", "Yes"])


def test_only_the_mover_withdraws_it_and_only_before_the_vote(
    db: Database, officers: Officers, electorate: list[Account]
) -> None:
    ada, ben, cem = electorate[:3]
    motion_id = moved(db, ada)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        motions.withdraw(session, motion_id, ben)
    assert refused.value.status == 403
    with db.transaction() as session:
        assert motions.withdraw(session, motion_id, ada).state == WITHDRAWN
    with pytest.raises(Refused) as refused:
        supported(db, motion_id, ben)
    assert refused.value.status == 409
    other = moved(db, ada)
    supported(db, other, ben, cem)
    put(db, other, officers)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        motions.withdraw(session, other, ada)
    assert refused.value.status == 409


def test_each_of_the_statutes_has_words_for_people() -> None:
    assert set(statute_words.WORDS) == set(statutes.NAMES)


def test_a_carried_change_of_the_statutes_holds_from_its_day_on(
    db: Database, officers: Officers, electorate: list[Account]
) -> None:
    day = clock.now().date() + timedelta(days=60)
    motion_id = moved(db, electorate[0], statute=("notice_months", 1, day))
    supported(db, motion_id, *electorate[1:3])
    election_id = put(db, motion_id, officers)
    with db.reading() as session:
        election = session.get_one(Election, election_id)
        assert election.majority_percent == 75
        assert election.question.endswith(
            f"Notice before one leaves, in months: 1, from {language.day(day)} on."
        )
    assert motions.decide_due() == 0
    ended(db, election_id, carried=True)
    assert motions.decide_due() == 1
    assert motions.decide_due() == 0
    with db.reading() as session:
        assert statutes.at(session, day).notice_months == 1
        assert statutes.at(session, day - timedelta(days=1)).notice_months == 3
        assert minutes.verify(session) is None
    assert state_of(db, motion_id).state == CARRIED


def test_what_is_not_carried_changes_nothing(
    db: Database, officers: Officers, electorate: list[Account]
) -> None:
    day = clock.now().date()
    motion_id = moved(db, electorate[0], statute=("notice_months", 1, day))
    supported(db, motion_id, *electorate[1:3])
    ended(db, put(db, motion_id, officers), carried=False)
    motions.decide_due()
    assert state_of(db, motion_id).state == FAILED
    with db.reading() as session:
        assert statutes.at(session, day).notice_months == 3


def test_a_void_vote_gives_the_motion_back_and_it_is_put_again(
    db: Database, officers: Officers, electorate: list[Account], app: Flask
) -> None:
    day = clock.now().date()
    motion_id = moved(db, electorate[0], statute=("notice_months", 1, day))
    supported(db, motion_id, *electorate[1:3])
    void = put(db, motion_id, officers)
    with db.transaction() as session:
        calls.void(session, session.get_one(Election, void), by=officers.eli, reason="The roll was wrong.")
    assert (motions.decide_due(), motions.decide_due()) == (1, 0)
    given_back = state_of(db, motion_id)
    assert (given_back.state, given_back.election_id, given_back.decided_at) == (PROPOSED, None, None)
    with db.reading() as session:
        assert motions.supporters(session, given_back) == 3
        line, _details = next(minutes.lines(session))
        assert (line.body["verb"], line.body["on"]) == ("give a motion back", motions.address(given_back))
    page = app.test_client().get(f"/assembly/motions/{motion_id}").text
    assert "The vote on it was void. It can be put to a vote again." in page and "The roll was wrong." in page
    again = put(db, motion_id, officers)
    assert again != void
    ended(db, again, carried=True)
    assert motions.decide_due() == 1
    decided = state_of(db, motion_id)
    assert (decided.state, decided.hindrance) == (CARRIED, "")
    with db.reading() as session:
        assert statutes.at(session, day).notice_months == 1


@pytest.mark.parametrize("change", [("no_such", 1), ("notice_months", 61), ("notice_months", -1)])
def test_what_could_not_be_carried_out_is_not_moved(
    db: Database, voter: Voter, change: tuple[str, int]
) -> None:
    with pytest.raises(Refused):
        moved(db, voter("ada"), statute=(*change, date(2030, 1, 1)))


def proposed(db: Database, officers: Officers) -> uuid.UUID:
    """The treasurer proposes what to do with last year's surplus of 100 euros."""
    year = clock.now().year - 1
    with db.transaction() as session:
        lines = [Line("assets:bank", Money(10_000, "EUR")), Line("income:gifts", Money(-10_000, "EUR"))]
        ledger.post(session, kind="test", lines=lines, cause=("test", uuid.uuid4()), on=date(year, 5, 1))
        number = minutes.write(session, public={"verb": "test"}, private={}).number
        return surplus.propose(
            session, year, number, reserve=Money(10_000, "EUR"), refund=Money(0, "EUR"), by=officers.tom
        ).id


def test_a_carried_use_of_the_surplus_is_booked_once(
    db: Database, officers: Officers, electorate: list[Account]
) -> None:
    proposal = proposed(db, officers)
    motion_id = moved(db, electorate[0], surplus_id=proposal)
    with pytest.raises(Refused) as refused:
        moved(db, electorate[1], surplus_id=proposal)
    assert refused.value.status == 409
    supported(db, motion_id, *electorate[1:3])
    ended(db, put(db, motion_id, officers), carried=True)
    motions.decide_due()
    motions.decide_due()
    with db.reading() as session:
        assert surplus.find(session, proposal).state == APPROVED
        assert ledger.balance(session, "equity:reserve", "EUR") == -10_000
    with pytest.raises(Refused) as refused:
        moved(db, electorate[1], surplus_id=proposal)
    assert refused.value.status == 409


def test_what_became_impossible_stays_undone_and_says_so(
    db: Database, officers: Officers, electorate: list[Account]
) -> None:
    proposal = proposed(db, officers)
    motion_id = moved(db, electorate[0], surplus_id=proposal)
    supported(db, motion_id, *electorate[1:3])
    election_id = put(db, motion_id, officers)
    with db.transaction() as session:
        surplus.reject(session, proposal, officers.tina)
    ended(db, election_id, carried=True)
    motions.decide_due()
    motion = state_of(db, motion_id)
    assert (motion.state, bool(motion.hindrance)) == (CARRIED, True)
    with db.reading() as session:
        assert ledger.balance(session, "equity:reserve", "EUR") == 0


def test_no_page_names_who_moved_or_supports_it(db: Database, voter: Voter, app: object) -> None:
    motion_id = moved(db, voter("ada"))
    supported(db, motion_id, voter("ben"))
    client = app.test_client()  # type: ignore[attr-defined]
    for path in ("/assembly", f"/assembly/motions/{motion_id}"):
        page = client.get(path)
        assert page.status_code == 200
        assert "ada" not in page.text.lower().replace("adapt", "")
        assert "ben@" not in page.text
