"""A receipt as PDF: the same bytes each time it is asked for, whatever the newsroom is set to since."""

from commons import paper
from commons.language import _, date, speaking
from membership.money.currencies import show
from membership.payments import receipts
from membership.payments.models import Receipt


def receipt(receipt: Receipt) -> bytes:
    """One page of A4, in the language in which it was issued."""
    return paper.pdf(
        title=title(receipt), author=receipt.body["issuer"], created=receipt.issued_at, rows=rows(receipt)
    )


def title(receipt: Receipt) -> str:
    with speaking(receipt.body["language"]):
        if receipt.cause == receipts.REFUND:
            return _("Refund %(number)s", number=receipt.number)
        return _("Receipt %(number)s", number=receipt.number)


def rows(receipt: Receipt) -> list[tuple[str, str]]:
    """What a receipt says, as label and value, for paper and page alike."""
    person = receipt.person
    with speaking(receipt.body["language"]):
        said = [
            (_("Amount"), show(receipts.money(receipt))),
            (_("For"), receipt.body["words"]),
            (_("Date"), date(receipt.issued_at)),
            (_("From"), person.name if person else ""),
            (_("Address"), person.address if person else ""),
            (_("To"), receipt.body["issuer"]),
            (_("Payment"), receipt.body["payment"]),
        ]
    return [(label, value) for label, value in said if value]
