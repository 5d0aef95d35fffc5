"""The firewall beside the pages: letters, commands and what is logged tell nobody who pledged.

As with routes, a letter or a command that is not in its table fails the test.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from jinja2 import Environment, meta
from sqlalchemy import select

import worker
import wsgi
from commons import clock, config, mail, storage
from commons.config import Config
from commons.db import Database
from commons.mail import Letter
from commons.refusal import Refused
from membership.desk import grace

from .petra import ROLES, House, ask, said
from .test_firewall import routes

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NO_MAIL = "smtp://127.0.0.1:9"

# Whom each letter is written to.
HER_OWN, ALL_MEMBERS, BOARD = "about nobody but the reader", "every member", "who sits on the board"
LETTERS = {
    "assembly_called": ALL_MEMBERS,
    "assembly_cancelled": ALL_MEMBERS,
    "board_cooption": BOARD,
    "board_offer": HER_OWN,
    "board_seat": HER_OWN,
    "campaign_pay": HER_OWN,
    "campaign_released": HER_OWN,
    "cancellation_received": HER_OWN,
    "credit_left": HER_OWN,
    "election_called": ALL_MEMBERS,
    "election_issuing": ALL_MEMBERS,
    "election_nominated": ALL_MEMBERS,
    "election_objection_answered": ALL_MEMBERS,
    "election_postponed": ALL_MEMBERS,
    "election_reopened": ALL_MEMBERS,
    "election_result": ALL_MEMBERS,
    "election_roll": ALL_MEMBERS,
    "election_void": ALL_MEMBERS,
    "election_voting": ALL_MEMBERS,
    "erasure_asked": HER_OWN,
    "forget_link": HER_OWN,
    "gift_codes": HER_OWN,
    "joined": HER_OWN,
    "joined_before": HER_OWN,
    "member_leaves": HER_OWN,
    "member_welcome": HER_OWN,
    "passkey_added": HER_OWN,
    "payment_called_back": HER_OWN,
    "pitch_declined": HER_OWN,
    "pledge_due": HER_OWN,
    "pledge_failed": HER_OWN,
    "pledge_lapsed": HER_OWN,
    "pledge_made": HER_OWN,
    "pledge_reminder": HER_OWN,
    "pledge_stopped": HER_OWN,
    "receipt": HER_OWN,
    "recovery_asked": HER_OWN,
    "recovery_confirmed": HER_OWN,
    "recovery_link": HER_OWN,
    "sign_in_link": HER_OWN,
    "sign_in_password": HER_OWN,
    "surplus_allotted": HER_OWN,
    "surplus_chosen": HER_OWN,
    "surplus_paid": HER_OWN,
    "withdrawal_received": HER_OWN,
}
# What a letter to many may speak of besides the house itself: no money, and nobody who paid.
MANY_MAY_SAY = frozenset(
    {"address", "ballot_page", "election", "manifest_hash", "manifest_words", "meeting", "months", "name"}
    | {"number", "objection", "reason", "when"}
)

# Petra's, which stand in the exported books as everybody's do.
AMOUNTS = frozenset({"77.77", "7777", "88.88", "8888"})

# How each command is called. What runs or waits for a server has no answer; its log is looked at below.
SERVERS = frozenset({"serve", "web", "worker", "box", "signer", "demo run", "demo meet", "vote"})
COMMANDS: dict[str, list[str]] = {
    "account close": ["journalist"],
    "block add": ["bad.example", "--reason", "."],
    "block list": [],
    "block remove": ["bad.example", "--reason", "."],
    "account create": ["nina", "--email", "nina@example.org"],
    "books export": ["{folder}/books", "--format", "csv"],
    "books verify": [],
    "count": ["nowhere.blt", "--rule", "irv"],
    "deliveries": ["--json"],
    "demo load": [],
    "demo purge": [],
    "doctor": [],
    "election key join": ["{folder}/key"],
    "election key make": [],
    "election key rehearse": ["board", "{folder}/key"],
    "election list": ["--json"],
    "election package": ["board", "{folder}/board.json"],
    "election reviewed": ["https://example.org/review"],
    "election verify": ["nowhere.json"],
    "letters": [],
    "minutes verify": [],
    "payments reconcile": [],
    "section create": ["river", "--name", "River"],
    "statute": [],
    "story correct": ["nowhere", "nowhere.md", "--by", "journalist", "--note", "."],
    "story publish": ["nowhere.md", "--by", "journalist"],
    "story retract": ["nowhere", "--by", "journalist", "--reason", "."],
    "upgrade": ["--check"],
}


def leaves(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*above, name))
        else:
            yield " ".join((*above, name))


# Letters


def test_every_letter_is_in_the_table() -> None:
    assert {folder.name for folder in mail.FOLDER.iterdir()} == set(LETTERS)


@pytest.mark.parametrize("letter", [name for name, whose in LETTERS.items() if whose != HER_OWN])
def test_a_letter_to_many_speaks_of_no_payer(letter: str) -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    house_words = {"settings", "date", "date_and_time", "_", "gettext", "ngettext"}
    for file in (mail.FOLDER / letter).iterdir():
        told = meta.find_undeclared_variables(environment.parse(file.read_text()))
        assert told - house_words <= MANY_MAY_SAY, file.name


def play(db: Database, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two years of the house pass: every job is done, again and again, and Petra goes in the end."""
    for days in (1, 5, 10, 15, 30, 60, 120, 200, 300):
        monkeypatch.setattr(clock, "shift", clock.shift + timedelta(days=days))
        for job in worker.TIMERS:
            job()
    with db.transaction() as session:
        grace.ask(session, session.merge(house.petra))


@on_sqlite
def test_petras_letters_go_to_her_alone(house: House, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    play(db, house, monkeypatch)
    with db.reading() as session:
        letters = session.scalars(select(Letter)).all()
    hers = {letter.letter for letter in letters if letter.to == "petra-geheim@example.org"}
    assert {"receipt", "pledge_reminder", "campaign_pay", "erasure_asked"} & hers
    told = [
        f"{letter.letter} to {letter.to}: {secret}"
        for letter in letters
        for secret in house.secrets
        if letter.to != "petra-geheim@example.org" and said(secret, f"{letter.subject}\n{letter.body}")
    ]
    assert not told, "\n".join(told)


# Commands


def test_every_command_is_in_the_table() -> None:
    assert set(leaves(wsgi.cli)) == set(COMMANDS) | SERVERS


@on_sqlite
def test_no_command_tells_who_pledged(house: House, db: Database, settings: Config, tmp_path: Path) -> None:
    """With a mail server; without one whoever runs the newsroom is its postman, and sees the letters."""
    folder = tmp_path / "out"
    folder.mkdir()
    config.use(replace(config.settings(), mail_url=NO_MAIL, mail_from="newsroom@example.org"))
    told = []
    with db.reading() as session:
        letter = session.scalars(select(Letter.id).where(Letter.letter == "receipt")).first()
    assert letter is not None
    for name, options in [*COMMANDS.items(), ("letters", [str(letter)])]:
        words = [*name.split(), *(option.format(folder=folder) for option in options)]
        done = CliRunner().invoke(wsgi.cli, words, obj=wsgi.ROOF, input="correct horse battery\n")
        output = done.output + str(done.exception or "")
        told += [f"{name}: {secret}" for secret in house.secrets if said(secret, output)]
    written = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    assert "77.77" in written, "the books are exported to the cent, and name nobody"
    told += [secret for secret in house.secrets if secret not in AMOUNTS and said(secret, written)]
    assert not told, "\n".join(told)


@on_sqlite
def test_letters_are_shown_to_whoever_runs_the_server_only_without_a_mail_server(
    house: House, db: Database
) -> None:
    with db.reading() as session:
        letter = session.scalars(select(Letter.id).where(Letter.letter == "receipt")).first()
    for words in (["letters"], ["letters", str(letter)]):
        assert "petra-geheim@example.org" in CliRunner().invoke(wsgi.cli, words, obj=wsgi.ROOF).output
    config.use(replace(config.settings(), mail_url=NO_MAIL, mail_from="newsroom@example.org"))
    listed = CliRunner().invoke(wsgi.cli, ["letters"], obj=wsgi.ROOF).output
    assert f"{letter}" in listed and "receipt at example.org" in listed
    opened = CliRunner().invoke(wsgi.cli, ["letters", str(letter)], obj=wsgi.ROOF)
    assert isinstance(opened.exception, Refused) and opened.exception.status == 403


# What is logged


@on_sqlite
def test_nothing_that_is_logged_tells_who_pledged(
    house: House, db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for role in ROLES:
        for route in routes(house.app):
            ask(house, db, role, route)
    config.use(replace(config.settings(), mail_url=NO_MAIL, mail_from="newsroom@example.org"))
    play(db, house, monkeypatch)
    assert "the mail server does not take letters" in caplog.text
    told = [secret for secret in house.secrets if said(secret, caplog.text)]
    assert not told, "\n".join(told)


@on_sqlite
def test_what_lies_on_the_disk_beside_the_database_tells_nobody(
    house: House, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(db, house, monkeypatch)
    kept = [
        path
        for path in config.settings().data.rglob("*")
        if path.is_file() and not path.name.startswith("rostra.sqlite")
    ]
    told = [
        f"{path.name}: {secret}"
        for path in kept
        if storage.DOCUMENTS not in path.parts
        for secret in house.secrets
        if said(secret, path.read_text(errors="replace"))
    ]
    assert not told, "\n".join(told)
