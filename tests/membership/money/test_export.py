"""The books as files: beancount finds them in order, and nobody is named in them."""

import csv
import subprocess
import sys
import uuid
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.db import Database, new_id
from commons.refusal import Refused
from membership.books import commands
from membership.money import ledger
from membership.money.chart import CHART
from membership.money.currencies import Money
from membership.money.export import beancount_name
from membership.money.ledger import Line
from tests.membership.money.conftest import Post, eur

BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def books(*arguments: str) -> Result:
    return CliRunner().invoke(commands.books, arguments)


@pytest.fixture
def filled(db: Database, pay: Post, somebody: uuid.UUID) -> None:
    pay(12_345, party_id=somebody, memo="from Ada Weiss", on=date(2026, 9, 30))
    original = pay(400, credit="restricted:pitches", campaign_id=new_id(), on=date(2026, 10, 4))
    pay(99, "expenses:payment-fees", "assets:bank", story_id=new_id(), on=date(2026, 9, 29))
    with db.transaction() as session:
        ledger.reverse(session, original.id, ("refund", new_id()), memo="Ada Weiss asked")
        lines = [
            Line("assets:cash", Money(5_000, "JPY")),
            Line("income:gifts", Money(-5_000, "JPY")),
            Line("assets:bank", eur(3)),
            Line("income:pledges", eur(-3)),
        ]
        ledger.post(session, kind="gift", lines=lines, cause=("charge", new_id()))


@pytest.mark.usefixtures("filled")
def test_beancount_loads_the_export_and_it_balances(tmp_path: Path) -> None:
    file = tmp_path / "books.beancount"
    assert books("export", str(file), "--format", "beancount").exit_code == 0
    checked = subprocess.run([BEAN_CHECK, file], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    written = file.read_text()
    assert written.count(" * ") == 5
    assert "  Assets:Bank  123.45 EUR" in written and "  Assets:Cash  5000 JPY" in written
    file.write_text(written.replace("123.45 EUR", "123.46 EUR", 1))
    assert subprocess.run([BEAN_CHECK, file], capture_output=True, check=False).returncode == 1


@pytest.mark.usefixtures("filled")
def test_csv_has_a_row_for_each_line_and_sums_to_zero(tmp_path: Path) -> None:
    file = tmp_path / "books.csv"
    assert books("export", str(file), "--format", "csv").exit_code == 0
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 12
    assert rows[0]["amount"] == "123.45" and rows[0]["date"] == "2026-09-30"
    for currency in ("EUR", "JPY"):
        cents = [row["amount"].replace(".", "") for row in rows if row["currency"] == currency]
        assert sum(map(int, cents)) == 0
    assert [row["reverses"] for row in rows if row["kind"] == "payment-reversed"] == ["2", "2"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("form", ["csv", "beancount"])
def test_nobody_is_named_in_an_export(tmp_path: Path, somebody: uuid.UUID, form: str) -> None:
    file = tmp_path / "books"
    assert books("export", str(file), "--format", form).exit_code == 0
    written = file.read_text()
    assert "Ada" not in written
    assert str(somebody) not in written and somebody.hex not in written
    assert [path.name for path in tmp_path.glob("books*")] == ["books"]


def test_empty_books_are_exported_too(db: Database, tmp_path: Path) -> None:
    for form in ("csv", "beancount"):
        assert books("export", str(tmp_path / form), "--format", form).exit_code == 0
    assert subprocess.run([BEAN_CHECK, tmp_path / "beancount"], check=False).returncode == 0


def test_a_file_that_cannot_be_written_is_refused_in_one_sentence(db: Database, tmp_path: Path) -> None:
    done = books("export", str(tmp_path / "nowhere" / "books.csv"), "--format", "csv")
    assert isinstance(done.exception, Refused)
    assert "cannot be written" in str(done.exception)


def test_every_account_has_a_name_that_beancount_takes() -> None:
    roots = {"Assets", "Liabilities", "Equity", "Income", "Expenses"}
    names = [beancount_name(name) for name in CHART]
    assert len(set(names)) == len(names)
    for name in names:
        root, *rest = name.split(":")
        assert root in roots and rest
        assert all(part[0].isupper() and part.replace("-", "").isalnum() for part in rest)


@pytest.mark.usefixtures("filled")
def test_verify_prints_the_head_to_keep(db: Database) -> None:
    done = books("verify")
    with db.reading() as session:
        number, head = ledger.head(session)
    assert done.exit_code == 0
    assert done.stdout == f"{number} postings are as written; the last has the hash {head}\n"
