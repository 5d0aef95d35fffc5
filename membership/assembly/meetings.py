"""Meetings of the members: called in time, with an agenda, and recorded afterwards."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from commons import limits, mail, powers
from commons.accounts import Account
from commons.clock import db_now, now
from commons.config import settings
from commons.db import rows_changed
from commons.language import N_, wall
from commons.powers import Power
from commons.refusal import Refused
from membership.assembly.models import CALLED, CANCELLED, HELD, Assembly, Motion
from membership.members import statutes
from membership.members.models import Membership
from membership.money.models import PartyData


def call(
    session: Session, *, title: str, invitation: str, place: str, starts_at: datetime, zone: str, by: Account
) -> Assembly:
    """Call all members to a meeting and write to each.

    Refused (422) when it is nearer than the statutes' ``assembly_notice_days``.
    """
    days = statutes.at(session, statutes.today(starts_at)).assembly_notice_days
    if starts_at < db_now(session) + timedelta(days=days):
        raise Refused(N_("Members must be told at least %(days)s days before."), days=days, status=422)
    made = Assembly(title=title, invitation=invitation, place=place, starts_at=starts_at, zone=zone)
    session.add(made)
    session.flush()
    powers.exercise(session, by, Power.ELECTIONS, on=address(made), reason="", verb="call an assembly")
    _tell(session, made, "assembly_called")
    return made


def cancel(session: Session, assembly_id: uuid.UUID, reason: str, by: Account) -> Assembly:
    """Call it off, before it was recorded, and write to each again."""
    meeting = _move(session, assembly_id, CANCELLED)
    on = address(meeting)
    powers.exercise(session, by, Power.ELECTIONS, on=on, reason=reason, verb="cancel an assembly")
    _tell(session, meeting, "assembly_cancelled", reason=reason)
    return meeting


def record(session: Session, assembly_id: uuid.UUID, text: str, present: int, by: Account) -> Assembly:
    """Publish what was said and decided. Refused before it began (409), and a second time."""
    if find(session, assembly_id).starts_at > db_now(session):
        raise Refused(N_("This meeting has not begun."), status=409)
    meeting = _move(session, assembly_id, HELD, record=text, present=present, recorded_at=now())
    powers.exercise(session, by, Power.ELECTIONS, on=address(meeting), reason="", verb="record an assembly")
    return meeting


def _move(session: Session, assembly_id: uuid.UUID, state: str, **values: object) -> Assembly:
    moved = session.execute(
        update(Assembly)
        .where(Assembly.id == assembly_id, Assembly.state == CALLED)
        .values(state=state, **values)
    )
    meeting = find(session, assembly_id)
    if not rows_changed(moved):
        raise Refused(N_("This meeting was recorded or cancelled already."), status=409)
    return meeting


def _tell(session: Session, meeting: Assembly, letter: str, **values: object) -> None:
    """A letter to every member who has an address."""
    for email in _addresses(session):
        mail.send(
            session,
            to=email,
            letter=letter,
            meeting=meeting,
            when=wall(meeting.starts_at, meeting.zone),
            address=address(meeting),
            **values,
        )


def _addresses(session: Session) -> list[str]:
    """Of everybody who is a member now."""
    moment = now()
    wanted = (
        select(PartyData.email)
        .join(Membership, Membership.party_id == PartyData.party_id)
        .where(
            Membership.joined_at <= moment, or_(Membership.ended_at.is_(None), Membership.ended_at > moment)
        )
        .order_by(Membership.number)
    )
    return [email for email in session.scalars(wanted) if email]


def find(session: Session, assembly_id: uuid.UUID) -> Assembly:
    """Refused (404) where there is none."""
    found = session.get(Assembly, assembly_id, populate_existing=True)
    if found is None:
        raise Refused(N_("There is no such meeting."), status=404)
    return found


def every(session: Session) -> list[Assembly]:
    """All meetings, the next or newest first."""
    wanted = select(Assembly).order_by(Assembly.starts_at.desc()).limit(limits.ROWS_SHOWN)
    return list(session.scalars(wanted))


def agenda(session: Session, meeting: Assembly) -> list[Motion]:
    """What is to be talked about, in the order in which it was moved."""
    wanted = select(Motion).where(Motion.assembly_id == meeting.id)
    return list(session.scalars(wanted.order_by(Motion.proposed_at, Motion.id)))


def address(meeting: Assembly) -> str:
    return f"{settings().origin}/assembly/{meeting.id}"
