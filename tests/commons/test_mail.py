"""Letters: written with their cause, sent once, and nobody can put a header into one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from commons import clock, config, limits, mail
from commons.config import Config
from commons.db import Database
from commons.refusal import Refused
from tests.services import smtp
from tests.services.instance import free_port
from tests.services.smtp import MailServer

VALUES = {
    "name": "Paula Łęcka",
    "number": "2026-000001",
    "amount": "€50.00",
    "words": "Membership",
    "refund": False,
    "url": "https://news.example/receipts/x",
}


@pytest.fixture
def server(settings: Config) -> Iterator[MailServer]:
    with smtp.running(free_port()) as running:
        config.use(replace(settings, mail_url=running.url, mail_from="newsroom@news.example"))
        yield running


def write(db: Database, to: str = "paula@example.org", **changes: object) -> None:
    with db.transaction() as session:
        mail.send(session, to=to, letter="receipt", **(VALUES | changes))


def states(db: Database) -> list[tuple[str, int]]:
    with db.reading() as session:
        return [(letter.state, letter.tries) for letter in mail.newest(session)]


def test_a_letter_arrives_with_every_letter_of_the_name(db: Database, server: MailServer) -> None:
    write(db)
    assert mail.send_due() == 1
    (letter,) = server.letters
    assert (letter["To"], letter["From"]) == ("paula@example.org", "newsroom@news.example")
    assert letter["Subject"] == "Receipt 2026-000001"
    assert letter["Auto-Submitted"] == "auto-generated"
    body = letter.get_body()
    assert body is not None
    assert "Good day Paula Łęcka," in body.get_content()
    assert mail.send_due() == 0
    assert states(db) == [("sent", 0)]


@pytest.mark.parametrize(
    "to",
    ["a@example.org\r\nBcc: x@example.org", "a@example.org\nX: y", "nobody", "", "a@example.org,b@c.org"],
)
def test_an_address_that_is_more_than_an_address_is_refused(
    db: Database, server: MailServer, to: str
) -> None:
    with pytest.raises(Refused):
        write(db, to=to)
    assert states(db) == []


@pytest.mark.parametrize(
    "line", ["x\r\nBcc: evil@example.org", "x\nBcc: evil@example.org", "x\rBcc: e@e.org"]
)
def test_no_value_becomes_a_header(db: Database, server: MailServer, line: str) -> None:
    write(db, number=line)
    mail.send_due()
    (letter,) = server.letters
    assert letter["Bcc"] is None
    assert letter["Subject"].startswith("Receipt x")
    assert b"\nBcc" not in server.raw[0].partition(b"\r\n\r\n")[0]


def test_a_letter_whose_cause_did_not_happen_is_not_sent(db: Database, server: MailServer) -> None:
    with pytest.raises(RuntimeError), db.transaction() as session:
        mail.send(session, to="paula@example.org", letter="receipt", **VALUES)
        raise RuntimeError
    assert mail.send_due() == 0
    assert server.letters == []


def test_without_a_mail_server_letters_are_kept_for_the_operator(db: Database, settings: Config) -> None:
    write(db)
    assert mail.send_due() == 1
    assert states(db) == [("kept", 0)]


def test_a_server_that_is_away_delays_and_loses_nothing(
    db: Database, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    config.use(replace(settings, mail_url=f"smtp://127.0.0.1:{port}"))
    write(db)
    assert mail.send_due() == 0
    assert states(db) == [("due", 1)]
    monkeypatch.setattr(clock, "shift", timedelta(seconds=limits.RETRY_DELAYS[0] + 1))
    with smtp.running(port) as server:
        assert mail.send_due() == 1
        assert len(server.letters) == 1


def test_a_letter_that_is_refused_for_good_is_given_up(db: Database, server: MailServer) -> None:
    server.answer = "550 no such person"
    write(db)
    mail.send_due()
    assert states(db) == [("gave_up", 0)]


def test_a_letter_that_is_refused_for_now_is_tried_again(
    db: Database, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = "450 later"
    write(db)
    mail.send_due()
    assert states(db) == [("due", 1)]
    for shift in range(1, 20):
        monkeypatch.setattr(clock, "shift", timedelta(days=shift))
        mail.send_due()
    assert states(db)[0][0] == "gave_up"


def test_a_refused_letter_does_not_hold_up_the_next(db: Database, server: MailServer) -> None:
    server.answer = "550 no such person"
    write(db)
    mail.send_due()
    server.answer = ""
    write(db, to="maria@example.org")
    assert mail.send_due() == 1
    assert [letter["To"] for letter in server.letters] == ["maria@example.org"]


def test_old_letters_lose_their_words(
    db: Database, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(db)
    mail.send_due()
    assert mail.sweep_old() == 0
    monkeypatch.setattr(clock, "shift", timedelta(days=limits.LETTER_DAYS + 1))
    assert mail.sweep_old() == 1
    assert states(db) == []


def test_an_erased_person_has_no_letters(db: Database, server: MailServer) -> None:
    write(db)
    with db.transaction() as session:
        mail.forget(session, "Paula@Example.org")
    assert states(db) == []
