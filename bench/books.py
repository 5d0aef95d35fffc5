"""The ledger with 10,000 and with 1,000,000 postings.

Held to: a posting, a balance and the figures of the books page cost at most twice as much with the
larger one; ``rostra books verify`` reads at least 50,000 postings a second and needs no more memory.

The books are filled in bulk, with the rows that ``ledger.post`` would have written: 10,000 parties,
50 campaigns, 200 stories, twelve months, a memo on every tenth posting.
"""

import argparse
import random
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from bench.parts import house
from commons import clock
from commons.config import Config
from commons.db import Database, new_id
from membership.books import figures, lines
from membership.money import chain, ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import (
    Balance,
    ChainHead,
    DayTotal,
    LedgerAccount,
    MonthTotal,
    Party,
    Posting,
    PostingLine,
    PostingMemo,
)

SMALL, LARGE = 10_000, 1_000_000
BATCH = 10_000
FIRST = date(2025, 11, 1)
DAYS = 365
# The books page shows the month of this moment: one that is full.
LOOKED_AT = datetime(2026, 10, 20, 12, tzinfo=UTC)
MOST_TIMES = 2.0
LEAST_A_SECOND = 50_000
# The smallest difference that counts: below it a timer and a busy machine decide.
NOISE_SECONDS = 0.0005
MEMORY_NOISE_MIB = 16


class Filler:
    """Writes many postings at once, the same each time."""

    def __init__(self, session: Session) -> None:
        self.random = random.Random(20251101)
        self.session = session
        self.number, self.previous = 0, chain.GENESIS
        self.days: dict[tuple[str, date], list[int]] = {}
        self.parties, self.campaigns, self.stories = (
            [self._id() for _ in range(count)] for count in (10_000, 50, 200)
        )
        session.execute(insert(Party), [{"id": key} for key in self.parties])
        names = ("assets:bank", "income:pledges", "restricted:pitches", "expenses:freelance")
        session.execute(insert(LedgerAccount), [{"name": name, "currency": "EUR"} for name in names])

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def fill(self, count: int) -> None:
        made = self._make(count)
        while batch := list(islice(made, BATCH)):
            postings, lines, memos = zip(*batch, strict=True)
            self._write(Posting, list(postings))
            self._write(PostingLine, [line for both in lines for line in both])
            self._write(PostingMemo, [memo for memo in memos if memo])
        self.session.add(ChainHead(chain="posting", number=self.number, hash=self.previous))
        self.session.flush()
        self._sum_up()

    def _write(self, model: Any, rows: list[dict[str, Any]]) -> None:
        """By the table, not the model, which would write rows with and without a story apart."""
        self.session.execute(insert(model.__table__), rows)

    def _make(self, count: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]]:
        for place in range(count):
            self.number += 1
            on = FIRST + timedelta(days=place * DAYS // count)
            memo: dict[str, Any] = {}
            if self.number % 10 == 0:
                memo = {"posting_id": self.number, "position": 0, "salt": f"{self.number:032x}"}
                memo["text"] = f"For the harbour, number {self.number}"
            posting = SimpleNamespace(
                id=self.number,
                kind="payment",
                cause_kind="bench",
                cause_id=self._id(),
                on=on,
                at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
                reverses=None,
                memo_hash=chain.commitment(memo["salt"], memo["text"]) if memo else "",
                previous=self.previous,
            )
            lines = self._lines(on)
            chained = [ledger.chained_line(line) for line in lines]
            # The rows of a million objects of the model would take longer to make than to write.
            posting.hash = chain.link(self.previous, ledger.chained_head(cast(Posting, posting)), chained)
            self.previous = posting.hash
            yield vars(posting), lines, memo

    def _lines(self, on: date) -> list[dict[str, Any]]:
        amount, choice = self.random.randrange(100, 20_000), self.random.random()
        party, campaign, story = self.random.choice(self.parties), None, None
        debit, credit = "assets:bank", "income:pledges"
        if choice < 0.2:
            credit, campaign = "restricted:pitches", self.random.choice(self.campaigns)
        elif choice < 0.3:
            debit, credit, story = "expenses:freelance", "assets:bank", self.random.choice(self.stories)
        self.days.setdefault((debit, on), [0, 0])[0] += amount
        self.days.setdefault((credit, on), [0, 0])[1] += amount
        return [
            {
                "posting_id": self.number,
                "position": position,
                "account": account,
                "currency": "EUR",
                "amount": signed,
                "on": on,
                "party_id": party,
                "campaign_id": campaign,
                "story_id": story,
                "memo_hash": "",
            }
            for position, (account, signed) in enumerate(((debit, amount), (credit, -amount)), start=1)
        ]

    def _sum_up(self) -> None:
        """Balances by the database itself, totals as they were added up on the way."""
        line, total = PostingLine, func.sum(PostingLine.amount)
        for dimension, key in (
            ("party", line.party_id),
            ("campaign", line.campaign_id),
            ("story", line.story_id),
        ):
            sums = select(line.account, key, total).where(key.is_not(None)).group_by(line.account, key)
            self._keep(Balance, ((a, dimension, k, t) for a, k, t in self.session.execute(sums)))
        whole = self.session.execute(select(line.account, total).group_by(line.account))
        self._keep(Balance, ((a, "all", ledger.NOBODY, t) for a, t in whole))
        months: dict[tuple[str, str], list[int]] = {}
        for (account, on), (debit, credit) in self.days.items():
            month = months.setdefault((account, on.isoformat()[:7]), [0, 0])
            month[0] += debit
            month[1] += credit
        self._keep(DayTotal, ((*key, *sums) for key, sums in self.days.items()))
        self._keep(MonthTotal, ((*key, *sums) for key, sums in months.items()))

    def _keep(self, model: Any, rows: Any) -> None:
        columns = [column.name for column in model.__table__.columns]
        self._write(model, [dict(zip(columns, row, strict=True)) for row in rows])


def usual_seconds(work: Callable[[], object], times: int) -> float:
    """The quickest tenth's slowest: other work on the machine makes a median of both ledgers useless."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return sorted(took)[times // 10]


def costs(database: Database, parties: list[uuid.UUID]) -> dict[str, float]:
    """Seconds of what the treasurer and the books page do."""
    chosen = random.Random(1)

    def write() -> None:
        money = Money(chosen.randrange(100, 5_000), "EUR")
        party = chosen.choice(parties)
        lines = [Line("assets:bank", money, party_id=party), Line("income:pledges", -money, party_id=party)]
        with database.transaction() as session:
            ledger.post(
                session, kind="payment", lines=lines, cause=("bench", new_id()), on=date(2026, 10, 15)
            )

    def look(**what: Any) -> Callable[[], object]:
        def read() -> int:
            with database.reading() as session:
                return ledger.balance(session, "assets:bank", "EUR", **what)

        return read

    def page() -> None:
        with database.reading() as session:
            figures.read(session)
            lines.newest(session, "assets:bank")

    return {
        "posting": usual_seconds(write, 300),
        "balance": usual_seconds(look(), 300),
        "balance of a party": usual_seconds(look(party_id=parties[7]), 300),
        "balance on a day": usual_seconds(look(until=date(2026, 6, 17)), 300),
        "books page": usual_seconds(page, 60),
    }


def verify(settings: Config) -> tuple[float, float]:
    """Seconds and peak MiB of ``rostra books verify`` on that newsroom."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    process = house.start(settings, "books", "verify")
    began, peak = time.monotonic(), 0.0
    while process.poll() is None:
        peak = max(peak, _peak_mib(process))
        time.sleep(0.02)
    if process.returncode:
        sys.exit("the books were not verified")
    seconds, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used
    print(f"  verified in {seconds:.1f} s, of which {used:.1f} s of processor, at most {peak:.0f} MiB")
    return seconds, peak


def _peak_mib(process: subprocess.Popen[bytes]) -> float:
    try:
        return house.memory_mib(process.pid)
    except (OSError, IndexError):
        return 0.0


def measure(count: int) -> tuple[dict[str, float], float, float]:
    with house.newsroom() as settings:
        database = Database(settings.database_url)
        began = time.monotonic()
        with database.transaction() as session:
            filler = Filler(session)
            filler.fill(count)
        print(f"{count:,} postings written in {time.monotonic() - began:.0f} s")
        found = costs(database, filler.parties)
        seconds, memory = verify(settings)
        database.dispose()
    return found, seconds, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=LARGE)
    options = parser.parse_args()
    clock.shift = LOOKED_AT - clock.now()
    small, small_seconds, small_memory = measure(SMALL)
    large, large_seconds, large_memory = measure(options.count)
    failed = []
    for name, before in small.items():
        times = large[name] / before
        print(f"{name:20} {1000 * before:8.2f} ms {1000 * large[name]:8.2f} ms  {times:.2f} times")
        if large[name] > MOST_TIMES * before + NOISE_SECONDS:
            failed.append(name)
    # What a start of the program costs is in both.
    rate = (options.count - SMALL) / (large_seconds - small_seconds)
    print(f"verify reads {rate:,.0f} postings a second")
    if rate < LEAST_A_SECOND:
        failed.append("verify")
    if large_memory > small_memory + MEMORY_NOISE_MIB:
        failed.append("memory of verify")
    sys.exit(f"Not met: {', '.join(failed)}." if failed else 0)


if __name__ == "__main__":
    main()
