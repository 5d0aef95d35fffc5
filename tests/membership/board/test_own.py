"""What somebody takes along about her part in the board: all of hers, and nothing of anybody else's."""

from datetime import timedelta

import pytest

from commons import clock
from commons.db import Database
from commons.powers import Power
from federation import actors
from membership.board import deputies, own, petitions, seats
from membership.desk import export

from .conftest import Elect, People, account, seat_of


def test_seats_appointments_and_signatures_are_taken_along(
    db: Database, elect: Elect, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    elect("ada", "ben")
    monkeypatch.setattr(clock, "shift", timedelta(days=40))
    ada, cho = account(db, people, "ada"), account(db, people, "cho")
    with db.transaction() as session:
        actors.create_local(session, kind="Person", handle="cho", name="Cho", account=cho)
        deputies.appoint(session, "cho", Power.EDIT, None, "holidays", by=ada)
        petitions.open_(session, seat_of(db, "Ben").id, "At no meeting.", by=cho)
        seats.resign(session, seat_of(db, "Ada").id, by=ada)
    with db.reading() as session:
        hers, theirs = own.tables(session, ada), own.tables(session, cho)
        assert [(each["name"], each["by"], each["ended_because"]) for each in hers["seats"]] == [
            ("Ada", "count", "resigned")
        ]
        assert hers["deputy"] == hers["petitions_signed"] == theirs["seats"] == []
        assert [(each["power"], each["for"]) for each in theirs["deputy"]] == [("edit", "Ada")]
        assert [each["about"] for each in theirs["petitions_signed"]] == ["Ben"]
        assert export.collect(session, cho)["petitions_signed"] == theirs["petitions_signed"]
