"""One entry of a statement, and what names it for ever."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from membership.money.currencies import Money

NO_REFERENCE = {"", "NOTPROVIDED", "NONREF", "NONE"}


@dataclass(frozen=True)
class Entry:
    """Money that came in (positive) or went out. ``own`` is the bank's reference for it, if it gave one.

    ``reference`` is the payer's structured one, ``text`` her words. ``sent_as`` is what whoever sent it
    called it: the end-to-end id of a transfer, or the message id of a file that was booked as a whole.
    """

    money: Money
    booked_on: date
    own: str = ""
    reference: str = ""
    text: str = ""
    name: str = ""
    iban: str = ""
    sent_as: str = ""


@dataclass(frozen=True)
class Statement:
    """The entries of one account, in the file's order. ``iban`` is empty where the file does not say."""

    iban: str
    entries: tuple[Entry, ...]

    def named(self) -> list[tuple[str, Entry]]:
        """Each entry with a name that it has in every statement that lists it.

        That is the bank's reference, else a fingerprint of what the bank says. Entries that are
        alike are counted, so that two such payments stay two, and an overlapping file adds none.
        """
        seen: Counter[str] = Counter()
        named = []
        for entry in self.entries:
            base = fingerprint(entry) if entry.own.upper() in NO_REFERENCE else f"bank:{entry.own}"
            seen[base] += 1
            named.append((f"{base}#{seen[base]}", entry))
        return named


def fingerprint(entry: Entry) -> str:
    """SHA-256 over what makes an entry what it is."""
    said: Iterable[str] = (
        entry.booked_on.isoformat(),
        str(entry.money.amount),
        entry.money.currency,
        entry.reference,
        entry.text,
        entry.name,
        entry.iban,
    )
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()
