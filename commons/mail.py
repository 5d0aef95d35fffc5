"""Letters: written in the transaction of their cause, sent by a job.

A letter is a folder ``templates/mail/<letter>/`` with ``subject.txt`` and ``body.txt``. The row is
the truth: it is sent at least once, under one Message-ID. Without ``ROSTRA_MAIL_URL`` letters are
kept, and whoever runs the server reads them with ``rostra letters``; no page shows them.
"""

import logging
import secrets
import smtplib
import ssl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jinja2
from sqlalchemy import Index, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from commons import jobs, language, limits, templates
from commons.accounts import fold_email
from commons.clock import db_now, iso, now
from commons.config import settings
from commons.db import Base, database, new_id, rows_changed

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent.parent / "templates" / "mail"
DUE, SENT, KEPT, GAVE_UP = "due", "sent", "kept", "gave_up"


class Letter(Base):
    """One letter to one address, as it will be or was sent."""

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_state_due_at", "state", "due_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    to: Mapped[str] = mapped_column(index=True)
    letter: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(default=DUE)
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]


def send(session: Session, *, to: str, letter: str, **values: object) -> Letter:
    """Write the letter of folder ``letter`` to the address ``to``, in the language spoken now.

    It leaves after the commit. ``Refused`` when ``to`` is not an e-mail address.
    """
    subject = " ".join(_render(f"{letter}/subject.txt", values).split())
    written = Letter(
        to=fold_email(to), letter=letter, subject=subject, body=_render(f"{letter}/body.txt", values)
    )
    session.add(written)
    jobs.ring_after(session, send_due)
    return written


def message(letter: Letter) -> EmailMessage:
    """The letter as RFC 5322 text; a line break cannot get into a header."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = settings().mail_from
    mail["To"] = letter.to
    mail["Subject"] = " ".join(letter.subject.split())
    mail["Date"] = formatdate(letter.made_at.timestamp())
    mail["Message-ID"] = f"<{letter.id}@{urlsplit(settings().origin).hostname}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.body)
    return mail


def send_due() -> int:
    """Job: send what is due. Returns how many letters were sent, kept or given up."""
    if settings().mail_url is None:
        return _keep_all()
    done = 0
    token = secrets.token_hex(8)
    claimed = _claim(token)
    if not claimed:
        return 0
    try:
        with _server() as server:
            for letter in claimed:
                done += _send(server, letter, token)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("the mail server does not take letters: %s", error.__class__.__name__)
        for letter in claimed:
            _postpone(letter, token, error.__class__.__name__)
    return done


def sweep_old() -> int:
    """Job: delete the words of letters that left long ago. Returns how many."""
    before = now() - timedelta(days=limits.LETTER_DAYS)
    with database().transaction() as session:
        gone = session.execute(delete(Letter).where(Letter.state != DUE, Letter.made_at < before))
        return rows_changed(gone)


def forget(session: Session, address: str) -> None:
    """Delete every letter to ``address``, whatever its state: part of an erasure."""
    session.execute(delete(Letter).where(Letter.to == fold_email(address)))


def newest(session: Session, count: int = limits.ROWS_SHOWN) -> list[Letter]:
    """The newest letters, for whoever runs the server."""
    return list(session.scalars(select(Letter).order_by(Letter.id.desc()).limit(count)))


def count_due() -> int:
    """How many letters wait to be sent."""
    with database().reading() as session:
        return session.scalar(select(func.count()).where(Letter.state == DUE)) or 0


def _render(name: str, values: dict[str, object]) -> str:
    return _templates().get_template(name).render(values)


@cache
def _templates() -> jinja2.Environment:
    """Plain text: nothing is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=False,
    )
    templates.prepare(environment)
    environment.globals.update(
        settings=settings, date=language.date, date_and_time=language.date_and_time, iso=iso
    )
    return environment


def _keep_all() -> int:
    with database().transaction() as session:
        return rows_changed(session.execute(update(Letter).where(Letter.state == DUE).values(state=KEPT)))


def _claim(token: str) -> list[Letter]:
    """Take due letters for a while; another worker leaves them alone."""
    with database().transaction() as session:
        moment = db_now(session)
        free = or_(Letter.lease_until.is_(None), Letter.lease_until < moment)
        due = (
            select(Letter.id)
            .where(Letter.state == DUE, Letter.due_at <= moment, free)
            .order_by(Letter.due_at)
            .limit(limits.LETTERS_AT_ONCE)
        )
        until = moment + timedelta(seconds=limits.LETTER_LEASE)
        session.execute(
            update(Letter)
            .where(Letter.id.in_(due), free)
            .values(lease_token=token, lease_until=until)
            .execution_options(synchronize_session=False)
        )
        return list(session.scalars(select(Letter).where(Letter.lease_token == token)))


def greet() -> None:
    """See that the mail server lets us in; raises what it says."""
    with _server() as server:
        server.noop()


@contextmanager
def _server() -> Iterator[smtplib.SMTP]:
    """A session with the mail server: TLS from the start, by STARTTLS, or plain on loopback only."""
    url = urlsplit(settings().mail_url or "")
    host, context = url.hostname or "", ssl.create_default_context(cafile=settings().ca_file)
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, url.port or 465, timeout=limits.LETTER_SECONDS, context=context
        )
    else:
        server = smtplib.SMTP(host, url.port or 587, timeout=limits.LETTER_SECONDS)
    with server:
        if url.scheme == "smtp" and not settings().mail_on_loopback:
            server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        yield server


def _send(server: smtplib.SMTP, letter: Letter, token: str) -> bool:
    """Send one; whether that settled it."""
    try:
        server.send_message(message(letter))
    except smtplib.SMTPRecipientsRefused as refusal:
        code, _words = next(iter(refusal.recipients.values()))
        if code >= 500:
            return _record(letter, token, state=GAVE_UP, error=str(code))
        return _postpone(letter, token, str(code))
    except smtplib.SMTPResponseException as answer:
        return _postpone(letter, token, str(answer.smtp_code))
    return _record(letter, token, state=SENT, sent_at=now(), error="")


def _postpone(letter: Letter, token: str, error: str) -> bool:
    """Later, or never after the last try."""
    if letter.tries >= len(limits.RETRY_DELAYS):
        return _record(letter, token, state=GAVE_UP, error=error)
    later = now() + timedelta(seconds=limits.RETRY_DELAYS[letter.tries])
    _record(letter, token, tries=letter.tries + 1, due_at=later, error=error)
    return False


def _record(letter: Letter, token: str, **changes: object) -> bool:
    """Write what became of it and give the lease back; nothing where that was already done."""
    with database().transaction() as session:
        written = session.execute(
            update(Letter)
            .where(Letter.id == letter.id, Letter.lease_token == token)
            .values(lease_token=None, lease_until=None, **changes)
        )
        return bool(rows_changed(written))
