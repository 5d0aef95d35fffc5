"""Everything we know about somebody, to take along: JSON, CSV and, where there is one, ActivityPub.

Nobody else's data is in it, and no ballot: which one was cast, we do not know ourselves.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits, sessions
from commons.accounts import Account
from commons.clock import iso, now
from commons.config import settings
from commons.mail import Letter
from federation import actors, outbox, vocabulary
from federation.models import Actor
from membership.board import own
from membership.desk import ballots, exported_money
from membership.desk.exported_money import Row
from membership.members import members, shares
from membership.members.models import Membership
from membership.members.register import safe
from membership.money.currencies import Money
from membership.money.models import Party


def archive(session: Session, account: Account) -> bytes:
    """A ZIP: ``everything.json``, a CSV for each table in it, papers handed in, the actor and its outbox."""
    tables = collect(session, account)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("everything.json", json.dumps(tables, indent=2, ensure_ascii=False))
        for name, rows in tables.items():
            if isinstance(rows, list) and rows:
                packed.writestr(f"{name}.csv", as_csv(rows))
        for name, data in exported_money.papers(session, account):
            packed.writestr(name, data)
        actor = actors.of(session, account)
        if actor is not None and actor.gone_at is None:
            packed.writestr("actor.json", actors.document(actor))
            packed.writestr("outbox.json", _outbox(session, actor))
    return out.getvalue()


def collect(session: Session, account: Account) -> dict[str, Any]:
    """The tables of the export. Amounts are decimal strings with their currency, moments ISO 8601 in UTC."""
    party = session.scalar(select(Party).where(Party.account_id == account.id))
    return {
        "made_at": iso(now()),
        "newsroom": settings().origin,
        "account": _account(account, party),
        "sign_ins": [
            {"begun": iso(each.created_at), "last_used": iso(each.seen_at)}
            for each in sessions.of(session, account)
        ],
        "memberships": _memberships(session, party),
        "shares": _shares(session, party),
        "ballots": _ballots(session, party),
        **exported_money.tables(session, account, party),
        **own.tables(session, account),
        "letters": _letters(session, account),
    }


def _account(account: Account, party: Party | None) -> Row:
    personal, data = account.personal, party.data if party is not None else None
    return {
        "id": str(account.id),
        "since": iso(account.created_at),
        "email": personal.email if personal else "",
        "name": personal.name if personal else "",
        "name_for_the_register": data.name if data else "",
        "address": data.address if data else "",
        "iban": data.iban if data else "",
    }


def _memberships(session: Session, party: Party | None) -> list[Row]:
    if party is None:
        return []
    mine = select(Membership).where(Membership.party_id == party.id).order_by(Membership.applied_at)
    return [
        {
            "number": membership.number or "",
            "event": event.kind,
            "class": event.class_,
            "effective_at": iso(event.effective_at),
            "note": event.note,
        }
        for membership in session.scalars(mine)
        for event in members.history(session, membership)
    ]


def _shares(session: Session, party: Party | None) -> list[Row]:
    if party is None:
        return []
    mine = list(session.scalars(select(Membership).where(Membership.party_id == party.id)))
    hers = {membership.id for membership in mine}
    if not mine:
        return []
    return [
        {
            "effective_on": event.effective_on.isoformat(),
            "event": event.kind,
            "lot": str(event.lot),
            "shares": event.shares,
            **exported_money.shown(Money(event.amount, event.currency)),
        }
        for event in shares.events(session, *mine)
        if event.membership_id in hers
    ]


def _ballots(session: Session, party: Party | None) -> list[Row]:
    """In which elections she was issued one."""
    return [
        {"election": election.title, "address": f"{settings().origin}/elections/{election.slug}"}
        for election in ballots.issued(session, party)
    ]


def _letters(session: Session, account: Account) -> list[Row]:
    """The letters that we still keep, without their words: a sign-in link in them may still open."""
    if account.personal is None:
        return []
    mine = select(Letter).where(Letter.to == account.personal.email).order_by(Letter.made_at)
    return [
        {"written_at": iso(letter.made_at), "subject": letter.subject, "state": letter.state}
        for letter in session.scalars(mine)
    ]


def as_csv(rows: Sequence[Row]) -> str:
    """Rows of one shape as CSV (RFC 4180), with a first line of names."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(rows[0].keys())
    writer.writerows([safe(cell) for cell in row.values()] for row in rows)
    return out.getvalue()


def _outbox(session: Session, actor: Actor) -> bytes:
    """What the actor did in public, as an ``OrderedCollection`` (ActivityPub 5.1), newest first."""
    done = outbox.public_activities(session, actor, None, limits.EXPORTED_ACTIVITIES)
    items = [json.loads(activity.document) for activity in done]
    return vocabulary.document(
        vocabulary.collection(f"{actor.uri}/outbox", len(items), items=_without_context(items))
    )


def _without_context(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in item.items() if key != "@context"} for item in items]
