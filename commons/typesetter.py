"""The child process that sets one page of A4 as PDF: ``python -m commons.typesetter``.

It reads JSON (``title``, ``author``, ``created`` as ISO 8601, ``rows`` of label and value) and writes
the PDF. What sets type costs twenty megabytes, which no web process or worker has to carry.
"""

import json
import sys
from datetime import datetime
from importlib import resources
from typing import Any

from fpdf import FPDF

# Latin, Greek and Cyrillic letters.
FONTS = resources.files("font_source_sans_pro") / "files"
FAMILY = "source-sans"
FILES = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Bold.ttf"}


def page(wanted: dict[str, Any]) -> bytes:
    """The same bytes for the same words."""
    paper = FPDF(format="A4")
    paper.set_creation_date(datetime.fromisoformat(wanted["created"]))
    paper.set_title(wanted["title"])
    paper.set_author(wanted["author"])
    for style, file in FILES.items():
        paper.add_font(FAMILY, style, str(FONTS / file))
    paper.set_margin(25)
    paper.add_page()
    _line(paper, wanted["author"], size=11)
    paper.ln(12)
    _line(paper, wanted["title"], size=20, style="B")
    paper.ln(6)
    for label, value in wanted["rows"]:
        paper.set_font(FAMILY, "", 11)
        paper.cell(50, 8, label)
        paper.multi_cell(0, 8, value, new_x="LMARGIN", new_y="NEXT")
    return bytes(paper.output())


def _line(paper: FPDF, text: str, *, size: int, style: str = "") -> None:
    paper.set_font(FAMILY, style, size)
    paper.multi_cell(0, size * 0.6, text, new_x="LMARGIN", new_y="NEXT")


if __name__ == "__main__":
    sys.stdout.buffer.write(page(json.load(sys.stdin)))
