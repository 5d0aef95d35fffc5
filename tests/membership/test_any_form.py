"""F10: whatever is typed into any form of the house is plain text or refused, and never a fault."""

from collections.abc import Iterator

import pytest
from wtforms import BooleanField, DateField, FileField, IntegerField
from wtforms.fields.core import UnboundField

from commons import mail
from commons.db import Database
from commons.forms import Form

from .petra import House, ask
from .test_firewall import TABLE

# What a form makes of words does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEXTS = {
    "markup, templates, formats, SQL, paths": '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    "{{ 7*7 }}{% raise %}${7*7} %(amount)s %s {0.__class__} '; DROP TABLE pledge; -- ../../etc/passwd",
    "a second header": "a@example.org\r\nBcc: x@example.org",
    "a NUL": "a\x00b",
    "bytes of a lone surrogate": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "other ways to write": "\u202etxt.exe\u2066\u200b 𝕳𝖊𝖑𝖑𝖔 👩‍👩‍👧‍👦 ﷽ Z̸̡̛a̵l̷g̶o̷ ١٢٣٤٥",
    "a number beyond all": "9" * 400,
}
FITTING = ((BooleanField, "y"), (DateField, "2026-11-20"), (IntegerField, "1"))


def kinds(form: type[Form]) -> Iterator[type[Form]]:
    yield form
    for each in form.__subclasses__():
        yield from kinds(each)


def filled(text: str) -> dict[str, str]:
    """Every field that any form has, with the text in it; or what fits, where words would end too soon.
    A number goes everywhere.
    """
    data = {}
    for form in kinds(Form):
        for name in dir(form):
            field = getattr(form, name)
            if isinstance(field, UnboundField) and not issubclass(field.field_class, FileField):
                fits = [said for kind, said in FITTING if issubclass(field.field_class, kind)]
                data[name] = fits[0] if fits and not text.isdigit() else text
    return data


def forms() -> Iterator[tuple[str, str]]:
    """Each route that takes a form, and somebody whom it lets in."""
    for route, roles in TABLE.items():
        if route.startswith("POST ") and not roles & {"machine"}:
            yield route, min(roles - {"reader", "link"}, default="member")


def test_the_search_finds_forms_and_fields(house: House) -> None:
    assert {"email", "contract", "goal", "words", "iban", "title"} <= filled("x").keys()
    assert len(list(forms())) > 100


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_form_makes_more_of_it_than_words(house: House, db: Database, text: str) -> None:
    wrong = []
    for route, role in forms():
        answer = ask(house, db, role, route, filled(text))
        # 503: the ballot box is a process of its own, which does not run here.
        if answer.status_code >= 500 and answer.status_code != 503:
            wrong.append(f"{route}: {answer.status_code}")
        said = answer.get_data().decode(errors="replace")
        wrong += [f"{route}: {mark}" for mark in ("<script>alert", "<img src=x", "Traceback") if mark in said]
        wrong += [f"{route}: a template" for mark in ("49{%", "}49") if mark in said]
    assert not wrong, "\n".join(wrong)
    with db.reading() as session:
        for letter in mail.newest(session):
            assert "\n" not in letter.to + letter.subject and "\r" not in letter.to + letter.subject
