"""Asking to be forgotten, the days in which one can think again, and the job that then does it.

Asking ends every sign-in and pauses what is paid regularly. A letter says when it will be done and holds
a link that stops it; signing in and saying so stops it too. Once the day has come nothing stops it.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, mail, powers, sessions
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import database, rows_changed
from commons.language import N_
from commons.refusal import Refused
from membership.desk import erased, erasure
from membership.desk.models import ErasureWish
from membership.pledges import periods, pledges

OFFICE = N_("You hold an office. Lay it down first.")


def ask(session: Session, account: Account) -> ErasureWish:
    """Ask to be forgotten ``limits.ERASURE_DAYS`` from now. Refuses officers, and who has asked already."""
    personal = account.personal
    if personal is None:
        raise Refused(N_("This account is closed."), status=409)
    if powers.held(session, account):
        raise Refused(OFFICE, status=409)
    token, moment = secrets.token_urlsafe(32), db_now(session)
    wish = ErasureWish(
        account_id=account.id,
        asked_at=moment,
        due_at=moment + timedelta(days=limits.ERASURE_DAYS),
        stop_hash=_hash(token),
    )
    try:
        with session.begin_nested():
            session.add(wish)
    except IntegrityError as error:
        raise Refused(N_("You have asked for this already."), status=409) from error
    for pledge in pledges.of_account(session, account):
        if pledge.rhythm != periods.ONCE and pledge.state in pledges.CHANGES["pause"]:
            pledges.pause(session, pledge)
    sessions.end_all(session, account)
    mail.send(
        session,
        to=personal.email,
        letter="erasure_asked",
        name=personal.name,
        day=wish.due_at,
        stop=f"{settings().origin}/desk/erase/stop/{token}",
    )
    return wish


def of(session: Session, account: Account) -> ErasureWish | None:
    """What ``account`` asked for and did not stop."""
    return session.get(ErasureWish, account.id)


def by_token(session: Session, token: str) -> ErasureWish:
    """What the link in a letter stops; 404 when it was stopped or done."""
    found = session.scalar(select(ErasureWish).where(ErasureWish.stop_hash == _hash(token)))
    if found is None:
        raise Refused(N_("There is nothing to stop: it was stopped or done before."), status=404)
    return found


def stop(session: Session, wish: ErasureWish) -> None:
    """She stays. Refuses once its day has come: the job may have begun."""
    stopped = session.execute(
        delete(ErasureWish).where(
            ErasureWish.account_id == wish.account_id, ErasureWish.due_at > db_now(session)
        )
    )
    if not rows_changed(stopped):
        raise Refused(N_("It is too late to stop this."), status=409)


def carry_out_due() -> int:
    """Timer job: forget those whose days are over, each in a transaction of its own. Returns how many."""
    with database().reading() as session:
        due = session.scalars(
            select(ErasureWish.account_id)
            .where(ErasureWish.due_at <= db_now(session))
            .order_by(ErasureWish.due_at)
            .limit(limits.DUE_AT_ONCE)
        ).all()
    done = 0
    for account_id in due:
        with database().transaction() as session:
            account = session.get_one(Account, account_id)
            if account.personal is None:
                session.execute(delete(ErasureWish).where(ErasureWish.account_id == account_id))
            elif not powers.held(session, account):
                erasure.erase(session, account)
                session.execute(delete(ErasureWish).where(ErasureWish.account_id == account_id))
                # Before the commit: whatever the disk does, nobody who was forgotten is missing in the list.
                erased.note(account_id)
                done += 1
    return done


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
