"""Co-option: more than half of those who sit, and the member's consent; for a while, and once."""

from datetime import timedelta

import pytest

from commons import clock, powers
from commons.clock import now
from commons.db import Database
from commons.powers import Power
from commons.refusal import Refused
from membership.board import cooptions, seats, vacancies
from membership.board.models import Cooption, Seat, Vacancy
from membership.members import statutes

from .conftest import NOWHERE, Elect, People, account, seat_of, sitting


@pytest.fixture(autouse=True)
def old_enough(monkeypatch: pytest.MonkeyPatch, people: People) -> None:
    """All are members for long enough to have a vote."""
    monkeypatch.setattr(clock, "shift", timedelta(days=40))


@pytest.fixture
def vacant(db: Database, elect: Elect, people: People) -> Seat:
    """Ada, Ben and Cho were elected; Ada resigned, and no ballots can fill her seat."""
    elect("ada", "ben", "cho")
    seat = seat_of(db, "Ada")
    with db.transaction() as session:
        seats.resign(session, seat.id, by=account(db, people, "ada"))
    vacancies.fill_due()
    return seat


def propose(db: Database, people: People, vacant: Seat, whom: str, by: str = "ben") -> Cooption:
    number = people[whom].number
    with db.transaction() as session:
        return cooptions.propose(session, vacant.id, number or 0, by=account(db, people, by))


def agree(db: Database, people: People, made: Cooption, by: str) -> Seat | None:
    with db.transaction() as session:
        return cooptions.agree(session, made.id, by=account(db, people, by))


def consent(db: Database, people: People, made: Cooption, by: str) -> Seat | None:
    with db.transaction() as session:
        return cooptions.consent(session, made.id, by=account(db, people, by))


def test_more_than_half_and_the_members_consent_seat_her_for_six_months(
    db: Database, vacant: Seat, people: People
) -> None:
    made = propose(db, people, vacant, "dee")
    assert consent(db, people, made, "dee") is None  # one of two is no majority
    assert agree(db, people, made, "cho") is not None
    assert sitting(db) == ["Ben", "Cho", "Dee"]
    dee = seat_of(db, "Dee")
    last = statutes.months_after(statutes.today(now()), 6)
    assert (statutes.today(dee.ends_at - timedelta(seconds=1)), dee.how) == (last, "co-option")
    with db.reading() as session:
        assert Power.PUBLISH in powers.held(session, account(db, people, "dee"))


def test_without_her_consent_she_does_not_sit_whoever_agrees(
    db: Database, vacant: Seat, people: People
) -> None:
    made = propose(db, people, vacant, "dee")
    assert agree(db, people, made, "cho") is None
    assert sitting(db) == ["Ben", "Cho"]
    assert consent(db, people, made, "dee") is not None
    assert sitting(db) == ["Ben", "Cho", "Dee"]


def test_who_left_the_board_has_no_voice_any_more(db: Database, vacant: Seat, people: People) -> None:
    made = propose(db, people, vacant, "dee", by="ben")
    consent(db, people, made, "dee")
    with db.transaction() as session:
        seats.resign(session, seat_of(db, "Ben").id, by=account(db, people, "ben"))
    with db.reading() as session:
        assert cooptions.voices(session, session.get_one(Cooption, made.id)) == 0
    assert agree(db, people, made, "cho") is not None


def test_what_is_proposed_and_who_is_asked_is_listed(db: Database, vacant: Seat, people: People) -> None:
    made = propose(db, people, vacant, "dee")
    with db.reading() as session:
        (shown,) = cooptions.shown(session)
        assert (shown.cooption.id, shown.vacant.name, shown.voices) == (made.id, "Ada", 1)
        assert [each.cooption.id for each in cooptions.asked(session, account(db, people, "dee"))] == [
            made.id
        ]
        assert cooptions.asked(session, account(db, people, "eve")) == []


def test_after_the_while_the_seat_is_open_for_the_next_election_and_not_co_opted_again(
    db: Database, vacant: Seat, people: People, monkeypatch: pytest.MonkeyPatch, elect: Elect
) -> None:
    made = propose(db, people, vacant, "dee")
    agree(db, people, made, "cho")
    consent(db, people, made, "dee")
    dee = seat_of(db, "Dee")
    monkeypatch.setattr(clock, "shift", dee.ends_at - clock.now() + clock.shift + timedelta(seconds=1))
    assert sitting(db) == ["Ben", "Cho"]
    seats.close_due()
    vacancies.fill_due()
    with db.reading() as session:
        again = session.get_one(Vacancy, dee.id)
        assert (again.state, again.until) == ("open", vacant.ends_at)
    with pytest.raises(Refused, match="not open for co-option"):
        propose(db, people, dee, "eve")


def test_the_next_election_takes_the_seat_of_who_was_co_opted(
    db: Database, vacant: Seat, people: People, elect: Elect
) -> None:
    with db.transaction() as session:
        statutes.change(session, "board_seats", 3, statutes.today(now()), "Assembly")
    made = propose(db, people, vacant, "dee")
    agree(db, people, made, "cho")
    consent(db, people, made, "dee")
    elect("eve")
    assert sitting(db) == ["Ben", "Cho", "Eve"]
    assert seat_of(db, "Eve").ends_at == vacant.ends_at
    assert seat_of(db, "Dee").ended_because == "term"


def test_a_co_option_ends_with_the_term_it_is_part_of(
    db: Database, vacant: Seat, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "shift", vacant.ends_at - clock.now() + clock.shift - timedelta(days=10))
    made = propose(db, people, vacant, "dee")
    agree(db, people, made, "cho")
    consent(db, people, made, "dee")
    assert seat_of(db, "Dee").ends_at == vacant.ends_at


def test_what_cannot_be_proposed_is_refused(
    db: Database, vacant: Seat, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    for whom, by, seat, why, status in (
        ("dee", "eve", vacant, "Only who sits", 403),
        ("cho", "ben", vacant, "sits on the board already", 409),
        ("dee", "ben", seat_of(db, "Ben"), "not open for co-option", 409),
    ):
        with pytest.raises(Refused, match=why) as refusal:
            propose(db, people, seat, whom, by)
        assert refusal.value.status == status
    propose(db, people, vacant, "dee")
    with pytest.raises(Refused, match="proposed already") as refusal:
        propose(db, people, vacant, "dee")
    assert refusal.value.status == 409
    monkeypatch.setattr(clock, "shift", timedelta(days=1))
    with pytest.raises(Refused, match="has a vote"):
        propose(db, people, vacant, "fay")


def test_who_does_not_sit_agrees_to_nothing_and_nobody_agrees_twice(
    db: Database, vacant: Seat, people: People
) -> None:
    made = propose(db, people, vacant, "dee", by="ben")
    with pytest.raises(Refused, match="Only who sits") as refusal:
        agree(db, people, made, "eve")
    assert refusal.value.status == 403
    with pytest.raises(Refused, match="agreed already") as refusal:
        agree(db, people, made, "ben")
    assert refusal.value.status == 409


def test_only_the_proposed_consents_and_only_while_the_seat_is_open(
    db: Database, vacant: Seat, people: People
) -> None:
    made = propose(db, people, vacant, "dee")
    for who in ("eve", "ben"):
        with pytest.raises(Refused, match="not proposed for you") as refusal:
            consent(db, people, made, who)
        assert refusal.value.status == 403
    other = propose(db, people, vacant, "eve")
    agree(db, people, made, "cho")
    consent(db, people, made, "dee")
    with pytest.raises(Refused, match="not open for co-option") as refusal:
        consent(db, people, other, "eve")
    assert refusal.value.status == 409
    with pytest.raises(Refused, match="no such proposal") as refusal, db.reading() as session:
        cooptions.find_cooption(session, NOWHERE)
    assert refusal.value.status == 404
