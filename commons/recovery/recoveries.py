"""The way back in for who lost password and passkeys: two officers say that they know the person.

Asked → confirmed by two → a day in which the owner of the mailbox can object → a link in a letter, which
opens once → a new password or passkey, and every old one is forgotten. So neither a mailbox nor one
officer alone opens an account, and nobody is let in without a letter to its owner.
"""

import hmac
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from commons import accounts, limits, mail, powers, sessions, ways_in
from commons.accounts import Account
from commons.clock import db_now, now
from commons.config import settings
from commons.db import Base, database, new_id, rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused

ASKED, CONFIRMED, SENT, DONE = "asked", "confirmed", "sent", "done"
OBJECTED, DECLINED, LAPSED = "objected", "declined", "lapsed"
OPEN = (ASKED, CONFIRMED, SENT)
# Who may confirm, the first that one holds is the one used
OFFICERS = (Power.ELECTIONS, Power.MODERATE)
NEEDED = 2  # as the table says


class Recovery(Base):
    """One person's way back in, from her asking to its end; words go with the end.

    Nothing is confirmed but by two different officers, neither of whom is the person.
    """

    __tablename__ = "recovery"
    __table_args__ = (
        Index("ix_recovery_state", "state"),
        CheckConstraint(
            "state IN ('asked', 'confirmed', 'sent', 'done', 'objected', 'declined', 'lapsed')", name="state"
        ),
        CheckConstraint("first_by_id <> second_by_id", name="two_people"),
        CheckConstraint("first_by_id <> account_id AND second_by_id <> account_id", name="never_oneself"),
        CheckConstraint(
            "state NOT IN ('confirmed', 'sent', 'done')"
            " OR (first_by_id IS NOT NULL AND second_by_id IS NOT NULL)",
            name="confirmed_twice",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    # The account while this is open, then nothing: so one account has one at a time.
    open_for: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default=ASKED)
    words: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=now)
    first_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    second_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    confirmed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    link_hash: Mapped[str | None] = mapped_column(unique=True)
    account: Mapped[Account] = relationship(lazy="joined", foreign_keys=account_id)

    @property
    def confirmed_by(self) -> list[uuid.UUID]:
        """The officers who have confirmed so far."""
        return [each for each in (self.first_by_id, self.second_by_id) if each is not None]


def ask(session: Session, email: str, words: str, network: str) -> None:
    """Ask to be let in again. Refuses (429) only who asks too often; says nothing about the address."""
    keys = sessions.throttle_keys(email, network)
    sessions.check_throttle(session, keys)
    sessions.count_try(session, keys)
    account = accounts.by_email(session, email)
    if account is None or account.closed_at is not None:
        return
    made = Recovery(account_id=account.id, open_for=account.id, words=words.strip(), asked_at=db_now(session))
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        return  # one is under way
    _tell(session, account, "recovery_asked", objection=objection_link(made))


def waiting(session: Session) -> list[Recovery]:
    """What officers can still confirm, oldest first."""
    return list(session.scalars(select(Recovery).where(Recovery.state == ASKED).order_by(Recovery.asked_at)))


def office(session: Session, by: Account | None) -> Power:
    """The power by which ``by`` confirms: the first that she holds, or else the one that she lacks."""
    held = powers.held(session, by)
    return next((power for power in OFFICERS if power in held), OFFICERS[0])


def confirm(session: Session, recovery_id: uuid.UUID, by: Account) -> None:
    """Say that one knows who is asking. The second one starts the day in which the owner can object."""
    found = _to_decide(session, recovery_id, by, "confirm recovery")
    try:
        with session.begin_nested():
            if found.first_by_id is None:
                found.first_by_id = by.id
            else:
                found.second_by_id = by.id
                found.state, found.confirmed_at = CONFIRMED, db_now(session)
    except IntegrityError as error:
        raise Refused(
            N_("It takes two officers, and neither can be the one who asks."), status=409
        ) from error
    if found.state == CONFIRMED:
        _tell(session, found.account, "recovery_confirmed", objection=objection_link(found))


def decline(session: Session, recovery_id: uuid.UUID, by: Account) -> None:
    """Say that this is not the person."""
    _end(_to_decide(session, recovery_id, by, "decline recovery"), DECLINED)


def object_(session: Session, recovery_id: uuid.UUID, token: str) -> None:
    """The owner says no. Refuses (410) a wrong link, and one that comes too late."""
    found = _locked(session, recovery_id)
    if (
        found is None
        or found.state not in OPEN
        or not hmac.compare_digest(token.encode(), _objection(recovery_id).encode())
    ):
        raise Refused(N_("There is nothing to object to any more."), status=410)
    _end(found, OBJECTED)


def send_due() -> int:
    """Timer job: send the links whose day is over, and let end what nobody answered. Returns how many."""
    with database().transaction() as session:
        moment = db_now(session)
        late = (Recovery.state == ASKED) & (
            Recovery.asked_at <= moment - timedelta(days=limits.RECOVERY_DAYS)
        ) | (Recovery.state == SENT) & (
            Recovery.sent_at <= moment - timedelta(seconds=limits.RECOVERY_LINK_SECONDS)
        )
        ready = (Recovery.state == CONFIRMED) & (
            Recovery.confirmed_at <= moment - timedelta(seconds=limits.RECOVERY_WAIT_SECONDS)
        )
        due = select(Recovery).where(late | ready).with_for_update(of=Recovery, skip_locked=True)
        found = list(session.scalars(due.limit(limits.DUE_AT_ONCE)))
        for recovery in found:
            if recovery.state == CONFIRMED and recovery.account.personal is not None:
                _send_link(session, recovery)
            else:
                _end(recovery, LAPSED)
        return len(found)


def behind(session: Session, token: str) -> Account:
    """Whose link this is; refuses (410) a used, old or unknown one alike. It stays good."""
    account = session.scalar(
        select(Account).join(Recovery, Recovery.account_id == Account.id).where(*_good(session, token))
    )
    if account is None or account.personal is None:
        raise _too_late()
    return account


def spend(session: Session, token: str) -> Account:
    """Use the link up: every password, passkey, sign-in and other link of its account is forgotten.

    Whoever calls this sets the new one in the same transaction.
    """
    account = behind(session, token)
    spent = update(Recovery).where(*_good(session, token))
    if rows_changed(session.execute(spent.values(state=DONE, open_for=None, words="", link_hash=None))) != 1:
        raise _too_late()
    ways_in.end_all(session, account)
    return account


def objection_link(recovery: Recovery) -> str:
    return f"{settings().origin}/sign-in/recover/{recovery.id}/object/{_objection(recovery.id)}"


def erase(session: Session, account: Account) -> None:
    """Part of an erasure: nothing is under way any more, and no words are kept."""
    hers = update(Recovery).where(Recovery.account_id == account.id)
    session.execute(hers.values(words="", open_for=None, link_hash=None))
    session.execute(hers.where(Recovery.state.in_(OPEN)).values(state=LAPSED))


def _to_decide(session: Session, recovery_id: uuid.UUID, by: Account, verb: str) -> Recovery:
    """The recovery, for an officer who is about to decide; the minute names neither it nor its person."""
    power = office(session, by)
    powers.require(session, by, power)
    found = _locked(session, recovery_id)
    if found is None or found.state != ASKED:
        raise Refused(N_("Nothing is to be decided here any more."), status=409)
    powers.exercise(session, by, power, on=f"{settings().origin}/sign-in/recover", reason="", verb=verb)
    return found


def _locked(session: Session, recovery_id: uuid.UUID) -> Recovery | None:
    one = select(Recovery).where(Recovery.id == recovery_id).with_for_update(of=Recovery)
    return session.scalar(one.execution_options(populate_existing=True))


def _good(session: Session, token: str) -> tuple[ColumnElement[bool], ...]:
    since = db_now(session) - timedelta(seconds=limits.RECOVERY_LINK_SECONDS)
    return (
        Recovery.link_hash == sessions.hash_of(token),
        Recovery.state == SENT,
        Recovery.sent_at > since,
    )


def _send_link(session: Session, recovery: Recovery) -> None:
    token = secrets.token_urlsafe(32)
    recovery.state, recovery.sent_at = SENT, db_now(session)
    recovery.link_hash = sessions.hash_of(token)
    _tell(
        session,
        recovery.account,
        "recovery_link",
        objection=objection_link(recovery),
        link=f"{settings().origin}/sign-in/recover/{token}",
    )


def _tell(session: Session, account: Account, letter: str, **values: str) -> None:
    assert account.personal is not None
    mail.send(session, to=account.personal.email, letter=letter, name=account.personal.name, **values)


def _end(recovery: Recovery, state: str) -> None:
    recovery.state, recovery.open_for, recovery.words, recovery.link_hash = state, None, "", None


def _objection(recovery_id: uuid.UUID) -> str:
    """What the owner's letter holds: only we can make it, and it is the same in each letter."""
    return hmac.digest(settings().secret_key.encode(), f"object:{recovery_id}".encode(), "sha256").hex()


def _too_late() -> Refused:
    return Refused(N_("This link was used already, or is too old. Ask for a new one."), status=410)
