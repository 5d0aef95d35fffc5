"""Who follows whom. What we publish goes to accepted followers only."""

import uuid

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from commons.clock import now
from commons.db import dialect_of, insert, new_id, rows_changed
from commons.language import N_
from commons.refusal import Refused
from federation import outbox, vocabulary
from federation.models import Actor, Follow
from federation.outbox import Audience, Draft


def count(session: Session, actor: Actor) -> int:
    """How many follow ``actor``."""
    return _count(session, Follow.followed_id == actor.id)


def count_followed(session: Session, actor: Actor) -> int:
    """How many ``actor`` follows."""
    return _count(session, Follow.follower_id == actor.id)


def _count(session: Session, condition: object) -> int:
    wanted = select(func.count()).select_from(Follow).where(condition, Follow.accepted_at.is_not(None))  # type: ignore[arg-type]
    return session.scalar(wanted) or 0


def add(session: Session, follower: Actor, followed: Actor, uri: str) -> None:
    """``follower`` asked in the activity ``uri``; we accept at once, each time anew.

    A second Follow replaces the first, since its sender no longer knows the first one's id.
    """
    _upsert(session, follower, followed, uri, accepted=True)
    follow = {"type": "Follow", "id": uri, "actor": follower.uri, "object": followed.uri}
    outbox.post(
        session,
        followed,
        Draft("Accept", follow, to=[follower.uri]),
        Audience(inboxes=[follower.inbox]),
        about=uri,
    )


def end(session: Session, follower: Actor, followed: Actor) -> bool:
    """``follower`` no longer follows, or is no longer let follow. Whether there was a follow."""
    gone = session.execute(
        delete(Follow).where(Follow.follower_id == follower.id, Follow.followed_id == followed.id)
    )
    return bool(rows_changed(gone))


def ask(session: Session, ours: Actor, theirs: Actor) -> Follow:
    """Have one of ours ask to follow; it counts only once the other accepts."""
    if ours.id == theirs.id:
        raise Refused(N_("Nobody follows herself."))
    activity = outbox.post(
        session, ours, Draft("Follow", theirs.uri, to=[theirs.uri]), Audience(inboxes=[theirs.inbox])
    )
    _upsert(session, ours, theirs, activity.uri, accepted=False)
    return session.scalars(
        select(Follow).where(Follow.follower_id == ours.id, Follow.followed_id == theirs.id)
    ).one()


def stop(session: Session, ours: Actor, theirs: Actor) -> None:
    """Have one of ours follow no more."""
    found = between(session, ours, theirs)
    if found is None:
        return
    follow = {"type": "Follow", "id": found.uri, "actor": ours.uri, "object": theirs.uri}
    outbox.post(
        session,
        ours,
        Draft("Undo", follow, to=[theirs.uri]),
        Audience(inboxes=[theirs.inbox]),
        about=found.uri,
    )
    end(session, ours, theirs)


def between(session: Session, follower: Actor, followed: Actor) -> Follow | None:
    return session.scalar(
        select(Follow).where(Follow.follower_id == follower.id, Follow.followed_id == followed.id)
    )


def answered(session: Session, ours: Actor, theirs: Actor, uri: str | None, *, accepted: bool) -> bool:
    """``theirs`` answered the follow of ``ours``; only the actor that was asked may."""
    found = between(session, ours, theirs)
    if found is None or (uri is not None and found.uri != uri):
        return False
    if not accepted:
        return end(session, ours, theirs)
    found.accepted_at = found.accepted_at or now()
    return True


def is_follow(value: vocabulary.Object) -> bool:
    return value.get("type") == "Follow"


def by_uri(session: Session, uri: str) -> Follow | None:
    return session.scalar(select(Follow).where(Follow.uri == uri).limit(1))


def _upsert(session: Session, follower: Actor, followed: Actor, uri: str, *, accepted: bool) -> None:
    moment = now()
    values: dict[str, object] = {
        "id": new_id(),
        "follower_id": follower.id,
        "followed_id": followed.id,
        "uri": uri,
        "created_at": moment,
        "accepted_at": moment if accepted else None,
    }
    changed = {"uri": uri} | ({"accepted_at": moment} if accepted else {})
    statement = insert(dialect_of(session), Follow).values(values)
    session.execute(
        statement.on_conflict_do_update(index_elements=["follower_id", "followed_id"], set_=changed)
    )
    session.expire_all()


def followers_of(
    session: Session, actor: Actor, after: uuid.UUID | None = None, many: int = 50
) -> list[Actor]:
    """Accepted followers, in the order in which they came."""
    wanted = (
        select(Actor)
        .join(Follow, Follow.follower_id == Actor.id)
        .where(Follow.followed_id == actor.id, Follow.accepted_at.is_not(None))
        .order_by(Follow.id)
        .limit(many)
    )
    if after is not None:
        wanted = wanted.where(Follow.id > after)
    return list(session.scalars(wanted))
