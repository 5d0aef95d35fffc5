"""Bank transfer: works with nothing but an account. What came in is read from the bank's statements."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from membership.payments.models import Charge, Mandate, Refund
from membership.payments.providers.provider import Declined, Event, Found, Page, Payment, Return, Unavailable


class Bank:
    """The page is ours; nothing is charged by itself, and nobody calls us."""

    name = "bank"
    takes_mandates = False

    def ready(self) -> bool:
        return bool(settings().iban)

    def open_page(self, charge: Charge, back: str) -> Page:
        return Page(f"bank-{charge.token}", back)

    def see_page(self, page_id: str) -> Page:
        raise Unavailable("a transfer has no page of a provider")

    def create_mandate(self, mandate: Mandate, email: str, back: str) -> Page:
        raise Refused(N_("A transfer cannot be repeated by us."))

    def end_mandate(self, mandate: Mandate) -> None:
        """There is none."""

    def charge(self, charge: Charge) -> Payment:
        raise Declined("transfer")

    def refund(self, refund: Refund) -> Return:
        """A treasurer sends it from the bank account, and says so: ``refunds.sent``."""
        raise Unavailable("by hand")

    def fetch(self, object_kind: str, object_id: str) -> Found | None:
        return None

    def parse_webhook(self, raw: bytes, headers: Mapping[str, str]) -> Event:
        raise Refused(N_("The bank does not call us."), status=404)

    def since(self, moment: datetime) -> Iterator[tuple[str, str]]:
        return iter(())
