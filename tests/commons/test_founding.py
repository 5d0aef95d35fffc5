"""The founding period, and how grants end: by their source, by laying down, and without a job."""

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from commons import accounts, clock, minutes, powers
from commons.accounts import Account
from commons.clock import now
from commons.db import Database
from commons.powers import Grant, Power
from commons.refusal import Refused

PLACE = "https://news.example/board"


def held(db: Database, account: Account) -> frozenset[Power]:
    with db.reading() as session:
        return powers.held(session, account)


def found(db: Database, account: Account, *wanted: Power) -> None:
    with db.transaction() as session:
        powers.grant(session, account, wanted, reason="founding")


def first_board(db: Database) -> None:
    with db.transaction() as session:
        powers.end_founding(session, on=PLACE, reason="the first board was elected")


@pytest.mark.parametrize("power", [Power.PUBLISH, Power.EDIT])
def test_with_the_first_board_founders_no_longer_edit_or_publish_but_still_write(
    db: Database, ada: Account, power: Power
) -> None:
    found(db, ada, power, Power.MODERATE)
    first_board(db)
    assert held(db, ada) == {Power.WRITE, Power.MODERATE}
    with db.reading() as session:
        assert not powers.founding(session)
        lines = list(minutes.lines(session))
    ends = [(line.body["verb"], line.body["power"]) for line, _details in lines]
    assert ends[:2] == [("grant by founding", "write"), ("end by founding", power.value)]
    assert lines[1][1]["by"] == "Ada Lovelace"


def test_the_founding_period_ends_once(db: Database, ada: Account) -> None:
    found(db, ada, Power.PUBLISH)
    first_board(db)
    with db.reading() as session:
        before = minutes.head(session)
    first_board(db)
    with db.reading() as session:
        assert minutes.head(session) == before


@pytest.mark.parametrize("power", [Power.PUBLISH, Power.EDIT])
def test_after_it_nobody_is_made_an_editor_by_command(db: Database, ada: Account, power: Power) -> None:
    first_board(db)
    with pytest.raises(Refused, match="A board sits") as refusal:
        found(db, ada, power)
    assert refusal.value.status == 409
    assert held(db, ada) == frozenset()


def test_after_it_other_powers_are_still_granted_by_command(db: Database, ada: Account) -> None:
    first_board(db)
    found(db, ada, Power.WRITE, Power.BOOKS)
    assert held(db, ada) == {Power.WRITE, Power.BOOKS}


def test_a_founders_grant_at_the_same_time_as_the_first_board_does_not_outlive_it(
    db: Database, ada: Account
) -> None:
    """Whichever of the two comes first, she does not publish afterwards."""
    for number in range(5):
        with db.transaction() as session:
            account = accounts.create(session, email=f"{number}@news.example", name="N", password=None)
            for row in session.scalars(select(powers.FoundingEnd)):
                session.delete(row)
        start = threading.Barrier(2)

        def command(account: Account = account, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                found(db, account, Power.PUBLISH)
            except Refused as refused:
                assert refused.status == 409

        def seat(start: threading.Barrier = start) -> None:
            start.wait()
            first_board(db)

        both = [threading.Thread(target=command), threading.Thread(target=seat)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert Power.PUBLISH not in held(db, account)


def test_what_one_source_granted_ends_with_it_and_nothing_else_does(db: Database, ada: Account) -> None:
    seat, deputy = uuid.uuid4(), uuid.uuid4()
    with db.transaction() as session:
        powers.grant(session, ada, [Power.PUBLISH], source="seat", source_id=seat, reason="elected")
        powers.grant(session, ada, [Power.EDIT], source="deputy", source_id=deputy, reason="appointed")
    with db.transaction() as session:
        powers.end(session, "seat", seat, on=PLACE, reason="resigned")
    assert held(db, ada) == {Power.EDIT, Power.WRITE}
    with db.reading() as session:
        line, details = next(minutes.lines(session))
    assert (line.body["verb"], line.body["on"]) == ("end by seat", PLACE)
    assert details == {"by": "Ada Lovelace", "reason": "resigned"}


def test_a_grant_may_begin_later_and_still_keeps_other_offices_out(
    db: Database, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        begin, end = now() + timedelta(days=1), now() + timedelta(days=2)
        powers.grant(
            session, ada, [Power.PUBLISH], source="seat", starts_at=begin, ends_at=end, reason="elected"
        )
    assert held(db, ada) == frozenset()
    with pytest.raises(Refused, match="exclude each other"):
        found(db, ada, Power.BOOKS)
    monkeypatch.setattr(clock, "shift", timedelta(days=1, seconds=1))
    assert Power.PUBLISH in held(db, ada)
    monkeypatch.setattr(clock, "shift", timedelta(days=2, seconds=1))
    assert held(db, ada) == frozenset()


def test_an_office_that_ended_leaves_the_way_to_another_open(
    db: Database, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        until = now() + timedelta(days=1)
        powers.grant(session, ada, [Power.PUBLISH], source="seat", ends_at=until, reason="elected")
    monkeypatch.setattr(clock, "shift", timedelta(days=1, seconds=1))
    found(db, ada, Power.BOOKS)
    assert held(db, ada) == {Power.BOOKS}
    with pytest.raises(Refused, match="exclude each other"):
        found(db, ada, Power.ELECTIONS)


def test_one_lays_down_what_was_granted_by_command(db: Database, ada: Account) -> None:
    found(db, ada, Power.BOOKS, Power.WRITE)
    with db.transaction() as session:
        powers.lay_down(session, ada, Power.BOOKS, on=PLACE)
    assert held(db, ada) == {Power.WRITE}
    with db.reading() as session:
        assert next(minutes.lines(session))[0].body["verb"] == "lay down"


def test_one_cannot_lay_down_what_one_has_not_or_what_a_seat_granted(db: Database, ada: Account) -> None:
    with db.transaction() as session:
        powers.grant(session, ada, [Power.PUBLISH], source="seat", source_id=uuid.uuid4(), reason="elected")
    for power in (Power.BOOKS, Power.PUBLISH):
        with pytest.raises(Refused, match="could lay down") as refusal, db.transaction() as session:
            powers.lay_down(session, ada, power, on=PLACE)
        assert refusal.value.status == 409
    assert Power.PUBLISH in held(db, ada)


def test_the_grants_that_hold_are_listed(db: Database, ada: Account) -> None:
    found(db, ada, Power.WRITE)
    with db.transaction() as session:
        ended = now() - timedelta(hours=1)
        session.add(Grant(account_id=ada.id, power="books", source="founding", ends_at=ended))
    with db.reading() as session:
        assert [each.power for each in powers.granted(session, ada)] == ["write"]


def test_minutes_are_read_by_power(db: Database, ada: Account) -> None:
    found(db, ada, Power.WRITE, Power.MODERATE, Power.BOOKS)
    with db.reading() as session:
        lines = minutes.lines(session, count=2, powers=["write", "moderate"])
        assert [line.body["power"] for line, _details in lines] == ["moderate", "write"]
