"""The chain of minutes: what it notices, and what it lets be forgotten."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from commons import minutes
from commons.db import Database
from commons.minutes import Fault, Minute, MinuteDetail
from commons.views import DEEDS
from wsgi import cli

LINES = 5


@pytest.fixture
def kept(db: Database) -> Database:
    """Five lines, each with a reason and a name."""
    with db.transaction() as session:
        for number in range(1, LINES + 1):
            private = {"reason": f"reason {number}", "by": "@ada@news.example"}
            minutes.write(session, public={"verb": "publish", "on": f"story {number}"}, private=private)
    return db


def fault(db: Database) -> Fault | None:
    with db.reading() as session:
        return minutes.verify(session)


def test_an_untouched_chain_is_whole_and_says_its_head(kept: Database) -> None:
    assert fault(kept) is None
    with kept.reading() as session:
        number, head = minutes.head(session)
        assert (number, head) == (LINES, session.get_one(Minute, LINES).hash)


def test_no_minutes_are_a_whole_chain_too(db: Database) -> None:
    assert fault(db) is None
    with db.reading() as session:
        assert minutes.head(session) == (0, minutes.GENESIS)


def _rewrite(session: Session) -> None:
    session.execute(update(Minute).where(Minute.number == 3).values(body={"verb": "retract"}))


def _rewrite_with_its_hash(session: Session) -> None:
    line = session.get_one(Minute, 3)
    line.body = {**line.body, "on": "another story"}
    line.hash = minutes.hash_of(line)


def _take_out(session: Session) -> None:
    session.execute(delete(MinuteDetail).where(MinuteDetail.number == 3))
    session.execute(delete(Minute).where(Minute.number == 3))


def _change_a_reason(session: Session) -> None:
    chosen = (MinuteDetail.number == 2, MinuteDetail.field == "reason")
    session.execute(update(MinuteDetail).where(*chosen).values(value="a better reason"))


def _add_a_reason(session: Session) -> None:
    session.add(MinuteDetail(number=2, field="by whom", salt="0" * 32, value="somebody else"))


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (_rewrite, Fault(3, "changed")),
        (_rewrite_with_its_hash, Fault(4, "changed")),
        (_take_out, Fault(3, "missing")),
        (_change_a_reason, Fault(2, "reason changed")),
        (_add_a_reason, Fault(2, "by whom changed")),
    ],
)
def test_the_first_line_that_was_tampered_with_is_named(
    kept: Database, tamper: Callable[[Session], None], found: Fault
) -> None:
    with kept.transaction() as session:
        tamper(session)
    assert fault(kept) == found


def test_what_was_erased_is_no_fault(kept: Database) -> None:
    with kept.transaction() as session:
        session.execute(delete(MinuteDetail).where(MinuteDetail.field == "by"))
    assert fault(kept) is None
    with kept.reading() as session:
        assert [details for _line, details in minutes.lines(session)][0] == {"reason": f"reason {LINES}"}


def test_names_and_reasons_are_not_in_the_chain(kept: Database) -> None:
    with kept.reading() as session:
        bodies = [str(line.body) for line, _details in minutes.lines(session)]
    assert not any("'ada'" in body or "reason 1" in body for body in bodies)


def test_the_same_name_is_committed_to_differently_each_time(kept: Database) -> None:
    with kept.reading() as session:
        seen = {line.body["commitments"]["by"] for line, _details in minutes.lines(session)}
    assert len(seen) == LINES


def test_lines_are_read_from_the_newest_page_by_page(kept: Database) -> None:
    with kept.reading() as session:
        assert [line.number for line, _details in minutes.lines(session, count=2)] == [5, 4]
        assert [line.number for line, _details in minutes.lines(session, before=4, count=2)] == [3, 2]


def test_those_who_write_at_the_same_time_stand_in_one_chain(db: Database) -> None:
    def write(number: int) -> None:
        with db.transaction() as session:
            minutes.write(session, public={"verb": "publish", "on": str(number)}, private={})

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert fault(db) is None
    with db.reading() as session:
        assert minutes.total(session) == len(writers)


def test_the_command_prints_the_head_or_the_fault(kept: Database) -> None:
    good = CliRunner().invoke(cli, ["minutes", "verify"])
    assert good.exit_code == 0 and good.output.startswith(f"{LINES} minutes, head ")
    with kept.transaction() as session:
        _rewrite(session)
    bad = CliRunner().invoke(cli, ["minutes", "verify"])
    assert bad.exit_code == 1 and str(bad.exception) == "Minute 3: changed"


def test_what_is_done_with_a_power_is_said_in_words_on_the_page() -> None:
    rooms = ("commons", "federation", "newsroom", "membership")
    files = [file for room in rooms for file in (Path(minutes.__file__).parents[1] / room).rglob("*.py")]
    verbs = {verb for file in files for verb in re.findall(r'\bverb="([^"{]+)"', file.read_text())}
    assert len(verbs) > 20
    assert verbs - set(DEEDS) == set()
