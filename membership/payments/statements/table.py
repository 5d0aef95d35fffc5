"""CSV statements: no two banks write the same, so columns are found by their names."""

import csv
import io
from collections.abc import Mapping

from stdnum import iban

from commons import limits
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from membership.payments.statements.amounts import day, local
from membership.payments.statements.entry import Entry, Statement

# What we look for, and how banks call it (lower case).
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "booking date", "booked on", "buchungstag", "buchungsdatum", "buchung", "datum"),
    "amount": ("amount", "betrag", "betrag (eur)", "umsatz", "betrag (€)"),
    "currency": ("currency", "währung", "waehrung"),
    "text": ("text", "description", "purpose", "reference text", "verwendungszweck", "buchungstext"),
    "reference": ("reference", "creditor reference", "referenz"),
    "name": ("name", "payer", "counterparty", "auftraggeber", "zahlungspflichtiger", "zahlungspflichtige*r"),
    "iban": ("iban", "payer iban", "counterparty iban", "auftraggeber-iban", "kontonummer/iban"),
    "sent_as": (
        "end-to-end id",
        "end-to-end reference",
        "ende-zu-ende-referenz",
        "kundenreferenz (end-to-end)",
    ),
    "entry": ("entry", "entry reference", "transaction id", "umsatz-id", "buchungsreferenz"),
}
NEEDED = ("date", "amount")


def read(data: bytes) -> Statement:
    """The lines of a CSV file with a heading; every line that cannot be read is named."""
    text = _text(data)
    lines = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    start, places = _heading(lines)
    if len(lines) - start > limits.STATEMENT_LINES:
        raise Refused(N_("The file has more than %(most)s entries."), most=limits.STATEMENT_LINES)
    entries, faults = [], []
    for number, cells in enumerate(lines[start:], start=start + 1):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            entries.append(_entry({name: _cell(cells, place) for name, place in places.items()}))
        except (ValueError, Refused):
            faults.append(str(number))
    if faults:
        raise Refused(N_("These lines cannot be read: %(lines)s"), lines=", ".join(faults[:20]))
    return Statement("", tuple(entries))


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise Refused(N_("This is not a text file."))
    return text


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(";,\t", key=first.count)


def _heading(lines: list[list[str]]) -> tuple[int, dict[str, int]]:
    """The number of the first line after the heading, and where each column is."""
    for number, cells in enumerate(lines[:30], start=1):
        names = [cell.strip().lower() for cell in cells]
        places = {
            ours: names.index(next(name for name in theirs if name in names))
            for ours, theirs in COLUMNS.items()
            if any(name in names for name in theirs)
        }
        if all(name in places for name in NEEDED):
            return number, places
    raise Refused(N_("The file needs a heading with the columns date and amount."))


def _entry(cells: Mapping[str, str]) -> Entry:
    money = local(cells["amount"], cells.get("currency") or settings().currency)
    if money.amount == 0:
        raise ValueError("nothing moved")
    return Entry(
        money=money,
        booked_on=day(cells["date"]),
        own=cells.get("entry", ""),
        reference=cells.get("reference", ""),
        text=cells.get("text", ""),
        name=cells.get("name", ""),
        iban=iban.compact(cells.get("iban", "")),
        sent_as=cells.get("sent_as", ""),
    )


def _cell(cells: list[str], place: int) -> str:
    """What stands there; a spreadsheet's guard before a formula is no part of it."""
    text = cells[place].strip() if place < len(cells) else ""
    return "".join(c if c.isprintable() else " " for c in text)[: limits.STATEMENT_TEXT_CHARS]
