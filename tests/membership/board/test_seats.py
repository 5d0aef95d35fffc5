"""Seats: seated once, for one term, with the power to publish, which ends when the seat ends."""

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from commons import clock, mail, minutes, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.db import Database
from commons.powers import Power
from commons.refusal import Refused
from membership.board import seats
from membership.board.models import Seat, Vacancy
from membership.elections.models import VOID, Election
from membership.members import members, statutes
from membership.members.models import Membership
from membership.money.models import Party

from .conftest import NOWHERE, Elect, Officers, People, account, seat_of, sitting


def held(db: Database, who: Account) -> frozenset[Power]:
    with db.reading() as session:
        return powers.held(session, session.get_one(Account, who.id))


def verbs(db: Database) -> list[str]:
    with db.reading() as session:
        return [line.body["verb"] for line, _details in minutes.lines(session, count=200)]


# Seating


def test_who_was_elected_sits_for_a_term_and_publishes(db: Database, elect: Elect, people: People) -> None:
    election = elect("ada", "ben")
    assert sitting(db) == ["Ada", "Ben"]
    seat = seat_of(db, "Ada")
    zone = ZoneInfo(settings().timezone)
    last = statutes.months_after(statutes.today(now()), 24) + timedelta(days=1)
    assert seat.ends_at == datetime(last.year, last.month, last.day, tzinfo=zone)
    assert (seat.election_id, seat.how, seat.place) == (election.id, "count", 1)
    assert held(db, account(db, people, "ada")) == {Power.PUBLISH, Power.EDIT, Power.WRITE}
    assert held(db, account(db, people, "cho")) == frozenset()


def test_seating_twice_seats_once(db: Database, elect: Elect) -> None:
    elect("ada", "ben")
    assert seats.seat_due() == 0
    with db.reading() as session:
        assert len(session.scalars(select(Seat)).all()) == 2
        assert verbs(db).count("take a seat") == verbs(db).count("grant by seat") == 2


def test_two_workers_at_once_seat_once(db: Database, elect: Elect) -> None:
    elect("ada", "ben", "cho", seated=False)
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        seats.seat_due()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sitting(db) == ["Ada", "Ben", "Cho"]
    assert verbs(db).count("take a seat") == verbs(db).count("grant by seat") == 3


@pytest.mark.parametrize("columns", [{"state": VOID}, {"kind": "question"}])
def test_a_void_election_and_a_question_seat_nobody(
    db: Database, elect: Elect, columns: dict[str, str]
) -> None:
    made = elect("ada", seated=False)
    with db.transaction() as session:
        for name, value in columns.items():
            setattr(session.get_one(Election, made.id), name, value)
    assert seats.seat_due() == 0
    assert sitting(db) == []


def test_an_election_that_elects_nobody_leaves_the_founding_period_as_it_is(
    db: Database, elect: Elect
) -> None:
    elect()
    with db.reading() as session:
        assert powers.founding(session)
        assert not seats.elected_before(session)


def test_the_first_board_ends_what_founders_could_do_in_the_same_transaction(
    db: Database, elect: Elect, officers: Officers
) -> None:
    assert Power.PUBLISH in held(db, officers.edith)
    elect("ada")
    assert held(db, officers.edith) == {Power.WRITE}
    assert held(db, officers.tom) == {Power.BOOKS}
    with db.reading() as session:
        assert seats.elected_before(session)
    assert "end by founding" in verbs(db)


def test_a_founder_who_is_elected_keeps_publishing_by_her_seat(
    db: Database, elect: Elect, officers: Officers, people: People
) -> None:
    ada = account(db, people, "ada")
    with db.transaction() as session:
        powers.grant(session, session.get_one(Account, ada.id), [Power.PUBLISH], reason="founding")
    elect("ada")
    assert Power.PUBLISH in held(db, ada)
    with db.reading() as session:
        grants = powers.granted(session, ada)
        assert {(each.power, each.source) for each in grants} == {("publish", "seat"), ("write", "founding")}


def test_who_is_elected_gets_a_letter(db: Database, elect: Elect) -> None:
    elect("ada")
    with db.reading() as session:
        letters = session.scalars(select(mail.Letter).where(mail.Letter.letter == "board_seat")).all()
        assert [letter.to for letter in letters] == ["ada@example.org"]
        assert "/board/mine" in letters[0].body


# Taking up


def test_who_has_no_account_gets_the_power_once_she_has_one(
    db: Database, elect: Elect, people: People
) -> None:
    with db.transaction() as session:
        party = session.get_one(Party, people["ada"].party_id)
        before, party.account_id = party.account_id, None
    elect("ada")
    assert sitting(db) == ["Ada"]
    assert seat_of(db, "Ada").account_id is None
    assert seats.seat_due() == 0
    with db.transaction() as session:
        session.get_one(Party, people["ada"].party_id).account_id = before
    assert seats.seat_due() == 1
    assert Power.PUBLISH in held(db, account(db, people, "ada"))


def test_who_keeps_the_books_sits_but_has_no_power_until_she_lays_that_down(
    db: Database, elect: Elect, people: People
) -> None:
    ada = account(db, people, "ada")
    with db.transaction() as session:
        powers.grant(session, session.get_one(Account, ada.id), [Power.BOOKS], reason="founding")
    elect("ada")
    assert held(db, ada) == {Power.BOOKS}
    assert sitting(db) == ["Ada"]
    assert seats.seat_due() == 0
    with db.transaction() as session:
        powers.lay_down(session, session.get_one(Account, ada.id), Power.BOOKS, on="/board")
    assert seats.seat_due() == 1
    assert held(db, ada) == {Power.PUBLISH, Power.EDIT, Power.WRITE}


def test_who_has_not_taken_up_her_powers_acts_in_nothing(db: Database, elect: Elect, people: People) -> None:
    ada = account(db, people, "ada")
    with db.transaction() as session:
        powers.grant(session, session.get_one(Account, ada.id), [Power.BOOKS], reason="founding")
    elect("ada")
    with pytest.raises(Refused, match="Only who sits") as refusal, db.transaction() as session:
        seats.act(session, session.get_one(Account, ada.id), "record a meeting", on="/board")
    assert refusal.value.status == 403


def test_who_sits_acts_with_a_minute_and_nobody_else_does(db: Database, elect: Elect, people: People) -> None:
    elect("ada")
    with db.transaction() as session:
        seats.act(session, account(db, people, "ada"), "record a meeting", on="/board", reason="First")
    with db.reading() as session:
        line, details = next(minutes.lines(session))
    assert (line.body["power"], line.body["verb"]) == ("board", "record a meeting")
    assert details == {"by": "Ada", "reason": "First"}
    for who in (account(db, people, "ben"), None):
        with pytest.raises(Refused, match="Only who sits"), db.transaction() as session:
            seats.act(session, who, "record a meeting", on="/board")


def test_where_powers_sleep_she_does_not_act_for_the_board(
    db: Database, elect: Elect, people: People
) -> None:
    """A browser in which no passkey was shown, in production."""
    elect("ada")
    with pytest.raises(Refused, match="with a passkey only") as refusal, db.transaction() as session:
        powers.put_to_sleep(session, True)
        seats.act(session, account(db, people, "ada"), "record a meeting", on="/board")
    assert refusal.value.status == 403


# The end


def test_the_end_of_the_term_ends_the_power_in_the_same_second_without_any_job(
    db: Database, elect: Elect, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    elect("ada")
    ada, ends = account(db, people, "ada"), seat_of(db, "Ada").ends_at
    monkeypatch.setattr(clock, "shift", ends - clock.now() - timedelta(seconds=2))
    assert Power.PUBLISH in held(db, ada)
    assert sitting(db) == ["Ada"]
    monkeypatch.setattr(clock, "shift", ends - clock.now() + clock.shift)
    assert held(db, ada) == frozenset()
    assert sitting(db) == []
    assert seats.close_due() == 1
    seat = seat_of(db, "Ada")
    assert (seat.ended_at, seat.ended_because) == (ends, "term")
    with db.reading() as session:
        assert session.scalars(select(Vacancy)).all() == []


def test_who_resigns_loses_the_power_at_once_and_leaves_a_vacancy(
    db: Database, elect: Elect, people: People
) -> None:
    elect("ada", "ben")
    ada, seat = account(db, people, "ada"), seat_of(db, "Ada")
    with db.transaction() as session:
        seats.resign(session, seat.id, by=ada)
    assert held(db, ada) == frozenset()
    assert sitting(db) == ["Ben"]
    with db.reading() as session:
        vacancy = session.get_one(Vacancy, seat.id)
        assert (vacancy.state, vacancy.until) == ("due", seat.ends_at)
    assert verbs(db)[:2] == ["leave a seat", "end by seat"]


def test_one_resigns_only_ones_own_seat_and_only_once(db: Database, elect: Elect, people: People) -> None:
    elect("ada", "ben")
    ada, ben, seat = account(db, people, "ada"), account(db, people, "ben"), seat_of(db, "Ada")
    for who, which, status in ((ben, seat.id, 403), (ben, NOWHERE, 404)):
        with pytest.raises(Refused) as refusal, db.transaction() as session:
            seats.resign(session, which, by=who)
        assert refusal.value.status == status
    with db.transaction() as session:
        seats.resign(session, seat.id, by=ada)
    with pytest.raises(Refused) as refusal, db.transaction() as session:
        seats.resign(session, seat.id, by=ada)
    assert refusal.value.status == 403
    with pytest.raises(Refused, match="ended already") as refusal, db.transaction() as session:
        seats.end(session, session.get_one(Seat, seat.id), "recalled")
    assert refusal.value.status == 409


def test_two_ends_at_once_end_a_seat_once(db: Database, elect: Elect) -> None:
    elect("ada")
    seat, said = seat_of(db, "Ada"), []
    start = threading.Barrier(2)

    def leave(because: str) -> None:
        start.wait()
        try:
            with db.transaction() as session:
                seats.end(session, session.get_one(Seat, seat.id), because)
        except Refused as refused:
            said.append(refused.status)

    both = [threading.Thread(target=leave, args=(why,)) for why in ("resigned", "recalled")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert said == [409]
    assert verbs(db).count("leave a seat") == 1


def test_who_is_no_member_any_more_or_has_closed_her_account_leaves_the_board(
    db: Database, elect: Elect, people: People
) -> None:
    elect("ada", "ben", "cho")
    assert seats.close_due() == 0
    ben = account(db, people, "ben")
    with db.transaction() as session:
        ada = session.get_one(Membership, people["ada"].id)
        ada.state, ada.ended_at = "ended", now()
        session.get_one(Account, ben.id).closed_at = now()
    assert seats.close_due() == 2
    assert sitting(db) == ["Cho"]
    assert seat_of(db, "Ada").ended_because == seat_of(db, "Ben").ended_because == "left"
    assert held(db, account(db, people, "ada")) == frozenset()


def test_notice_given_does_not_end_a_seat_before_the_membership_ends(
    db: Database, elect: Elect, people: People
) -> None:
    elect("ada")
    with db.transaction() as session:
        membership = session.get_one(Membership, people["ada"].id)
        members.give_notice(session, membership, by=account(db, people, "ada"))
    assert seats.close_due() == 0
    assert sitting(db) == ["Ada"]


def test_an_election_at_the_end_seats_the_next_board_when_the_last_one_ends(
    db: Database, elect: Elect, people: People, monkeypatch: pytest.MonkeyPatch, officers: Officers
) -> None:
    with db.transaction() as session:
        statutes.change(session, "board_seats", 2, statutes.today(now()), "Assembly")
    elect("ada", "ben")
    ends = seat_of(db, "Ada").ends_at
    monkeypatch.setattr(clock, "shift", ends - clock.now() - timedelta(days=5))
    elect("ada", "cho")
    assert sitting(db) == ["Ada", "Ben"]
    cho = account(db, people, "cho")
    assert held(db, cho) == frozenset()
    monkeypatch.setattr(clock, "shift", ends - clock.now() + clock.shift + timedelta(seconds=1))
    assert sitting(db) == ["Ada", "Cho"]
    assert Power.PUBLISH in held(db, cho)
    assert Power.PUBLISH in held(db, account(db, people, "ada"))
    assert Power.PUBLISH not in held(db, account(db, people, "ben"))


def test_a_seat_that_nobody_has_is_not_found(db: Database) -> None:
    with pytest.raises(Refused) as refusal, db.reading() as session:
        seats.find(session, NOWHERE)
    assert refusal.value.status == 404


def test_the_constraint_lets_nobody_be_seated_twice_by_one_candidacy(db: Database, elect: Elect) -> None:
    elect("ada")
    seat = seat_of(db, "Ada")
    twice = Seat(
        election_id=seat.election_id,
        candidacy_id=seat.candidacy_id,
        membership_id=seat.membership_id,
        name="Ada",
        place=1,
        starts_at=seat.starts_at,
        ends_at=seat.ends_at,
    )
    with pytest.raises(Exception, match="(?i)unique"), db.transaction() as session:
        session.add(twice)
