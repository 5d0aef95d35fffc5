"""F2, F3, F6, F10: whatever is typed into a form of money is plain text, or is refused, and never a fault."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commons import mail
from commons.config import Config
from commons.db import Database
from membership.money.models import PartyData
from membership.pledges.models import Cancellation, Pledge
from tests.membership.pledges.conftest import app, house, reader, wait

__all__ = ["app", "house", "reader", "wait"]

NAUGHTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% raise %}${7*7}#{7*7}",
    "%(amount)s %s %d %n {0} {amount.__class__}",
    "'; DROP TABLE pledge; --",
    "../../etc/passwd",
    "a\r\nBcc: x@example.org",
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "\u202etxt.exe\u2066\u200b",
    "𝕳𝖊𝖑𝖑𝖔 👩‍👩‍👧‍👦 ﷽ Z̸̡̛a̵l̷g̶o̷",
    "١٢٣٤٥",
    "NaN",
    "1e309",
    "-0",
    "9" * 400,
    " " * 50,
)
GOOD = {
    "name": "Rita",
    "email": "rita@example.org",
    "amount": "9",
    "rhythm": "monthly",
    "provider": "bank",
    "contract": "My pledge",
    "kind": "ordinary",
    "quantity": "1",
}
FORMS = {
    "/pledges/new": ("name", "email", "amount", "rhythm", "provider", "once"),
    "/pledges/gift": ("name", "email", "quantity", "provider", "once"),
    "/withdraw": ("name", "email", "contract", "once"),
    "/cancel": ("name", "email", "contract", "kind", "reason", "ends_on", "once"),
}


@pytest.mark.parametrize("path", FORMS)
def test_nothing_typed_is_a_fault_or_runs(
    db: Database, house: Config, reader: FlaskClient, path: str
) -> None:
    for place, text in enumerate(NAUGHTY):
        for field in FORMS[path]:
            data = {**GOOD, "once": f"{path}{place}{field}", field: text}
            answer = reader.post(path, data=data)
            assert answer.status_code in (200, 303, 400, 422), (field, text, answer.status_code)
            assert "<script>alert" not in answer.text and "<img src=x" not in answer.text
            assert "49#{" not in answer.text and "Traceback" not in answer.text
    with db.reading() as session:
        assert session.scalars(select(Pledge)).all() or path in ("/withdraw", "/cancel")
        addresses = session.scalars(select(PartyData.email)).all()
        letters = mail.newest(session)
    assert all(re.fullmatch(r"\S+@\S+", each) for each in addresses)
    assert not any("\n" in letter.subject or "\r" in letter.to + letter.subject for letter in letters)


def test_a_field_that_a_form_does_not_have_changes_nothing(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    extra = {"state": "active", "is_paid": "1", "role": "treasurer", "pledge_id": "1", "party_id": "1"}
    reader.post("/cancel", data={**GOOD, "once": "c", **extra})
    reader.post("/pledges/new", data={**GOOD, "once": "p", **extra})
    with db.reading() as session:
        assert session.scalars(select(Cancellation)).one().state == "open"
        assert session.scalars(select(Pledge)).one().state == "promised"


def test_of_a_field_that_is_sent_twice_the_first_counts(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    data = {**GOOD, "once": "twice", "amount": ["9", "900"]}
    assert reader.post("/pledges/new", data=data).status_code == 303
    with db.reading() as session:
        assert session.scalars(select(Pledge)).one().amount == 900


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Rita+Gifts@Example.ORG", "rita+gifts@example.org"),
        ("rita@bücher.example", "rita@bücher.example"),
        ("rita@xn--bcher-kva.example", "rita@bücher.example"),
        ("ri.ta@example.org", "ri.ta@example.org"),
    ],
)
def test_an_address_is_kept_in_one_spelling(
    db: Database, house: Config, reader: FlaskClient, typed: str, kept: str
) -> None:
    data = {**GOOD, "once": "address", "email": typed}
    assert reader.post("/pledges/new", data=data).status_code == 303
    with db.reading() as session:
        assert session.scalars(select(PartyData.email)).one() == kept
        assert {letter.to for letter in mail.newest(session)} == {kept}
        for letter in mail.newest(session):
            written = mail.message(letter).as_bytes()
            assert written.partition(b"\r\n\r\n")[0].count(b"\r\nTo: ") == 1


@pytest.mark.parametrize(
    "typed",
    [
        '"a b"@example.org',
        "a b@example.org",
        "rita@example.org, olga@example.org",
        "rita@example.org\nBcc: olga@example.org",
        "Rita <rita@example.org>",
        "rita@",
        "@example.org",
        "rita@localhost",
        "rita@[127.0.0.1]",
        "r" * 320 + "@example.org",
        "r@" + "x." * 155 + "example.org",
        "rita@example..org",
    ],
)
def test_what_is_no_single_address_is_refused(
    db: Database, house: Config, reader: FlaskClient, typed: str
) -> None:
    data = {**GOOD, "once": "address", "email": typed}
    assert reader.post("/pledges/new", data=data).status_code == 422
    with db.reading() as session:
        assert session.scalars(select(PartyData.email)).all() == []
        assert mail.newest(session) == []


@pytest.mark.parametrize("name", ["amount[]", "amount[0]", "amount[value]", "amount.value", "amount%00"])
def test_a_field_in_brackets_is_no_field(db: Database, house: Config, reader: FlaskClient, name: str) -> None:
    data = {**GOOD, "once": "nested", name: "900"}
    assert reader.post("/pledges/new", data=data).status_code == 303
    del data["amount"]
    assert reader.post("/pledges/new", data=data | {"once": "without"}).status_code == 422
    with db.reading() as session:
        assert [pledge.amount for pledge in session.scalars(select(Pledge))] == [900]


@pytest.mark.parametrize("path", ["/pledges/new", "/pledges/gift", "/cancel", "/withdraw", "/pledges/forget"])
def test_a_form_of_ten_thousand_fields_or_fifty_megabytes_is_not_read(
    db: Database, house: Config, reader: FlaskClient, path: str
) -> None:
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="n%d"\r\n\r\n1\r\n' % number for number in range(10_000)
    )
    multipart = "multipart/form-data; boundary=x"
    assert reader.post(path, data=parts + b"--x--\r\n", content_type=multipart).status_code == 413
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    endless = head + b"x" * 50_000_000 + b"\r\n--x--\r\n"
    assert reader.post(path, data=endless, content_type=multipart).status_code == 413
    assert reader.post(path, data=parts, content_type="multipart/form-data").status_code in (400, 422)
    with db.reading() as session:
        assert session.scalars(select(PartyData)).all() == []
