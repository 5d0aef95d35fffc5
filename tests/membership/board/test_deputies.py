"""Deputies: appointed by a seat, for no longer than its term, and gone with it."""

from datetime import date, timedelta

import pytest

from commons import clock, minutes, powers
from commons.accounts import Account
from commons.clock import now
from commons.db import Database
from commons.powers import Power
from commons.refusal import Refused
from federation import actors
from membership.board import deputies, seats
from membership.board.models import Deputy
from membership.members import statutes

from .conftest import NOWHERE, Elect, Officers, People, account, person, seat_of


@pytest.fixture
def staff(db: Database, officers: Officers) -> dict[str, Account]:
    """People with public names: ``jon``, ``kim``, ``lou`` and ``may`` write; ``tom`` keeps the books."""
    with db.transaction() as session:
        made = {name: person(session, name) for name in ("jon", "kim", "lou", "may")}
        made["tom"] = session.get_one(Account, officers.tom.id)
        for handle, who in made.items():
            actors.create_local(session, kind="Person", handle=handle, name=handle.title(), account=who)
    return made


def appoint(
    db: Database,
    people: People,
    handle: str,
    power: Power = Power.EDIT,
    last_day: date | None = None,
    by: str = "ada",
) -> Deputy:
    with db.transaction() as session:
        return deputies.appoint(session, handle, power, last_day, "holidays", by=account(db, people, by))


def held(db: Database, who: Account) -> frozenset[Power]:
    with db.reading() as session:
        return powers.held(session, session.get_one(Account, who.id))


@pytest.mark.parametrize(
    ("power", "what"),
    [
        (Power.WRITE, {Power.WRITE}),
        (Power.EDIT, {Power.EDIT, Power.WRITE}),
        (Power.PUBLISH, {Power.PUBLISH, Power.EDIT, Power.WRITE}),
    ],
)
def test_a_deputy_may_do_what_she_was_appointed_for_until_the_seat_ends(
    db: Database, elect: Elect, people: People, staff: dict[str, Account], power: Power, what: set[Power]
) -> None:
    elect("ada")
    made = appoint(db, people, "@jon", power)
    assert held(db, staff["jon"]) == what
    assert made.ends_at == seat_of(db, "Ada").ends_at
    with db.reading() as session:
        lines = list(minutes.lines(session, count=2))
        assert [line.body["verb"] for line, _details in lines] == ["grant by deputy", "appoint a deputy"]
        assert lines[1][1] == {"by": "Ada", "reason": "holidays"}
        assert [each.name for each in deputies.acting(session)] == ["Jon"]
        assert len(deputies.of_account(session, staff["jon"])) == 1


def test_a_deputy_may_be_appointed_for_less_than_the_term(
    db: Database, elect: Elect, people: People, staff: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    elect("ada")
    day = statutes.today(now()) + timedelta(days=3)
    made = appoint(db, people, "jon", last_day=day)
    assert made.ends_at == statutes.last_moment(day)
    monkeypatch.setattr(clock, "shift", made.ends_at - clock.now() + timedelta(seconds=1))
    assert held(db, staff["jon"]) == frozenset()


@pytest.mark.parametrize("because", ["resigned", "recalled"])
def test_with_the_seat_its_deputies_lose_their_powers(
    db: Database, elect: Elect, people: People, staff: dict[str, Account], because: str
) -> None:
    elect("ada", "ben")
    appoint(db, people, "jon")
    appoint(db, people, "kim", by="ben")
    with db.transaction() as session:
        seats.end(session, seats.find(session, seat_of(db, "Ada").id), because)
    assert held(db, staff["jon"]) == frozenset()
    assert Power.EDIT in held(db, staff["kim"])
    with db.reading() as session:
        assert [each.name for each in deputies.acting(session)] == ["Kim"]


def test_a_seat_has_three_deputies_and_a_slot_is_free_again_once_one_is_over(
    db: Database, elect: Elect, people: People, staff: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    elect("ada")
    tomorrow = statutes.today(now()) + timedelta(days=1)
    appoint(db, people, "jon", last_day=tomorrow)
    appoint(db, people, "kim")
    appoint(db, people, "lou")
    with pytest.raises(Refused, match="at most 3 deputies") as refusal:
        appoint(db, people, "may")
    assert refusal.value.status == 409
    assert held(db, staff["may"]) == frozenset()
    monkeypatch.setattr(clock, "shift", timedelta(days=3))
    assert appoint(db, people, "may").slot == 1


def test_what_cannot_be_appointed_is_refused_without_a_trace(
    db: Database, elect: Elect, people: People, staff: dict[str, Account]
) -> None:
    elect("ada")
    with db.transaction() as session:
        ada = session.get_one(Account, account(db, people, "ada").id)
        actors.create_local(session, kind="Person", handle="ada", name="Ada", account=ada)
    appoint(db, people, "jon")
    with db.reading() as session:
        before = minutes.head(session)
    today, ends = statutes.today(now()), statutes.today(seat_of(db, "Ada").ends_at)
    wrong = {
        "Only who sits": lambda: appoint(db, people, "kim", by="ben"),
        "Nobody here has the handle": lambda: appoint(db, people, "nobody"),
        "write, edit or publish": lambda: appoint(db, people, "kim", Power.BOOKS),
        "her own deputy": lambda: appoint(db, people, "ada"),
        "at most until your own term ends": lambda: appoint(
            db, people, "kim", last_day=ends + timedelta(days=1)
        ),
        "from now on": lambda: appoint(db, people, "kim", last_day=today - timedelta(days=1)),
        "your deputy already": lambda: appoint(db, people, "jon", Power.WRITE),
        "exclude each other": lambda: appoint(db, people, "tom"),
    }
    for why, attempt in wrong.items():
        with pytest.raises(Refused, match=why):
            attempt()
    with db.reading() as session:
        assert minutes.head(session) == before


def test_a_deputy_appoints_nobody(
    db: Database, elect: Elect, people: People, staff: dict[str, Account]
) -> None:
    elect("ada")
    appoint(db, people, "jon", Power.PUBLISH)
    with pytest.raises(Refused, match="Only who sits") as refusal, db.transaction() as session:
        deputies.appoint(session, "kim", Power.WRITE, None, "", by=staff["jon"])
    assert refusal.value.status == 403


def test_who_appointed_her_dismisses_her_and_she_may_lay_it_down(
    db: Database, elect: Elect, people: People, staff: dict[str, Account]
) -> None:
    elect("ada", "ben")
    jon, kim = appoint(db, people, "jon"), appoint(db, people, "kim")
    for who in (account(db, people, "ben"), staff["kim"]):
        with pytest.raises(Refused) as refusal, db.transaction() as session:
            deputies.dismiss(session, jon.id, by=who)
        assert refusal.value.status == 403
    with pytest.raises(Refused, match="with a passkey only"), db.transaction() as session:
        powers.put_to_sleep(session, True)
        deputies.dismiss(session, jon.id, by=account(db, people, "ada"))
    with db.transaction() as session:
        deputies.dismiss(session, jon.id, by=account(db, people, "ada"))
        deputies.dismiss(session, kim.id, by=staff["kim"])
    assert held(db, staff["jon"]) == held(db, staff["kim"]) == frozenset()
    for which, status in ((jon.id, 409), (NOWHERE, 404)):
        with pytest.raises(Refused) as refusal, db.transaction() as session:
            deputies.dismiss(session, which, by=account(db, people, "ada"))
        assert refusal.value.status == status
