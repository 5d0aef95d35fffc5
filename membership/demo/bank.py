"""The newsroom's bank, as the demo plays it: people transfer, and it writes statements."""

import csv
import io
from dataclasses import dataclass, field
from datetime import date

from membership.money.currencies import Money, decimal_text

COLUMNS = ("date", "amount", "currency", "text", "reference", "name", "iban", "entry", "end-to-end id")


@dataclass(frozen=True)
class Transfer:
    """Money that comes in, or, below zero, goes out on a day; with what is written on it.

    ``sent_as``: how a file of ours called it.
    """

    on: date
    money: Money
    name: str
    iban: str = ""
    reference: str = ""
    text: str = ""
    sent_as: str = ""


@dataclass
class Bank:
    """``waiting``: what is on its way and on no statement yet."""

    waiting: list[Transfer] = field(default_factory=list)
    entries: int = 0

    def transfer(self, transfer: Transfer) -> None:
        self.waiting.append(transfer)

    def statement(self, until: date) -> bytes:
        """A CSV statement of what was booked up to ``until`` and was on no statement before; may be empty."""
        booked = sorted((each for each in self.waiting if each.on <= until), key=lambda each: each.on)
        self.waiting = [each for each in self.waiting if each.on > until]
        if not booked:
            return b""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";")
        writer.writerow(COLUMNS)
        for each in booked:
            self.entries += 1
            amount, entry = decimal_text(each.money), f"LN{self.entries:06}"
            said = (each.text, each.reference, each.name, each.iban, entry, each.sent_as)
            writer.writerow((each.on.isoformat(), amount, each.money.currency, *said))
        return out.getvalue().encode()
