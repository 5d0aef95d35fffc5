"""Powers: what includes what, when they hold, and that none is used or given unseen."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from commons import accounts, clock, minutes, powers
from commons.accounts import Account
from commons.clock import now
from commons.db import Database
from commons.powers import Grant, Power
from commons.refusal import Refused

OFFICES = [
    (Power.EDIT, Power.BOOKS),
    (Power.PUBLISH, Power.ELECTIONS),
    (Power.BOOKS, Power.ELECTIONS),
    (Power.ELECTIONS, Power.EDIT),
]


def give(db: Database, account: Account, *wanted: Power) -> None:
    with db.transaction() as session:
        powers.grant(session, account, wanted, reason="founding")


def held(db: Database, account: Account | None) -> frozenset[Power]:
    with db.reading() as session:
        return powers.held(session, account)


@pytest.mark.parametrize(
    ("power", "with_it"),
    [
        (Power.WRITE, {Power.WRITE}),
        (Power.EDIT, {Power.WRITE, Power.EDIT}),
        (Power.PUBLISH, {Power.WRITE, Power.EDIT, Power.PUBLISH}),
        (Power.MODERATE, {Power.MODERATE}),
        (Power.BOOKS, {Power.BOOKS}),
        (Power.ELECTIONS, {Power.ELECTIONS}),
    ],
)
def test_a_power_brings_those_it_includes_and_no_other(
    db: Database, ada: Account, power: Power, with_it: set[Power]
) -> None:
    give(db, ada, power)
    assert held(db, ada) == with_it


def test_who_is_nobody_or_was_given_nothing_holds_nothing(db: Database, ada: Account) -> None:
    assert held(db, None) == held(db, ada) == frozenset()


def test_a_closed_account_holds_nothing(db: Database, ada: Account) -> None:
    give(db, ada, Power.PUBLISH)
    with db.transaction() as session:
        session.get_one(Account, ada.id).closed_at = now()
    with db.reading() as session:
        assert powers.held(session, session.get_one(Account, ada.id)) == frozenset()


def test_a_grant_holds_from_its_start_until_its_end(
    db: Database, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        end = now() + timedelta(days=2)
        powers.grant(session, ada, [Power.WRITE], reason="for two days", ends_at=end)
    assert held(db, ada) == {Power.WRITE}
    monkeypatch.setattr(clock, "shift", timedelta(days=-1))
    assert held(db, ada) == frozenset()
    monkeypatch.setattr(clock, "shift", timedelta(days=3))
    assert held(db, ada) == frozenset()


@pytest.mark.parametrize(("first", "second"), OFFICES)
def test_editor_treasurer_and_election_officer_exclude_each_other(
    db: Database, ada: Account, first: Power, second: Power
) -> None:
    give(db, ada, first)
    before = held(db, ada)
    with pytest.raises(Refused, match="exclude each other") as refusal:
        give(db, ada, second)
    assert refusal.value.status == 409
    assert held(db, ada) == before


def test_one_office_may_be_given_twice_and_beside_what_is_none(db: Database, ada: Account) -> None:
    give(db, ada, Power.EDIT)
    give(db, ada, Power.PUBLISH, Power.MODERATE)
    assert held(db, ada) == {Power.WRITE, Power.EDIT, Power.PUBLISH, Power.MODERATE}


def test_every_grant_leaves_a_minute_that_names_nobody_in_the_chain(db: Database, ada: Account) -> None:
    give(db, ada, Power.WRITE, Power.MODERATE)
    with db.reading() as session:
        lines = list(minutes.lines(session))
    assert [line.body["power"] for line, _details in lines] == ["moderate", "write"]
    assert all(details["to"] == "Ada Lovelace" for _line, details in lines)
    assert not any("Ada" in str(line.body) for line, _details in lines)


def test_a_power_is_used_with_a_minute_or_not_at_all(db: Database, ada: Account) -> None:
    give(db, ada, Power.MODERATE)
    with db.transaction() as session:
        powers.exercise(session, ada, Power.MODERATE, on="host", reason="spam", verb="block", who="@ada")
    with db.reading() as session:
        line, details = next(minutes.lines(session))
    assert (line.body["verb"], line.body["on"]) == ("block", "host")
    assert details == {"by": "@ada", "reason": "spam"}


def test_who_lacks_a_power_uses_none_and_leaves_no_minute(db: Database, ada: Account) -> None:
    with pytest.raises(Refused) as refusal, db.transaction() as session:
        powers.exercise(session, ada, Power.PUBLISH, on="story", reason="", verb="publish")
    assert refusal.value.status == 403
    with db.reading() as session:
        assert minutes.total(session) == 0


def test_a_grant_that_is_taken_back_leaves_neither_power_nor_minute(db: Database, ada: Account) -> None:
    with pytest.raises(RuntimeError), db.transaction() as session:
        powers.grant(session, ada, [Power.WRITE], reason="founding")
        raise RuntimeError
    with db.reading() as session:
        assert session.scalars(select(Grant)).all() == []
        assert minutes.total(session) == 0
        assert accounts.by_email(session, "ada@news.example") is not None
