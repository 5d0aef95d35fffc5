"""What a refund means for what was paid for; pure, one table.

A part given back takes nothing away that the rest still pays for.
"""

from dataclasses import dataclass

SUPPORT, CAMPAIGN, GIFT, SEATS = "support", "campaign", "gift", "seats"
PURPOSES = (SUPPORT, CAMPAIGN, GIFT, SEATS)


@dataclass(frozen=True)
class Meaning:
    """``money`` still counts, ``person`` says whether the payer does, ``things`` how many rewards, gifts or
    seats she keeps."""

    money: int
    person: bool
    things: int


def after_refund(purpose: str, paid: int, back: int, each: int, quantity: int) -> Meaning:
    """What is left of a payment of ``paid`` when ``back`` went back (minor units).

    ``each`` is what one thing costs: a campaign's reward (0 for none), a gift or a seat.
    """
    if not 0 <= back <= paid:
        raise ValueError("more went back than came in")
    left = paid - back
    if purpose == SUPPORT or left == 0:
        return Meaning(left, left > 0, 0)
    affordable = left // each if each else 0
    return Meaning(left, True, min(quantity, affordable))
