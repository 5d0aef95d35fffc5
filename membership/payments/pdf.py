"""A receipt as PDF: the same bytes each time it is asked for."""

from importlib import resources

from fpdf import FPDF

from commons.config import settings
from commons.language import _, date
from membership.money.currencies import show
from membership.payments import receipts
from membership.payments.models import Receipt

FONTS = resources.files("font_source_sans_pro") / "files"
FAMILY = "source-sans"


def receipt(receipt: Receipt) -> bytes:
    """One page of A4, in the language spoken now. The font has Latin, Greek and Cyrillic letters."""
    page = FPDF(format="A4")
    page.set_creation_date(receipt.issued_at)
    page.set_title(title(receipt))
    page.set_author(settings().name)
    for style, file in (("", "SourceSansPro-Regular.ttf"), ("B", "SourceSansPro-Bold.ttf")):
        page.add_font(FAMILY, style, str(FONTS / file))
    page.set_margin(25)
    page.add_page()
    _line(page, settings().name, size=11)
    page.ln(12)
    _line(page, title(receipt), size=20, style="B")
    page.ln(6)
    for label, value in rows(receipt):
        page.set_font(FAMILY, "", 11)
        page.cell(50, 8, label)
        page.multi_cell(0, 8, value, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def title(receipt: Receipt) -> str:
    if receipt.cause == receipts.REFUND:
        return _("Refund %(number)s", number=receipt.number)
    return _("Receipt %(number)s", number=receipt.number)


def rows(receipt: Receipt) -> list[tuple[str, str]]:
    """What a receipt says, as label and value, for paper and page alike."""
    person = receipt.person
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


def _line(page: FPDF, text: str, *, size: int, style: str = "") -> None:
    page.set_font(FAMILY, style, size)
    page.multi_cell(0, size * 0.6, text, new_x="LMARGIN", new_y="NEXT")
