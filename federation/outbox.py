"""What our actors do: one activity row with the exact bytes, and who is to have it."""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from commons import jobs
from commons.clock import now
from commons.config import settings
from commons.db import new_id
from commons.language import N_
from commons.refusal import Refused
from federation import fan_out, vocabulary
from federation.models import Activity, Actor, Delivery, Post


@dataclass(frozen=True)
class Audience:
    """Followers of ``followers``, but not those who also follow one of ``but_not``; single ``inboxes``;
    and every inbox that something about the object ``reached`` was sent to."""

    followers: Iterable[Actor] = ()
    but_not: Iterable[Actor] = ()
    inboxes: Iterable[str] = ()
    reached: str = ""
    # Everyone who was ever sent anything by this actor, or about what it said
    reached_by: Actor | None = None

    def row(self) -> dict[str, Any]:
        return {
            "followers": [str(actor.id) for actor in self.followers],
            "but_not": [str(actor.id) for actor in self.but_not],
            "inboxes": sorted(set(self.inboxes)),
            "reached": self.reached,
            "reached_by": str(self.reached_by.id) if self.reached_by is not None else "",
        }


@dataclass(frozen=True)
class Draft:
    """An activity to be: its kind, its object (embedded or an address), and its address lists."""

    kind: str
    object: vocabulary.Object | str
    to: list[str] = field(default_factory=list)
    cc: list[str] = field(default_factory=list)


def post(session: Session, actor: Actor, draft: Draft, audience: Audience, *, about: str = "") -> Activity:
    """Have ``actor`` do something. The bell for delivery rings once this has committed.

    ``about`` is the address whose deliveries must stay in order (the story's, for all that is done to it).
    """
    if not actor.uri.startswith(f"{settings().origin}/"):
        raise Refused(N_("This newsroom was founded at another address; ROSTRA_ORIGIN cannot be changed."))
    activity_id = new_id()
    uri = f"{settings().origin}/activities/{activity_id}"
    moment = now()
    value = vocabulary.activity(
        draft.kind, id=uri, actor=actor.uri, object=draft.object, to=draft.to, cc=draft.cc, published=moment
    )
    activity = Activity(
        id=activity_id,
        uri=uri,
        actor_id=actor.id,
        kind=draft.kind,
        object_uri=about or vocabulary.id_of(draft.object) or uri,
        document=vocabulary.document(value),
        audience=audience.row(),
        public=vocabulary.is_public(value),
        created_at=moment,
    )
    session.add(activity)
    session.flush()
    jobs.ring_after(session, fan_out.fan_out_due)
    return activity


def reply_to_actor(session: Session, ours: Actor, theirs: Actor, draft: Draft) -> Activity:
    """An activity for one actor alone, into its personal inbox (an Accept, an Undo)."""
    return post(session, ours, draft, Audience(inboxes=[theirs.inbox]))


@dataclass(frozen=True)
class Reach:
    """How far something of ours has got. An inbox counts once, whatever was sent there; so does a host."""

    inboxes: int
    hosts: int
    sent: int
    due: int
    retried: int
    failed: int
    gave_up: int


def reach(session: Session, object_uri: str) -> Reach:
    """How far the activities about ``object_uri`` got: each inbox once, by what is worst off there."""
    state, about = Delivery.state, Delivery.object_uri == object_uri
    worst = func.min(case({"due": 0, "gave_up": 1, "failed": 2}, value=state, else_=3))
    retried = func.max(case(((state == "due") & (Delivery.tries > 0), 1), else_=0))
    each = select(worst.label("worst"), retried.label("retried")).where(about).group_by(Delivery.inbox)
    inboxes = [(row[0], row[1]) for row in session.execute(each)]
    counted = Counter(worst for worst, _retried in inboxes)
    return Reach(
        inboxes=len(inboxes),
        hosts=session.scalar(select(func.count(func.distinct(Delivery.host))).where(about)) or 0,
        sent=counted[3],
        due=counted[0],
        retried=sum(retried for _worst, retried in inboxes),
        failed=counted[2],
        gave_up=counted[1],
    )


# What told the text of a post that is gone: its address no longer does, and neither do these.
_gone = select(Post.uri).where(Post.local, Post.gone_at.is_not(None))
_standing = or_(Activity.kind == "Delete", Activity.object_uri.not_in(_gone))


def is_withdrawn(session: Session, activity: Activity) -> bool:
    """Whether it is about a post of ours that was deleted; the ``Delete`` itself stands."""
    return session.scalar(select(Activity.id).where(Activity.id == activity.id, _standing)) is None


def public_activities(session: Session, actor: Actor, before: uuid.UUID | None, count: int) -> list[Activity]:
    """What the actor did in public, newest first."""
    wanted = (
        select(Activity)
        .where(
            Activity.actor_id == actor.id,
            Activity.public,
            Activity.kind.in_(("Create", "Announce", "Update")),
            _standing,
        )
        .order_by(Activity.id.desc())
        .limit(count)
    )
    if before is not None:
        wanted = wanted.where(Activity.id < before)
    return list(session.scalars(wanted))


def count_public(session: Session, actor: Actor) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                Activity.actor_id == actor.id,
                Activity.public,
                Activity.kind.in_(("Create", "Announce", "Update")),
                _standing,
            )
        )
        or 0
    )
