"""The code that a banking app photographs: EPC069-12, a SEPA transfer with everything filled in."""

import io
from decimal import Decimal

from segno import helpers

from commons.config import settings
from commons.refusal import Refused
from membership.money.currencies import Money, decimal_text

MOST = Decimal("999999999.99")


def transfer_code(money: Money, reference: str) -> str | None:
    """An SVG of the code for a transfer to our account; None where there can be none (only euro).

    Holder and IBAN were checked with the settings: banks compare the two with each other.
    """
    amount = Decimal(decimal_text(money))
    if money.currency != "EUR" or not Decimal("0.01") <= amount <= MOST:
        return None
    try:
        code = helpers.make_epc_qr(
            name=settings().account_holder,
            iban=settings().iban,
            amount=amount,
            reference=reference,
            bic=settings().bic or None,
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    drawing = io.BytesIO()
    code.save(
        drawing, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False, svgns=True, nl=False
    )
    return drawing.getvalue().decode()
