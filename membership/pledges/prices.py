"""What we suggest to pay; pure. Nobody is asked to prove anything, and every amount gives the same vote."""

from membership.money.currencies import Money, exponent

# Whole units of the currency for a month, and for a year.
REDUCED, NORMAL, SOLIDARITY = "reduced", "normal", "solidarity"
SUGGESTED = {
    "monthly": {REDUCED: 3, NORMAL: 9, SOLIDARITY: 15},
    "yearly": {REDUCED: 36, NORMAL: 96, SOLIDARITY: 180},
}
LEAST = 1
MOST = 100_000


def suggested(rhythm: str, currency: str) -> dict[str, Money]:
    """The three prices for a month or a year: reduced, normal and with solidarity."""
    return {name: whole(units, currency) for name, units in SUGGESTED[rhythm].items()}


def year(currency: str) -> Money:
    """What a year costs that is given to somebody else."""
    return whole(SUGGESTED["yearly"][NORMAL], currency)


def whole(units: int, currency: str) -> Money:
    return Money(units * 10 ** exponent(currency), currency)


def acceptable(money: Money) -> bool:
    """Whether we take such an amount from a form; who wants to give more is asked to write to us."""
    return whole(LEAST, money.currency) <= money <= whole(MOST, money.currency)
