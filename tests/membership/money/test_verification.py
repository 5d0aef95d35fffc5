"""Whatever is done to the books behind the ledger's back is found, and the first bad row is named."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from commons import clock
from commons.db import Database, new_id
from commons.refusal import Refused
from federation import actors
from membership.books import verify
from membership.money import chain, evidence, ledger, parties, seals
from membership.money.faults import Fault
from membership.money.models import Party
from tests.membership.money.conftest import Post

Tamper = Callable[..., None]


@pytest.fixture
def tamper(db: Database) -> Tamper:
    """Statements by somebody who owns the database: no trigger and no foreign key stops them."""

    def run(*statements: str) -> None:
        with db.engine.execution_options(writes=True).connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET session_replication_role = replica"))
            else:
                connection.rollback()
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
                for table in ("posting", "posting_line", "seal", "evidence", "self_check"):
                    for event in ("update", "delete"):
                        connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_append_only_{event}"))
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()
            connection.invalidate()

    return run


@pytest.fixture
def books(db: Database, pay: Post, somebody: uuid.UUID) -> None:
    """Six postings, of which the fifth has words, and the fourth a campaign."""
    with db.transaction() as session:
        actors.found_newsroom(session)
    for amount in (100, 200, 300):
        pay(amount, on=date(2026, 9, 3), party_id=somebody)
    pay(400, on=date(2026, 10, 4), campaign_id=new_id())
    pay(500, on=date(2026, 10, 5), memo="from Ada")
    pay(600, on=date(2026, 10, 6))


def fault(db: Database) -> Fault | None:
    with verify.one_moment(db) as session:
        return verify.first_fault(session)


@pytest.mark.usefixtures("books")
def test_untouched_books_have_no_fault(db: Database) -> None:
    seen: list[str] = []
    with verify.one_moment(db) as session:
        assert verify.first_fault(session, lambda what, done, total: seen.append(what)) is None


def test_empty_books_have_no_fault(db: Database) -> None:
    assert fault(db) is None


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE posting_line SET amount = amount * 2 WHERE posting_id = 3"], "posting 3: changed"),
        (
            ["UPDATE posting_line SET party_id = NULL WHERE posting_id = 2 AND position = 1"],
            "posting 2: changed",
        ),
        (
            ["UPDATE posting_line SET account = 'assets:cash' WHERE posting_id = 1 AND position = 1"],
            "posting 1: changed",
        ),
        (["UPDATE posting_line SET currency = 'CHF' WHERE posting_id = 6"], "posting 6: changed"),
        (["UPDATE posting_line SET \"on\" = '2026-09-09' WHERE posting_id = 4"], "posting 4: changed"),
        (["UPDATE posting SET kind = 'gift' WHERE id = 4"], "posting 4: changed"),
        (["UPDATE posting SET \"on\" = '2026-10-09' WHERE id = 5"], "posting 5: changed"),
        (["UPDATE posting SET at = '2026-01-01 00:00:00.000000' WHERE id = 5"], "posting 5: changed"),
        (["UPDATE posting SET reverses = 1 WHERE id = 5"], "posting 5: changed"),
        (["UPDATE posting SET memo_hash = '' WHERE id = 5"], "posting 5: changed"),
        (["UPDATE posting SET hash = 'ff' WHERE id = 2"], "posting 2: changed"),
        (["UPDATE posting SET cause_kind = 'x\",\"y' WHERE id = 2"], "posting 2: changed"),
        (["DELETE FROM posting_line WHERE posting_id = 5 AND position = 2"], "posting 5: changed"),
        (["DELETE FROM posting_line WHERE posting_id = 6"], "posting 6: changed"),
        (["DELETE FROM posting WHERE id = 3"], "posting 3: deleted"),
        (
            ["DELETE FROM posting WHERE id = 1", "DELETE FROM posting_line WHERE posting_id = 1"],
            "posting 1: deleted",
        ),
        (
            [
                "DELETE FROM posting_line WHERE posting_id >= 5",
                "DELETE FROM posting_memo",
                "DELETE FROM posting WHERE id >= 5",
            ],
            "posting 5: cut off",
        ),
        (["DELETE FROM posting WHERE id = 6"], "posting 6: cut off"),
        (
            [
                'INSERT INTO posting_line (posting_id, position, account, currency, amount, "on", memo_hash)'
                " VALUES (2, 3, 'assets:bank', 'EUR', 5, '2026-09-03', '')"
            ],
            "posting 2: changed",
        ),
        (["UPDATE posting_memo SET text = 'from Jon'"], "posting 5: words changed"),
        (["UPDATE posting_memo SET posting_id = 4"], "posting 4: words changed"),
        (["UPDATE posting_memo SET position = 7"], "posting 5: words changed"),
        (["UPDATE chain_head SET hash = 'ff'"], "posting 6: replaced"),
        (["UPDATE chain_head SET number = 5"], "posting 6: inserted"),
        (["DELETE FROM chain_head"], "posting 1: inserted"),
        (["UPDATE balance SET amount = amount + 1 WHERE dimension = 'all'"], "balance assets:bank: changed"),
        (["DELETE FROM balance WHERE dimension = 'all'"], "balance assets:bank: changed"),
        (
            ["UPDATE month_total SET debit = 1 WHERE month = '2026-10'"],
            "month_total assets:bank 2026-10: changed",
        ),
        (["DELETE FROM day_total WHERE credit > 0"], "day_total income:pledges 2026-09-03: changed"),
    ],
)
def test_the_first_bad_row_is_named(db: Database, tamper: Tamper, statements: list[str], found: str) -> None:
    tamper(*statements)
    assert str(fault(db)) == found


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("statement", ["UPDATE balance SET amount = 1", "DELETE FROM balance"])
def test_balances_of_parties_and_campaigns_are_proved(
    db: Database, tamper: Tamper, somebody: uuid.UUID, statement: str
) -> None:
    tamper(f"{statement} WHERE dimension = 'party'")
    assert str(fault(db)) == f"balance assets:bank of party {somebody.hex}: changed"


def _forge(db: Database, number: int) -> str:
    """The hash that posting ``number`` would have with its amount as it stands now."""
    with db.reading() as session:
        posting = session.get_one(ledger.Posting, number)
        rows = [
            {name: getattr(line, name) for name in line.__table__.c.keys()}  # noqa: SIM118
            for line in posting.lines
        ]
        lines = [ledger.chained_line(row) for row in rows]
        return chain.link(posting.previous, ledger.chained_head(posting), lines)


@pytest.mark.usefixtures("books")
def test_a_row_rewritten_with_its_hash_is_named_by_the_one_after(db: Database, tamper: Tamper) -> None:
    tamper("UPDATE posting_line SET amount = amount * 2 WHERE posting_id = 3")
    tamper(f"UPDATE posting SET hash = '{_forge(db, 3)}' WHERE id = 3")
    assert str(fault(db)) == "posting 3: replaced"


@pytest.mark.usefixtures("books")
def test_a_cut_that_moves_the_head_too_is_found_by_a_seal(db: Database, tamper: Tamper, pay: Post) -> None:
    with db.transaction() as session:
        seals.seal_month(session, "2026-09")
    pay(700)
    assert fault(db) is None
    tamper(
        "DELETE FROM posting_line WHERE posting_id >= 6",
        "DELETE FROM posting WHERE id >= 6",
        "UPDATE chain_head SET number = 5, hash = (SELECT hash FROM posting WHERE id = 5)",
    )
    assert str(fault(db)) == "posting 6: cut off"


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE seal SET balances_hash = 'ff'", "seal 2026-09: not signed by this newsroom"),
        ("UPDATE seal SET signature = 'zz'", "seal 2026-09: not signed by this newsroom"),
        ("UPDATE seal SET hash = 'ff'", "posting 6: replaced"),
        ("DELETE FROM seal WHERE month = '2026-10'", "seal 2026-10: deleted"),
    ],
)
def test_a_seal_that_was_touched_is_found(
    db: Database, tamper: Tamper, monkeypatch: pytest.MonkeyPatch, statement: str, found: str
) -> None:
    monkeypatch.setattr(clock, "shift", timedelta(days=60))
    with db.transaction() as session:
        for month in ("2026-09", "2026-10", "2026-11"):
            seals.seal_month(session, month)
    assert fault(db) is None
    tamper(statement)
    assert str(fault(db)) == found


@pytest.mark.usefixtures("books")
def test_a_closed_month_takes_no_posting_and_months_close_in_order(db: Database, pay: Post) -> None:
    with db.transaction() as session:
        with pytest.raises(Refused, match="in their order"):
            seals.seal_month(session, "2026-10")
        seal = seals.seal_month(session, "2026-09")
        assert seals.is_signed(session, seal)
        assert (seal.posting_id, seal.hash) == ledger.head(session)
        with pytest.raises(Refused, match="not over"):
            seals.seal_month(session, "2030-01")
    with pytest.raises(Refused, match="closed"):
        pay(5, on=date(2026, 9, 30))
    pay(5, on=date(2026, 10, 1))


@pytest.mark.usefixtures("books")
def test_erasing_a_party_is_no_fault(db: Database, somebody: uuid.UUID, pay: Post) -> None:
    pay(5, party_id=somebody, memo="Ada again")
    with db.transaction() as session:
        parties.erase(session, session.get_one(Party, somebody))
    assert fault(db) is None


# What is beside the ledger

RECORDS = {uuid.UUID(int=number): {"amount": str(number), "payer": "Ada"} for number in (1, 2, 3)}


@pytest.fixture
def kept(db: Database) -> None:
    with db.transaction() as session:
        for record_id, facts in RECORDS.items():
            evidence.keep(session, "slip", record_id, facts)
        evidence.keep(session, "note", uuid.UUID(int=1), {"number": "2026-1"})


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, None),
        ({2: {"amount": "9", "payer": "Ada"}}, 2),
        ({2: None}, 2),
        ({3: None}, 3),
        ({1: {"amount": "1"}}, 1),
        ({4: {"amount": "4"}}, 4),
        ({0: {"amount": "0"}}, 0),
    ],
)
def test_records_that_were_inserted_deleted_or_changed_are_named(
    db: Database, changes: dict[int, dict[str, str] | None], found: int | None
) -> None:
    there = {**RECORDS, **{uuid.UUID(int=number): facts for number, facts in changes.items()}}
    records = [(key, facts) for key, facts in sorted(there.items()) if facts is not None]
    with db.reading() as session:
        bad = evidence.check(session, "slip", records)
    assert (bad.row if bad else None) == (uuid.UUID(int=found) if found is not None else None)


@pytest.mark.usefixtures("kept")
def test_an_erased_record_is_no_fault_and_one_that_is_still_there_is(db: Database) -> None:
    erased = uuid.UUID(int=2)
    with db.transaction() as session:
        evidence.erase(session, "slip", erased)
    with db.reading() as session:
        rest = [(key, facts) for key, facts in RECORDS.items() if key != erased]
        assert evidence.check(session, "slip", rest) is None
        bad = evidence.check(session, "slip", RECORDS.items())
        assert bad is not None and bad.row == erased
    assert fault(db) is None


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE evidence SET digest = 'ff' WHERE number = 2", "evidence 2: changed"),
        ("DELETE FROM evidence WHERE number = 2", "evidence 2: deleted"),
        ("DELETE FROM evidence WHERE number = 4", "evidence 4: cut off"),
        ("UPDATE chain_head SET number = 3", "evidence 4: inserted"),
        ("UPDATE chain_head SET hash = 'ff'", "evidence 4: replaced"),
    ],
)
def test_the_chain_of_evidence_is_proved(db: Database, tamper: Tamper, statement: str, found: str) -> None:
    tamper(statement)
    assert str(fault(db)) == found


@pytest.mark.usefixtures("kept")
def test_a_record_deleted_with_its_salt_is_still_missed(db: Database, tamper: Tamper) -> None:
    tamper("DELETE FROM evidence_salt WHERE salt = (SELECT min(salt) FROM evidence_salt WHERE kind = 'note')")
    with db.reading() as session:
        assert evidence.check(session, "note", []) == Fault("note", uuid.UUID(int=1), "deleted")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(st.text("abcxyz_"), inner)))
def test_canonical_json_is_that_of_rfc_8785(value: object) -> None:
    assert chain.canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]
