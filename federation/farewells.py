"""What a 410 from an inbox means, found out by asking.

A personal inbox: if the actor itself is gone (410 again), its follows end; a 404 or silence
proves nothing. A shared inbox: the server gave it up, so its people are served one by one.
"""

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from commons import jobs, outbound
from commons.db import database
from commons.refusal import Refused
from federation import actors, delivery, fan_out
from federation.models import Activity, Actor, Delivery, Follow


def recheck_due() -> int:
    """Job: look behind every inbox that answered 410. Returns how many."""
    with database().reading() as session:
        rows = session.execute(select(Delivery.id, Delivery.inbox).where(Delivery.recheck).limit(200)).all()
    for row_id, inbox in rows:
        gone = [uri for uri in _behind(inbox) if _is_gone(uri)]
        with database().transaction() as session:
            _serve_one_by_one(session, inbox)
            for uri in gone:
                bury(session, uri)
            session.execute(update(Delivery).where(Delivery.id == row_id).values(recheck=False))
    return len(rows)


def _behind(inbox: str) -> list[str]:
    """The actors whose personal inbox this is."""
    with database().reading() as session:
        wanted = select(Actor.uri).where(
            Actor.inbox == inbox, Actor.local.is_(False), Actor.gone_at.is_(None)
        )
        return list(session.scalars(wanted))


def _is_gone(uri: str) -> bool:
    """Whether the actor's own server says 410."""
    try:
        actors.fetch(uri)
    except actors.Gone:
        return True
    except (outbound.Unreachable, Refused):
        return False
    return False


def _serve_one_by_one(session: Session, shared: str) -> None:
    """Everyone behind a shared inbox that is no more gets what it refused in her own."""
    people = list(session.scalars(select(Actor).where(Actor.shared_inbox == shared, Actor.local.is_(False))))
    if not people:
        return
    refused = session.scalars(
        select(Activity).join(Delivery).where(Delivery.inbox == shared, Delivery.recheck)
    ).all()
    for person in people:
        person.shared_inbox = None
    session.flush()
    for activity in refused:
        meant = fan_out.inboxes(session, activity.audience) & {person.inbox for person in people}
        if fan_out.insert_rows(session, activity, meant):
            jobs.ring_after(session, delivery.deliver_due)


def bury(session: Session, uri: str) -> None:
    """The actor is gone: it follows nobody any more, and nobody follows it."""
    actor = actors.known(session, uri)
    if actor is None or actor.local:
        return
    actors.bury(session, actor)
    session.execute(delete(Follow).where(or_(Follow.follower_id == actor.id, Follow.followed_id == actor.id)))
