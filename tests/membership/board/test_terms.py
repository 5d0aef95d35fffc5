"""When terms begin and end: nobody's is cut short, vacant seats are filled for the rest of theirs."""

from datetime import timedelta

import pytest

from commons import clock
from commons.clock import now
from commons.db import Database
from membership.board import seats, vacancies
from membership.board.models import Seat, Vacancy
from membership.board.terms import terms
from membership.members import statutes

from .conftest import Elect, People, account, seat_of, sitting


def fix(db: Database, **values: int) -> None:
    with db.transaction() as session:
        for name, value in values.items():
            statutes.change(session, name, value, statutes.today(now()), "Assembly")


def pass_to(monkeypatch: pytest.MonkeyPatch, moment: object) -> None:
    monkeypatch.setattr(clock, "shift", moment - clock.now() + clock.shift)  # type: ignore[operator]


def resign(db: Database, people: People, name: str) -> Seat:
    seat = seat_of(db, name)
    with db.transaction() as session:
        seats.resign(session, seat.id, by=account(db, people, name.lower()))
    vacancies.fill_due()  # no ballots are published here, so the seat is open
    return seat


def test_with_staggered_terms_the_later_half_of_the_first_board_gets_half_a_term(
    db: Database, elect: Elect
) -> None:
    fix(db, board_seats=5, staggered=1)
    elect("ada", "ben", "cho", "dee", "eve")
    whole = seat_of(db, "Ada").ends_at
    half = seat_of(db, "Eve").ends_at
    assert [seat_of(db, name).ends_at for name in ("Ben", "Cho", "Dee")] == [whole, whole, half]
    today = statutes.today(now())
    assert statutes.today(half - timedelta(seconds=1)) == statutes.months_after(today, 12)
    assert statutes.today(whole - timedelta(seconds=1)) == statutes.months_after(today, 24)


def test_the_next_half_follows_with_a_whole_term_and_the_others_stay(
    db: Database, elect: Elect, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix(db, board_seats=3, staggered=1)
    elect("ada", "ben", "cho")
    half = seat_of(db, "Cho").ends_at
    pass_to(monkeypatch, half - timedelta(days=10))
    elect("dee")
    assert sitting(db) == ["Ada", "Ben", "Cho"]
    dee = seat_of(db, "Dee")
    assert dee.starts_at == half
    assert statutes.today(dee.ends_at - timedelta(seconds=1)) == statutes.months_after(
        statutes.today(half), 24
    )
    pass_to(monkeypatch, half)
    assert sitting(db) == ["Ada", "Ben", "Dee"]


def test_an_election_that_is_called_early_cuts_nobodys_term(db: Database, elect: Elect) -> None:
    fix(db, board_seats=2)
    elect("ada", "ben")
    elect("cho", "dee")
    assert sitting(db) == ["Ada", "Ben"]
    assert seat_of(db, "Cho").starts_at == seat_of(db, "Ada").ends_at


def test_a_second_early_election_follows_the_first(db: Database, elect: Elect) -> None:
    fix(db, board_seats=1)
    elect("ada")
    elect("ben")
    elect("cho")
    assert seat_of(db, "Cho").starts_at == seat_of(db, "Ben").ends_at


def test_a_late_election_begins_at_once(db: Database, elect: Elect, monkeypatch: pytest.MonkeyPatch) -> None:
    fix(db, board_seats=1)
    elect("ada")
    pass_to(monkeypatch, seat_of(db, "Ada").ends_at + timedelta(days=30))
    seats.close_due()
    elect("ben")
    assert sitting(db) == ["Ben"]


def test_an_election_for_a_vacant_seat_fills_the_rest_of_its_term(
    db: Database, elect: Elect, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix(db, board_seats=2)
    elect("ada", "ben")
    pass_to(monkeypatch, now() + timedelta(days=100))
    vacant = resign(db, people, "Ada")
    elect("cho")
    cho = seat_of(db, "Cho")
    assert sitting(db) == ["Ben", "Cho"]
    assert (cho.ends_at, cho.follows_id) == (vacant.ends_at, vacant.id)
    with db.reading() as session:
        assert session.get_one(Vacancy, vacant.id).state == "filled"


def test_with_seats_that_were_never_filled_the_first_elected_get_whole_terms(
    db: Database, elect: Elect, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix(db, board_seats=3)
    elect("ada", "ben")
    pass_to(monkeypatch, now() + timedelta(days=100))
    vacant = resign(db, people, "Ada")
    elect("cho", "dee")
    assert seat_of(db, "Dee").ends_at == vacant.ends_at
    assert seat_of(db, "Cho").ends_at > vacant.ends_at
    assert seat_of(db, "Cho").follows_id is None


def test_a_whole_new_board_does_not_take_the_rest_of_a_vacant_term(
    db: Database, elect: Elect, people: People
) -> None:
    fix(db, board_seats=2)
    elect("ada", "ben")
    vacant = resign(db, people, "Ada")
    elect("cho", "dee")
    for name in ("Cho", "Dee"):
        assert seat_of(db, name).starts_at == vacant.ends_at
        assert seat_of(db, name).follows_id is None


def test_a_larger_board_fills_its_new_seats_at_once(db: Database, elect: Elect) -> None:
    fix(db, board_seats=1)
    elect("ada")
    fix(db, board_seats=2)
    elect("ben", "cho")
    assert sitting(db) == ["Ada", "Ben"]
    assert seat_of(db, "Cho").starts_at == seat_of(db, "Ada").ends_at


def test_nobody_elected_needs_no_term(db: Database, elect: Elect) -> None:
    elect("ada")
    with db.reading() as session:
        assert terms(session, 0) == []
