"""The list of those who were forgotten, kept outside the database and its backups.

A backup that is older than an erasure brings the person back. So the ids of erased accounts, and of
givers who had none (they name nobody), stand in a file beside the database, which a restore leaves
alone, and each start erases again whoever is in it.
"""

import os
import uuid
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits, mail, powers
from commons.accounts import Account
from commons.config import settings
from membership.desk import erasure
from membership.money.models import Party, PartyData

FILE = "erased"


def path() -> Path:
    """Where the list is: one id of an account or a party a line."""
    return settings().data / FILE


def note(key: uuid.UUID) -> None:
    """Add an account, or a party without one; when this returns, it is on the disk. Twice is no harm."""
    handle = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{key}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def listed() -> list[uuid.UUID]:
    """Everybody in the list; a last line that a power cut left unfinished is left out."""
    if not path().exists():
        return []
    return [uuid.UUID(line) for line in path().read_text("ascii").splitlines() if len(line) == 36]


def apply_again(session: Session) -> int:
    """Erase whoever is in the list and is known again: a backup brought her back. Returns how many."""
    ids, done = listed(), 0
    for begin in range(0, len(ids), limits.ROWS_SHOWN):
        some = ids[begin : begin + limits.ROWS_SHOWN]
        back = select(Account).where(Account.id.in_(some), Account.closed_at.is_(None)).order_by(Account.id)
        for account in session.scalars(back).unique().all():
            powers.end_all(session, account, on=f"account {account.id}", reason="account closed")
            erasure.erase(session, account)
            done += 1
        given = select(Party).join(PartyData).where(Party.id.in_(some), Party.account_id.is_(None))
        for party in session.scalars(given.order_by(Party.id)).all():
            if party.data is not None:
                mail.forget(session, party.data.email)
            erasure.forget_giver(session, party)
            done += 1
    return done
