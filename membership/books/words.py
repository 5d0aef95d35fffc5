"""How states, accounts, bands and amounts are said. The stored word is the key."""

from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

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
    "bank-fee": N_("fee of the bank"),
    "bank-line": N_("transfer received"),
    "bank-line-assigned": N_("transfer assigned"),
    "campaign_money_released": N_("campaign money released"),
    "charge-paid": N_("payment"),
    "dispute-lost": N_("charged back for good"),
    "dispute-won": N_("came back after a dispute"),
    "disputed": N_("charged back"),
    "expense": N_("invoice"),
    "expense-paid": N_("invoice paid"),
    "given-share": N_("share paid by others"),
    "grant": N_("grant"),
    "opening": N_("opening balance"),
    "patronage": N_("patronage refund"),
    "patronage-settled": N_("patronage refund paid or given"),
    "payout": N_("transfer from the payment provider"),
    "pitch_reassigned": N_("moved to another pitch"),
    "refund-came-back": N_("refund that came back"),
    "refunded": N_("refund"),
    "reserve": N_("put into the reserve"),
    "return-kept": N_("transfer kept after all"),
    "return-owed": N_("transfer to be sent back"),
    "sales": N_("sales"),
    "seat_taken": N_("seat taken"),
    "set-off": N_("set off against a debt"),
    "share-end": N_("share given up"),
    "share-payment": N_("share paid"),
    "share-payout": N_("share paid out"),
    "share-return": N_("share payment taken back"),
    "share-transfer": N_("share handed on"),
    "voucher": N_("other income or cost"),
    "voucher-settled": N_("other income or cost, paid"),
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
    taken_back = name.removesuffix("-reversed")
    if taken_back != name:
        return _("taken back: %(what)s", what=kind(taken_back))
    return _(KINDS[name]) if name in KINDS else name


def band(found: Band) -> str:
    """``from 50 to 100 EUR``."""
    values = {"low": number(found.low), "currency": settings().currency}
    if found.high is None:
        return _("%(low)s %(currency)s or more", **values)
    if found.low == 0:
        return _("below %(high)s %(currency)s", high=number(found.high), currency=settings().currency)
    return _("%(low)s to %(high)s %(currency)s", high=number(found.high), **values)


def percent(rate: int) -> str:
    """``8.1 %``: a rate in basis points."""
    return format_percent(Decimal(rate) / 10_000, locale=language(), decimal_quantization=False)


def tenths(count: int) -> str:
    """``4.2``, or ``4,2``: tenths as a decimal number."""
    return format_decimal(Decimal(count) / 10, format="0.0", locale=language())
