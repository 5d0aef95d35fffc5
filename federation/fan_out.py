"""From one activity to one delivery row for each distinct inbox."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from commons import jobs
from commons.clock import now
from commons.config import host_of
from commons.db import database, dialect_of, insert, new_id, one_at_a_time
from federation import actors, blocks, delivery
from federation.models import Activity, Delivery, Post

CHUNK = 500
FAN_OUT_LOCK = 0x66616E
LANES = 8
ROWS_PER_LANE = 100


def fan_out_due() -> int:
    """Job: make the delivery rows of every activity that has none yet. Returns how many activities."""
    done = 0
    while _fan_out_next():
        done += 1
    return done


def _fan_out_next() -> bool:
    with database().transaction() as session:
        # A later activity must not overtake an earlier one: its audience is read from the rows of that.
        one_at_a_time(session, FAN_OUT_LOCK)
        activity = session.scalars(
            select(Activity)
            .where(Activity.fanned_out_at.is_(None))
            .order_by(Activity.created_at, Activity.id)
            .limit(1)
        ).first()
        if activity is None:
            return False
        addresses = inboxes(session, activity.audience)
        if activity.kind != "Delete":  # what is deleted here is to go there too
            addresses = {inbox for inbox in addresses if not blocks.is_blocked(inbox)}
        count = insert_rows(session, activity, addresses)
        activity.fanned_out_at = now()
        if count:
            jobs.ring_after(session, delivery.deliver_due, min(LANES, 1 + count // ROWS_PER_LANE))
        return True


def inboxes(session: Session, audience: dict[str, Any]) -> set[str]:
    """Each inbox once; a shared inbox where the follower's server offers one.

    A shared inbox is served when at least one of its followers is meant: whoever also follows
    an actor in ``but_not`` has the story from that one already.
    """
    found = set(audience.get("inboxes", ()))
    served = {
        follower for actor in audience.get("but_not", ()) for follower, *_ in _followers(session, actor)
    }
    for actor in audience.get("followers", ()):
        for follower, inbox, shared in _followers(session, actor):
            if follower not in served:
                found.add(shared or inbox)
    if audience.get("reached"):
        found |= set(
            session.scalars(select(Delivery.inbox).where(Delivery.object_uri == audience["reached"]))
        )
    if audience.get("reached_by"):
        found |= _reached_by(session, uuid.UUID(audience["reached_by"]))
    return found


def _reached_by(session: Session, actor_id: uuid.UUID) -> set[str]:
    said = select(Post.uri).where(Post.author_id == actor_id)
    wanted = select(Delivery.inbox).join(Delivery.activity)
    return set(
        session.scalars(
            wanted.where(or_(Activity.actor_id == actor_id, Delivery.object_uri.in_(said))).distinct()
        )
    )


def _followers(session: Session, actor_id: str) -> list[tuple[uuid.UUID, str, str | None]]:
    return actors.inboxes_of_followers(session, uuid.UUID(actor_id))


def insert_rows(session: Session, activity: Activity, addresses: Iterable[str]) -> int:
    """A due row for each inbox that has none for this activity; the constraint decides, not a look."""
    moment = now()
    rows = [
        {
            "id": new_id(),
            "activity_id": activity.id,
            "inbox": inbox,
            "host": host_of(inbox),
            "object_uri": activity.object_uri,
            "state": "due",
            "tries": 0,
            "next_try": moment,
            "recheck": False,
        }
        for inbox in sorted(addresses)
    ]
    statement = insert(dialect_of(session), Delivery).on_conflict_do_nothing(
        index_elements=["activity_id", "inbox"]
    )
    for start in range(0, len(rows), CHUNK):
        session.execute(statement, rows[start : start + CHUNK])
    return len(rows)
