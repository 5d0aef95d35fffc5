"""Amounts and dates as files of banks write them. Pure; ``ValueError`` for anything else."""

import re
from datetime import date, datetime

from commons.refusal import Refused
from membership.money.currencies import Money, exponent

PLAIN = re.compile(r"([+-]?)(\d{1,15})(?:\.(\d{1,5}))?")
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%Y%m%d")


def minor(text: str, currency: str) -> Money:
    """``-12.50`` as money. Zeros beyond the currency's decimals are no fault."""
    match = PLAIN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    try:
        digits = exponent(currency.upper())
    except Refused as error:
        raise ValueError(str(error)) from error
    if len(fraction) > digits:
        raise ValueError(f"finer than {currency}: {text!r}")
    return Money(int(f"{sign}{whole}{fraction.ljust(digits, '0')}"), currency.upper())


def local(text: str, currency: str) -> Money:
    """``-1.234,50`` or ``-1,234.50`` as money: the last of both marks is the decimal one."""
    text = text.strip().replace(" ", "").replace("\N{NO-BREAK SPACE}", "").replace("'", "")
    mark = max(text.rfind(","), text.rfind("."))
    if mark < 0:
        return minor(text, currency)
    whole, fraction = text[:mark], text[mark + 1 :]
    if len(fraction) == 3 and exponent(currency) < 3:
        raise ValueError(f"thousands or decimals? {text!r}")
    return minor(f"{re.sub('[.,]', '', whole)}.{fraction}", currency)


def day(text: str) -> date:
    """A date in one of the usual spellings; the day before the month."""
    for form in DATES:
        try:
            return datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
    raise ValueError(f"not a date: {text!r}")
