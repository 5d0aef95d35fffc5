"""Joining and leaving, and who may vote. One member has one vote, whatever was paid."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, mail, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.db import database, one_at_a_time, rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.members import called_back, shares, statutes
from membership.members.models import (
    ACTIVE,
    APPLIED,
    DECLINED,
    ENDED,
    LEAVING,
    READER,
    SUPPORTER,
    WORKER,
    Membership,
    MembershipEvent,
)
from membership.money.currencies import Money
from membership.money.models import Party

CLASSES = (READER, WORKER, SUPPORTER)
LIVING = (APPLIED, ACTIVE, LEAVING)
NUMBERS_LOCK = 0x6D656D62


@dataclass(frozen=True)
class Voter:
    """One member with a vote. ``account_id`` is None where the party has no account: a paper ballot."""

    membership_id: uuid.UUID
    party_id: uuid.UUID
    account_id: uuid.UUID | None
    class_: str


# Who is a member


def of_party(session: Session, party: Party | None) -> Membership | None:
    """The party's living membership, else its last."""
    if party is None:
        return None
    mine = select(Membership).where(Membership.party_id == party.id)
    return session.scalars(
        mine.order_by(Membership.state.in_(LIVING).desc(), Membership.applied_at.desc()).limit(1)
    ).first()


def of(session: Session, account: Account | None) -> Membership | None:
    """The account's living membership, else its last; None if it never had one."""
    if account is None:
        return None
    return of_party(session, session.scalar(select(Party).where(Party.account_id == account.id)))


def account_of(session: Session, membership_id: uuid.UUID) -> Account | None:
    """The account of the member, if she has one."""
    account_id = find(session, membership_id).party.account_id
    return session.get(Account, account_id) if account_id is not None else None


def is_member(session: Session, account: Account | None) -> bool:
    """Whether the account is a member now; notice given does not end it before its day."""
    found = of(session, account)
    return found is not None and counts(found, now())


def counts(membership: Membership, at: datetime) -> bool:
    """Whether the membership holds at that moment."""
    joined, ended = membership.joined_at, membership.ended_at
    return joined is not None and joined <= at and (ended is None or at < ended)


def may_vote(session: Session, at: datetime) -> list[Voter]:
    """Everybody who has a vote at ``at``, in the order of the register: the list for an electoral roll.

    A member has it ``vote_after_days`` after joining, until the last day of the membership.
    """
    days = statutes.at(session, statutes.today(at)).vote_after_days
    rows = session.execute(
        select(Membership.id, Membership.party_id, Party.account_id, Membership.class_)
        .join(Party)
        .where(
            Membership.joined_at <= at - timedelta(days=days),
            or_(Membership.ended_at.is_(None), Membership.ended_at > at),
        )
        .order_by(Membership.number)
    )
    return [Voter(*row) for row in rows]


def votes_from(session: Session, membership: Membership) -> datetime | None:
    """From when the member has a vote, or None before admission."""
    if membership.joined_at is None:
        return None
    days = statutes.at(session, statutes.today(now())).vote_after_days
    return membership.joined_at + timedelta(days=days)


def history(session: Session, membership: Membership) -> list[MembershipEvent]:
    """What happened to the membership, oldest first."""
    wanted = select(MembershipEvent).where(MembershipEvent.membership_id == membership.id)
    return list(session.scalars(wanted.order_by(MembershipEvent.at, MembershipEvent.id)))


# Joining


def apply(
    session: Session, party: Party, *, consent: str, number_of_shares: int | None = None, class_: str = READER
) -> Membership:
    """Ask to become a member and subscribe shares. ``consent`` is the sentence that was agreed to.

    Refuses without consent, and a party that is a member or has asked already.
    """
    if not consent.strip():
        raise Refused(N_("Nobody becomes a co-owner without saying so."))
    moment = now()
    made = Membership(party_id=party.id, class_=_known(class_), applied_at=moment)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise Refused(N_("You are a member already, or have asked to become one."), status=409) from error
    _note(session, made, "apply", moment, note=consent[: limits.NOTE_CHARS])
    shares.subscribe(session, made, number_of_shares)
    return made


def paid(
    session: Session, party: Party, money: Money, *, from_account: str, cause: tuple[str, uuid.UUID]
) -> Money:
    """A payment of the party arrived and stands on ``from_account``: its shares are paid first.

    Returns what went into shares; the rest stays where it is. If that was enough and the statutes
    say so, the applicant is admitted. The same ``cause`` twice takes once.
    """
    membership = of_party(session, party)
    if membership is None:
        return Money(0, money.currency)
    shares.hold_pen(session)
    session.refresh(membership)
    if membership.state not in LIVING or _over(membership):
        return Money(0, money.currency)
    taken = shares.take(session, membership, money, from_account=from_account, cause=cause)
    fixed = statutes.at(session, statutes.today(now()))
    if membership.state == APPLIED and fixed.admits_itself and shares.paid_enough(session, membership):
        _admit(session, membership, None)
    return taken


def unpaid(
    session: Session, paid_for: tuple[str, uuid.UUID], *, of: Money, gone: Money, to_account: str
) -> Money:
    """Of the payment ``of``, told to ``paid`` with the cause ``paid_for``, ``gone`` is away so far.

    What of that stood in shares is posted back to ``to_account``, and returned; below zero what came back
    to them. The membership goes on; its shares are frozen until they are paid again.
    """
    return called_back.away(session, paid_for, of=of, gone=gone, to_account=to_account)


def admit(session: Session, membership_id: uuid.UUID, *, by: Account) -> Membership:
    """Accept an application: by the treasurer, with a line in the minutes."""
    membership = _waiting(session, membership_id)
    if not shares.paid_enough(session, membership):
        raise Refused(N_("Too little has been paid in for the shares."), status=409)
    _exercise(session, by, membership, "admit")
    return _admit(session, membership, by)


def _admit(session: Session, membership: Membership, by: Account | None) -> Membership:
    moment = now()
    one_at_a_time(session, NUMBERS_LOCK)
    highest = session.scalar(select(func.max(Membership.number))) or 0
    admitted = session.execute(
        update(Membership)
        .where(Membership.id == membership.id, Membership.state == APPLIED)
        .values(state=ACTIVE, joined_at=moment, number=highest + 1)
    )
    if rows_changed(admitted) != 1:
        raise Refused(N_("This application was decided already."), status=409)
    session.refresh(membership)
    _note(session, membership, "admit", moment, by=by)
    shares.approve(session, membership, by)
    _write(session, membership, "member_welcome", vote_on=votes_from(session, membership))
    return membership


def decline(session: Session, membership_id: uuid.UUID, *, by: Account, reason: str) -> Membership:
    """Do not accept an application; what was paid in for shares is owed back."""
    membership = _waiting(session, membership_id)
    if not reason.strip():
        raise Refused(N_("Say why."))
    _exercise(session, by, membership, "decline")
    return _withdraw(session, membership, by, reason)


def _withdraw(session: Session, membership: Membership, by: Account | None, reason: str) -> Membership:
    moment = now()
    withdrawn = session.execute(
        update(Membership)
        .where(Membership.id == membership.id, Membership.state == APPLIED)
        .values(state=DECLINED, ended_at=moment)
    )
    if rows_changed(withdrawn) != 1:
        raise Refused(N_("This application was decided already."), status=409)
    session.refresh(membership)
    _note(session, membership, "decline", moment, by=by, note=reason)
    shares.decline(session, membership, by)
    return membership


def _waiting(session: Session, membership_id: uuid.UUID) -> Membership:
    membership = find(session, membership_id)
    if membership.state != APPLIED:
        raise Refused(N_("This application was decided already."), status=409)
    return membership


# Leaving


def give_notice(session: Session, membership: Membership, *, by: Account | None) -> datetime:
    """Leave: at the end that the statutes set. Returns the moment at which the membership ends.

    An application that nobody has decided is withdrawn at once.
    """
    moment = now()
    if membership.state == APPLIED:
        _withdraw(session, membership, by, "")
        return moment
    if membership.state != ACTIVE:
        raise Refused(N_("Notice has been given already, or the membership has ended."), status=409)
    today = statutes.today(moment)
    last_day = statutes.leaves_on(today, statutes.at(session, today))
    ends = statutes.last_moment(last_day)
    left = session.execute(
        update(Membership)
        .where(Membership.id == membership.id, Membership.state == ACTIVE)
        .values(state=LEAVING, notice_at=moment, ended_at=ends)
    )
    if rows_changed(left) != 1:
        raise Refused(N_("Notice has been given already, or the membership has ended."), status=409)
    session.refresh(membership)
    _note(session, membership, "notice", moment, by=by)
    shares.notice_all(session, membership, by)
    _write(session, membership, "member_leaves", last_day=ends - timedelta(microseconds=1))
    return ends


def end_due() -> int:
    """Timer job: end the memberships whose last day is over. Returns how many."""
    with database().transaction() as session:
        due = list(
            session.scalars(
                select(Membership)
                .where(Membership.state == LEAVING, Membership.ended_at <= now())
                .order_by(Membership.ended_at)
                .limit(limits.ROWS_SHOWN)
            )
        )
        return sum(_end(session, membership) for membership in due)


def _end(session: Session, membership: Membership) -> bool:
    ended = session.execute(
        update(Membership)
        .where(Membership.id == membership.id, Membership.state == LEAVING)
        .values(state=ENDED)
    )
    if rows_changed(ended) != 1:
        return False
    session.refresh(membership)
    assert membership.ended_at is not None
    last_day = statutes.today(membership.ended_at - timedelta(microseconds=1))
    _note(session, membership, "end", membership.ended_at)
    shares.end_all(session, membership, last_day)
    return True


def _over(membership: Membership) -> bool:
    """Whether the last day has passed, though no job has seen it yet."""
    return membership.ended_at is not None and membership.ended_at <= now()


# Class


def change_class(
    session: Session, membership_id: uuid.UUID, class_: str, *, by: Account, reason: str
) -> None:
    """Reader, worker or supporter, from now on. The vote stays one."""
    membership = find(session, membership_id)
    if membership.state not in LIVING:
        raise Refused(N_("This membership has ended."), status=409)
    if _known(class_) == membership.class_:
        raise Refused(N_("That is the member's class already."), status=409)
    if not reason.strip():
        raise Refused(N_("Say why."))
    _exercise(session, by, membership, "change class")
    membership.class_ = class_
    _note(session, membership, "class", now(), by=by, note=reason)


def _known(class_: str) -> str:
    if class_ not in CLASSES:
        raise Refused(N_("There is no such class of members."))
    return class_


# What all share


def find(session: Session, membership_id: uuid.UUID) -> Membership:
    """The membership, or a 404."""
    found = session.get(Membership, membership_id)
    if found is None:
        raise Refused(N_("There is no such member."), status=404)
    return found


def numbered(session: Session, number: int) -> Membership:
    """The member with that number in the register, or a 404."""
    found = session.scalar(select(Membership).where(Membership.number == number))
    if found is None:
        raise Refused(N_("There is no member with the number %(number)s."), status=404, number=number)
    return found


def waiting(session: Session) -> list[Membership]:
    """Applications that somebody must decide, oldest first."""
    wanted = select(Membership).where(Membership.state == APPLIED).order_by(Membership.applied_at)
    return list(session.scalars(wanted.limit(limits.ROWS_SHOWN)))


def count(session: Session, at: datetime | None = None) -> int:
    """How many members there are."""
    moment = at or now()
    return (
        session.scalar(
            select(func.count())
            .select_from(Membership)
            .where(
                Membership.joined_at <= moment,
                or_(Membership.ended_at.is_(None), Membership.ended_at > moment),
            )
        )
        or 0
    )


def _exercise(session: Session, by: Account, membership: Membership, verb: str) -> None:
    """Minutes are public: neither a name nor the reason stands in them, but an opaque id."""
    on = f"{settings().origin}/members#{membership.id}"
    powers.exercise(session, by, Power.BOOKS, on=on, reason="", verb=f"member: {verb}")


def _note(
    session: Session,
    membership: Membership,
    kind: str,
    effective_at: datetime,
    *,
    by: Account | None = None,
    note: str = "",
) -> None:
    session.add(
        MembershipEvent(
            membership_id=membership.id,
            kind=kind,
            class_=membership.class_,
            note=note,
            effective_at=effective_at,
            by_id=by.id if by is not None else None,
        )
    )
    session.flush()


def _write(session: Session, membership: Membership, letter: str, **values: object) -> None:
    """A letter to the member, if we know where."""
    data = membership.party.data
    if data is not None and data.email:
        mail.send(session, to=data.email, letter=letter, name=data.name, **values)
