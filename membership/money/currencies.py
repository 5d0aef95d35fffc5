"""Amounts of money: whole minor units and a currency. Pure; nothing here is ever a float.

The exponents are ISO 4217's. Providers and libraries differ from it and from each other
(the ariary has 2 decimals in ISO 4217, none at Stripe and in CLDR), so the tables here are
the only source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import NumberPattern, get_decimal_symbol, get_group_symbol, parse_pattern

from commons.language import N_, REGIONS, language
from commons.refusal import Refused

LARGEST = 2**63 - 1

_EXPONENTS: Mapping[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
        CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
        HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP
        MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD
        SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS
        VED VES WST XCD XCG YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS = {code: exponent for exponent, codes in _EXPONENTS.items() for code in codes.split()}


@dataclass(frozen=True)
class Scale:
    """How a provider writes a currency: its decimals, and the step that amounts must be multiples of."""

    exponent: int
    step: int = 1


# Where a provider differs from ISO 4217. Stripe, "Zero-decimal currencies" and "Special cases".
PROVIDERS: Mapping[str, Mapping[str, Scale]] = {
    "stripe": {
        "MGA": Scale(0),
        "HUF": Scale(2, 100),
        "ISK": Scale(2, 100),
        "TWD": Scale(2, 100),
        "UGX": Scale(2, 100),
        **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), Scale(3, 10)),
    },
}


@dataclass(frozen=True, slots=True)
class Money:
    """``amount`` minor units of ``currency``; may be negative.

    ``TypeError`` for anything but an int (a bool is none); ``Refused`` for an unknown currency
    or an amount beyond 64 bits.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"an amount is an int of minor units, not {self.amount!r}")
        exponent(self.currency)
        if abs(self.amount) > LARGEST:
            raise Refused(N_("This amount is too large."))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def _same(self, other: "Money") -> int:
        if not isinstance(other, Money):
            raise TypeError(f"{other!r} is not money")
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.amount


def positive(money: Money) -> Money:
    """``money``, if it is more than nothing."""
    if money.amount <= 0:
        raise Refused(N_("The amount must be more than zero."))
    return money


def exponent(currency: str) -> int:
    """Decimals of ``currency`` by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD."""
    try:
        return EXPONENTS[currency]
    except (KeyError, TypeError):
        raise Refused(N_("%(currency)s is not a currency that we know."), currency=currency) from None


# As people write and read it


def parse(text: str, currency: str) -> Money:
    """What a person typed: ``12``, ``12.50``, ``12,50``, ``1,234.50`` (``1.234,50`` in German).

    Thousands may be set off as the language spoken does it. The other decimal mark is understood
    where it can mean nothing else. No sign, no exponent, no more decimals than the currency has.
    """
    digits = exponent(currency)
    whole, fraction = _parts(text.strip(), digits)
    plain = whole + fraction
    if not text.strip():
        raise Refused(N_("Write an amount of money."))
    if not (plain.isascii() and plain.isdigit() and whole) or len(fraction) > digits:
        raise Refused(N_("This is not an amount of money: %(text)s"), text=text[:40])
    if len(plain) > 18:
        raise Refused(N_("This amount is too large."))
    return Money(int(whole + fraction.ljust(digits, "0")), currency)


def _parts(text: str, digits: int) -> tuple[str, str]:
    """The digits before and after the decimal mark; digits that are no digits are left in."""
    locale = REGIONS[language()]
    mark, group = get_decimal_symbol(locale), get_group_symbol(locale)
    whole, found, fraction = text.partition(mark)
    if found:
        # Something must follow the mark: "12," is a slip of the finger.
        return (_ungrouped(whole, group), fraction) if fraction else ("", "")
    other_whole, _, other_fraction = text.partition(group)
    if 0 < len(other_fraction) <= min(digits, 2):
        return other_whole, other_fraction
    return _ungrouped(text, group), ""


def _ungrouped(text: str, group: str) -> str:
    first, *rest = text.split(group)
    if rest and not (1 <= len(first) <= 3 and all(len(part) == 3 for part in rest)):
        return ""
    return first + "".join(rest)


def show(money: Money) -> str:
    """``€1,234.50``, or as the language spoken writes it."""
    region = REGIONS[language()]
    digits = exponent(money.currency)
    amount = Decimal(money.amount).scaleb(-digits)
    return str(_pattern(region, digits).apply(amount, region, currency=money.currency, currency_digits=False))


@cache
def _pattern(region: str, digits: int) -> NumberPattern:
    pattern = parse_pattern(Locale.parse(region).currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


def decimal_text(money: Money) -> str:
    """``1234.50``: for programs. A point, no grouping, as many decimals as the currency has."""
    digits = exponent(money.currency)
    return f"{Decimal(money.amount).scaleb(-digits):.{digits}f}"


# As providers write it


def to_provider(money: Money, provider: str) -> int:
    """The whole number that ``provider`` wants; refuses what it cannot express."""
    scale = _scale(money.currency, provider)
    number = _rescaled(money.amount, scale.exponent - exponent(money.currency))
    if number is None or number % scale.step:
        raise Refused(N_("This amount is too fine for %(provider)s."), provider=provider)
    return number


def from_provider(number: int, currency: str, provider: str) -> Money:
    """The money that a provider's whole number means. ``currency`` in any case."""
    currency = currency.upper()
    if type(number) is not int:
        raise TypeError(f"{number!r} is not a whole number")
    amount = _rescaled(number, exponent(currency) - _scale(currency, provider).exponent)
    if amount is None:
        raise Refused(N_("%(provider)s sent an amount finer than the currency."), provider=provider)
    return Money(amount, currency)


def _scale(currency: str, provider: str) -> Scale:
    return PROVIDERS.get(provider, {}).get(currency) or Scale(exponent(currency))


def _rescaled(number: int, places: int) -> int | None:
    """``number`` with ``places`` more decimals, or None if it would not be whole."""
    if places >= 0:
        return number * int(10**places)
    quotient, rest = divmod(number, int(10**-places))
    return None if rest else quotient


# Shares


def split(total: int, weights: Sequence[int], turn: int) -> list[int]:
    """``total`` minor units in proportion to ``weights``, by largest remainder; the parts sum to it.

    No part for no weight. Of equal remainders the one at ``turn`` (modulo their number) is served
    first: pass a number that grows, so that the odd cent goes round.
    """
    if any(type(value) is not int or value < 0 for value in (total, turn, *weights)):
        raise TypeError("total, turn and weights are ints from 0 up")
    if total == 0:
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        raise Refused(N_("There is nobody to share this among."))
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-remainders[place], (place - turn) % len(weights)))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts
