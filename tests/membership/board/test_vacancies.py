"""A seat that falls vacant: counted back from the published ballots, offered, accepted, or open."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from commons import clock, mail, powers
from commons.accounts import Account
from commons.clock import now
from commons.db import Database
from commons.powers import Power
from commons.refusal import Refused
from membership.board import seats, vacancies
from membership.board.models import Offer, Seat, Vacancy
from membership.elections.models import Election
from membership.members import statutes
from membership.members.models import Membership

from ..elections.protocol.world import world, written
from .conftest import NOWHERE, Elect, People, account, certify, seat_of, sitting

# Two seats: Ada and Ben are elected. Papers for Ada name Cho next, then Dee.
RANKINGS = [[1, 3, 4], [1, 3, 4], [1, 3], [1, 4], [2, 1], [2, 3], [2], [3, 4], [4]]
Voted = Callable[..., Election]


@pytest.fixture
def voted(db: Database, people: People) -> Voted:
    """``voted()``: Ada, Ben, Cho and Dee stood for two seats; the ballots are published."""

    def election(rankings: list[list[int]] = RANKINGS, **columns: object) -> Election:
        made = world(candidates=["Ada", "Ben", "Cho", "Dee"], seats=2)
        for member, ranking in enumerate(rankings, 1):
            made.vote(member, ranking)
        made.close()
        package = made.package()
        assert package["outcome"]["names"] == ["Ada", "Ben"]
        with db.transaction() as session:
            found = certify(
                session,
                [people["ada"], people["ben"]],
                [people["cho"], people["dee"]],
                package=written(package),
                **columns,
            )
        seats.seat_due()
        return found

    return election


def resign(db: Database, people: People, name: str) -> Seat:
    seat = seat_of(db, name)
    with db.transaction() as session:
        seats.resign(session, seat.id, by=account(db, people, name.lower()))
    return seat


def state(db: Database, seat: Seat) -> str:
    with db.reading() as session:
        return session.get_one(Vacancy, seat.id).state


def offer_to(db: Database, people: People, name: str) -> Offer:
    with db.reading() as session:
        (offer,) = vacancies.offered_to(session, account(db, people, name))
        return offer


def answer(db: Database, people: People, name: str, accepts: bool) -> None:
    offer = offer_to(db, people, name)
    with db.transaction() as session:
        vacancies.answer(session, offer.id, accepts=accepts, by=account(db, people, name))


def fix(db: Database, name: str, value: int) -> None:
    with db.transaction() as session:
        statutes.change(session, name, value, statutes.today(now()), "Assembly")


def test_the_seat_is_offered_to_whom_the_ballots_name_next(
    db: Database, voted: Voted, people: People
) -> None:
    voted()
    vacant = resign(db, people, "Ada")
    assert vacancies.fill_due() == 1
    assert state(db, vacant) == "offered"
    offer = offer_to(db, people, "cho")
    assert offer.record == {"left": 1, "sitting": [2], "others": []}
    with db.reading() as session:
        found = vacancies.recount(session, session.get_one(Offer, offer.id))
        assert found.count is not None
        assert (found.winner, found.count.name(3)) == (3, "Cho")
        letter = session.scalars(select(mail.Letter).where(mail.Letter.letter == "board_offer")).one()
        assert letter.to == "cho@example.org"
    assert sitting(db) == ["Ben"]
    assert vacancies.fill_due() == 0


def test_who_accepts_sits_for_the_rest_of_the_term_with_its_power(
    db: Database, voted: Voted, people: People
) -> None:
    voted()
    vacant = resign(db, people, "Ada")
    vacancies.fill_due()
    answer(db, people, "cho", accepts=True)
    cho = seat_of(db, "Cho")
    assert sitting(db) == ["Ben", "Cho"]
    assert (cho.ends_at, cho.follows_id, cho.how) == (vacant.ends_at, vacant.id, "countback")
    assert state(db, vacant) == "filled"
    with db.reading() as session:
        assert Power.PUBLISH in powers.held(session, account(db, people, "cho"))


def test_who_declines_is_passed_over_and_then_the_seat_is_open(
    db: Database, voted: Voted, people: People
) -> None:
    voted()
    vacant = resign(db, people, "Ada")
    vacancies.fill_due()
    answer(db, people, "cho", accepts=False)
    assert state(db, vacant) == "due"
    vacancies.fill_due()
    assert offer_to(db, people, "dee").record["others"] == [3]
    answer(db, people, "dee", accepts=False)
    vacancies.fill_due()
    assert state(db, vacant) == "open"
    assert sitting(db) == ["Ben"]


def test_who_does_not_answer_in_time_is_passed_over(
    db: Database, voted: Voted, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    voted()
    vacant = resign(db, people, "Ada")
    vacancies.fill_due()
    offer = offer_to(db, people, "cho")
    monkeypatch.setattr(clock, "shift", timedelta(days=14, seconds=1))
    cho = account(db, people, "cho")
    with pytest.raises(Refused, match="to answer is over") as refusal, db.transaction() as session:
        vacancies.answer(session, offer.id, accepts=True, by=cho)
    assert refusal.value.status == 403
    assert vacancies.fill_due() == 2
    assert offer_to(db, people, "dee").seat_id == vacant.id


def test_nobody_answers_for_another(db: Database, voted: Voted, people: People) -> None:
    voted()
    resign(db, people, "Ada")
    vacancies.fill_due()
    offer = offer_to(db, people, "cho")
    for name in ("ada", "dee"):
        with pytest.raises(Refused, match="No seat is offered"), db.transaction() as session:
            vacancies.answer(session, offer.id, accepts=True, by=account(db, people, name))


def test_who_is_no_member_any_more_is_passed_over(db: Database, voted: Voted, people: People) -> None:
    voted()
    with db.transaction() as session:
        session.get_one(Membership, people["cho"].id).ended_at = now()
    resign(db, people, "Ada")
    vacancies.fill_due()
    assert offer_to(db, people, "dee").record["others"] == [3]


def test_who_left_is_not_asked_again_when_another_seat_falls_vacant(
    db: Database, voted: Voted, people: People
) -> None:
    voted()
    resign(db, people, "Ada")
    vacancies.fill_due()
    answer(db, people, "cho", accepts=True)
    resign(db, people, "Ben")
    vacancies.fill_due()
    assert offer_to(db, people, "dee").record == {"left": 2, "sitting": [3], "others": [1]}


def test_the_seat_of_who_came_by_countback_is_counted_back_too(
    db: Database, voted: Voted, people: People
) -> None:
    voted()
    resign(db, people, "Ada")
    vacancies.fill_due()
    answer(db, people, "cho", accepts=True)
    resign(db, people, "Cho")
    vacancies.fill_due()
    answer(db, people, "dee", accepts=True)
    assert sitting(db) == ["Ben", "Dee"]


@pytest.mark.parametrize("columns", [{"each": True}])
def test_where_each_was_voted_on_alone_there_is_nobody_to_find(
    db: Database, voted: Voted, people: People, columns: dict[str, bool]
) -> None:
    voted(**columns)
    vacant = resign(db, people, "Ada")
    vacancies.fill_due()
    assert state(db, vacant) == "open"


def test_without_published_ballots_the_seat_is_open(db: Database, elect: Elect, people: People) -> None:
    elect("ada", "ben")
    vacant = resign(db, people, "Ada")
    vacancies.fill_due()
    assert state(db, vacant) == "open"


def test_statutes_without_countback_leave_the_seat_open(db: Database, voted: Voted, people: People) -> None:
    fix(db, "countback", 0)
    voted()
    vacant = resign(db, people, "Ada")
    vacancies.fill_due()
    assert state(db, vacant) == "open"


def test_a_vacancy_is_over_with_the_term(
    db: Database, voted: Voted, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    voted()
    vacant = resign(db, people, "Ada")
    monkeypatch.setattr(clock, "shift", vacant.ends_at - clock.now() + timedelta(seconds=1))
    assert vacancies.fill_due() == 1
    assert state(db, vacant) == "over"


def test_an_election_that_fills_the_seat_takes_the_offer_back(
    db: Database, voted: Voted, elect: Elect, people: People
) -> None:
    fix(db, "board_seats", 2)
    voted()
    vacant = resign(db, people, "Ada")
    vacancies.fill_due()
    elect("eve")
    assert state(db, vacant) == "filled"
    assert sitting(db) == ["Ben", "Eve"]
    with db.reading() as session:
        assert vacancies.offered_to(session, account(db, people, "cho")) == []


def test_accepting_twice_at_once_seats_once(db: Database, voted: Voted, people: People) -> None:
    voted()
    resign(db, people, "Ada")
    vacancies.fill_due()
    offer, cho = offer_to(db, people, "cho"), account(db, people, "cho")
    start, said = threading.Barrier(2), []

    def accept() -> None:
        start.wait()
        try:
            with db.transaction() as session:
                vacancies.answer(session, offer.id, accepts=True, by=session.get_one(Account, cho.id))
        except Refused as refused:
            said.append(refused.status)

    both = [threading.Thread(target=accept) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert said == [403]
    assert sitting(db) == ["Ben", "Cho"]


def test_two_workers_at_once_make_one_offer(db: Database, voted: Voted, people: People) -> None:
    voted()
    resign(db, people, "Ada")
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        vacancies.fill_due()

    both = [threading.Thread(target=work) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    with db.reading() as session:
        assert len(session.scalars(select(Offer)).all()) == 1


def test_a_countback_that_there_is_not_is_not_found(db: Database) -> None:
    with pytest.raises(Refused) as refusal, db.reading() as session:
        vacancies.find_offer(session, NOWHERE)
    assert refusal.value.status == 404
