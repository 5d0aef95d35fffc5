"""How states, accounts, bands and amounts are said. The stored word is the key."""

from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from commons.config import settings
from commons.language import N_, REGIONS, _, language, number
from membership.books.cells import Band
from membership.money.chart import CHART
from membership.money.currencies import Money, decimal_text, show
from membership.money.periods import first_day

STATES = {
    "asked": N_("handed in"),
    "checked": N_("signed once"),
    "approved": N_("approved, to be paid"),
    "ordered": N_("with the bank"),
    "paid": N_("paid"),
    "rejected": N_("rejected"),
    "withdrawn": N_("withdrawn"),
    "cancelled": N_("cancelled"),
    "proposed": N_("proposed"),
    "done": N_("done"),
}
CHOICES = {
    "pay": N_("Transfer it to my bank account"),
    "credit": N_("Keep it for my next contributions"),
    "waive": N_("Give it to the newsroom"),
}
CHOSEN = {
    "": N_("not chosen yet"),
    "pay": N_("transferred to the bank account"),
    "credit": N_("kept for the next contributions"),
    "waive": N_("given to the newsroom"),
}
KINDS = {
    "expense": N_("invoice"),
    "expense-paid": N_("invoice paid"),
    "charge-paid": N_("payment"),
    "refunded": N_("refund"),
    "bank-line": N_("transfer received"),
    "voucher": N_("other income or cost"),
    "voucher-settled": N_("other income or cost, paid"),
    "reserve": N_("put into the reserve"),
    "patronage": N_("patronage refund"),
}


def account(name: str) -> str:
    """The title of an account."""
    return _(CHART[name].title)


def accounts(names: tuple[str, ...]) -> str:
    """Several accounts that are told as one."""
    return ", ".join(account(name) for name in names)


def money(amount: int) -> str:
    """Minor units of the newsroom's currency."""
    return show(Money(amount, settings().currency))


def plain(amount: int) -> str:
    """The same as a form takes it: ``12.50``."""
    return decimal_text(Money(amount, settings().currency))


def month(name: str) -> str:
    """``November 2026``."""
    return format_date(first_day(name), "LLLL yyyy", locale=REGIONS[language()])


def short_month(name: str) -> str:
    """``Nov``."""
    return format_date(first_day(name), "LLL", locale=REGIONS[language()])


def kind(name: str) -> str:
    """What a posting is; the plain word where we have none for people."""
    return _(KINDS[name]) if name in KINDS else name


def band(found: Band) -> str:
    """``from 50 to 100 EUR``."""
    values = {"low": number(found.low), "currency": settings().currency}
    if found.high is None:
        return _("%(low)s %(currency)s or more", **values)
    if found.low == 0:
        return _("below %(high)s %(currency)s", high=number(found.high), currency=settings().currency)
    return _("%(low)s to %(high)s %(currency)s", high=number(found.high), **values)


def tenths(count: int) -> str:
    """``4.2``, or ``4,2``: tenths as a decimal number."""
    return format_decimal(Decimal(count) / 10, format="0.0", locale=language())
