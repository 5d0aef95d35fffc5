"""The register as a page and a file: what it shows to whom, and for how long."""

from datetime import date

from commons.db import Database
from membership.members import register
from membership.members.models import Membership

from .conftest import At, Join, Officers, account_of, leave


def test_the_reduced_register_has_no_shares_and_no_money(
    db: Database, officers: Officers, join: Join
) -> None:
    join("ada", pays=5000, shares=5)
    with db.reading() as session:
        reduced, full = (register.as_csv(session, full=which) for which in (False, True))
        changes = register.changes_as_csv(session)
    assert reduced.splitlines()[0] == "number,name,address,class,joined,left"
    assert "50.00" not in reduced
    assert full.splitlines()[0].endswith("shares,further_shares,paid_in,to_be_paid_back,currency")
    assert full.splitlines()[1].endswith(",5,4,50.00,0.00,EUR")
    assert [row.split(",")[3] for row in changes.splitlines()[1:]] == ["subscribe", "pay", "approve"]


def test_a_name_that_is_a_formula_stays_text(db: Database, join: Join) -> None:
    ada = join("ada")
    with db.transaction() as session:
        session.get_one(Membership, ada.id).party.data.name = "=SUM(A1)"  # type: ignore[union-attr]
    with db.reading() as session:
        assert ",'=SUM(A1)," in register.as_csv(session, full=False)


def test_who_left_stands_in_the_full_register_only(db: Database, join: Join, at: At) -> None:
    at(2026, 8, 1)
    ada = join("ada")
    join("bob")
    leave(db, ada, at)
    with db.reading() as session:
        assert [row.name for row in register.rows(session, full=False)] == ["Bob"]
        rows = register.rows(session, full=True)
    assert [(row.name, row.left_on) for row in rows] == [("Ada", date(2026, 12, 31)), ("Bob", None)]


def test_what_the_register_kept_is_forgotten_when_the_law_lets_us(db: Database, join: Join, at: At) -> None:
    at(2026, 8, 1)
    ada = join("ada")
    leave(db, ada, at)
    with db.transaction() as session:
        found = session.get_one(Membership, ada.id)
        kept = register.keep(session, found)
        assert kept is not None and kept.keep_until == date(2029, 12, 31)
        found.party.data = None
    at(2029, 12, 31)
    assert register.forget_due() == 0
    with db.reading() as session:
        assert register.rows(session, full=True)[0].name == "Ada"
    at(2030, 1, 1)
    assert register.forget_due() == 1
    with db.reading() as session:
        assert register.rows(session, full=True)[0].name == "Member 1"
    assert account_of(db, ada)
