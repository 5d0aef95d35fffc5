"""What a payment provider must be able to do. A new provider is one file with such a class.

A provider speaks to the outside and touches no table: it gets rows to read and returns what it
learned. Every call that creates something carries the key that its row kept before the call, so
that a call repeated after a crash or a lost answer creates nothing new.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from membership.money.currencies import Money
from membership.payments.models import Charge, Mandate, Refund


class Unavailable(Exception):
    """The provider did not answer, or not in a way that settles anything: ask again later."""


class Declined(Exception):
    """The provider said no for good. ``reason`` is its code, such as ``insufficient_funds``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Page:
    """A page of the provider's where somebody pays or signs: its id there and its address.

    ``state``: ``open`` can be visited, ``done`` was completed, ``expired`` is of no use any more.
    """

    id: str
    url: str
    state: Literal["open", "done", "expired"] = "open"


@dataclass(frozen=True)
class Payment:
    """How a charge stands at the provider now. ``charge_key`` is the key of our row, empty if not ours.

    ``fee`` is what the provider kept; ``method`` such as ``card`` or ``sepa_debit``.
    """

    id: str
    charge_key: str
    state: Literal["pending", "paid", "failed"]
    money: Money
    fee: int = 0
    method: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Signature:
    """How a mandate stands at the provider: ``customer`` and ``reference`` are what to charge."""

    mandate_key: str
    state: Literal["waiting", "active", "failed"]
    customer: str = ""
    reference: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Return:
    """How a refund stands at the provider. ``payment_id`` is the payment's, ``refund_key`` ours or empty."""

    id: str
    payment_id: str
    refund_key: str
    state: Literal["pending", "done", "failed"]
    money: Money
    failure: str = ""


@dataclass(frozen=True)
class Objection:
    """How a dispute stands. ``fee`` is what the provider takes for it, 0 where it gave it back."""

    id: str
    payment_id: str
    state: Literal["open", "won", "lost"]
    money: Money
    fee: int = 0


Found = Payment | Signature | Return | Objection


@dataclass(frozen=True)
class Event:
    """A verified message: that something happened to an object, which is to be looked at.

    ``foreign`` says why it is not meant for us (another account, or play money), or is empty.
    """

    id: str
    kind: str
    object_kind: str
    object_id: str
    made_at: datetime
    foreign: str = ""


class Provider(Protocol):
    """One way in which money comes."""

    name: str
    takes_mandates: bool

    def ready(self) -> bool:
        """Whether its settings are there."""

    def open_page(self, charge: Charge, back: str) -> Page:
        """A page to pay ``charge`` on; ``back`` is where it leads afterwards."""

    def see_page(self, page_id: str) -> Page:
        """How a page stands now."""

    def create_mandate(self, mandate: Mandate, email: str, back: str) -> Page:
        """A page to sign ``mandate`` on."""

    def end_mandate(self, mandate: Mandate) -> None:
        """See that ``mandate`` cannot be used any more."""

    def charge(self, charge: Charge) -> Payment:
        """Charge the mandate of ``charge`` without its holder; ``Declined`` or ``Unavailable``."""

    def refund(self, refund: Refund) -> Return:
        """Send ``refund`` back to who paid; ``Declined`` or ``Unavailable``."""

    def fetch(self, object_kind: str, object_id: str) -> Found | None:
        """How an object stands now; None for a kind that does not concern us or an unknown id."""

    def parse_webhook(self, raw: bytes, headers: Mapping[str, str]) -> Event:
        """The event in a request's body as it came; ``Refused`` with status 400 unless it is genuine."""

    def since(self, moment: datetime) -> Iterator[tuple[str, str]]:
        """(kind, id) of every object that was made or may have changed since ``moment``."""
