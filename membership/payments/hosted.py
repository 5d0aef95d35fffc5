"""Leading a payer to her provider's page.

The row and its key are there before the call, each step is a transaction of its own, and none
is open while the provider is asked: a crash at any point leaves something that goes on.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import update

from commons.db import database
from commons.language import N_
from commons.refusal import Refused
from membership.payments import charges, mandates
from membership.payments.models import Charge, Mandate
from membership.payments.providers import PROVIDERS
from membership.payments.providers.provider import Declined, Page, Unavailable

Row = TypeVar("Row", Charge, Mandate)


def to_pay(token: str) -> str:
    """Where to send the payer of this charge: to the provider, or back to our page if it is done."""
    with database().reading() as session:
        charge = charges.by_token(session, token)
    back = charges.page(charge)
    if charge.provider == "bank" or charge.mandate_id or charge.state not in (charges.OPEN, charges.PENDING):
        return back
    provider = PROVIDERS[charge.provider]
    return _lead(charge, lambda fresh: provider.open_page(fresh, back), back)


def to_sign(token: str, back: str) -> str:
    """Where to send the party of this mandate: to the provider, or ``back`` if it is signed or over."""
    with database().reading() as session:
        mandate = mandates.by_token(session, token)
        email = mandate.party.data.email if mandate.party.data else ""
    if mandate.state != mandates.WAITING:
        return back
    provider = PROVIDERS[mandate.provider]
    return _lead(mandate, lambda fresh: provider.create_mandate(fresh, email, back), back)


def _lead(row: Row, opened: Callable[[Row], Page], back: str) -> str:
    try:
        page = PROVIDERS[row.provider].see_page(row.page_id) if row.page_id else None
        if page is not None and page.state == "done":
            return back
        if page is None or page.state == "expired":
            row = _next_page(row) if page else row
            page = opened(row)
            _keep(row, page)
    except (Declined, Unavailable) as error:
        raise Refused(N_("The payment provider does not answer. Nothing was charged."), status=503) from error
    return page.url


def _next_page(row: Row) -> Row:
    """Count on, so that the next page has a key of its own; of two at once both get the same."""
    table = type(row)
    with database().transaction() as session:
        session.execute(
            update(table)
            .where(table.id == row.id, table.page_id == row.page_id)
            .values(pages=table.pages + 1, page_id=None)
        )
        return session.get_one(table, row.id, populate_existing=True)


def _keep(row: Row, page: Page) -> None:
    table = type(row)
    with database().transaction() as session:
        session.execute(
            update(table).where(table.id == row.id, table.pages == row.pages).values(page_id=page.id)
        )
