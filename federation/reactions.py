"""Likes and boosts: at most one of a kind from each actor for each post."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from commons.clock import now
from commons.db import dialect_of, insert, new_id, rows_changed
from federation import outbox
from federation.models import Actor, Post, Reaction
from federation.outbox import Audience, Draft
from federation.vocabulary import PUBLIC


@dataclass(frozen=True)
class Counts:
    """How often a post was liked and boosted."""

    likes: int
    boosts: int


def add(session: Session, post: Post, actor: Actor, kind: str, uri: str) -> None:
    """``actor`` liked (``Like``) or boosted (``Announce``) ``post`` by the activity ``uri``."""
    row = {
        "id": new_id(),
        "post_id": post.id,
        "actor_id": actor.id,
        "kind": kind,
        "uri": uri,
        "created_at": now(),
    }
    statement = insert(dialect_of(session), Reaction).values(row)
    session.execute(
        statement.on_conflict_do_update(index_elements=["post_id", "actor_id", "kind"], set_={"uri": uri})
    )


def remove(session: Session, actor: Actor, kind: str, uri: str | None, post_uri: str | None) -> bool:
    """Take back a reaction of ``actor``, named by its activity or by the post."""
    wanted = delete(Reaction).where(Reaction.actor_id == actor.id, Reaction.kind == kind)
    if uri is not None:
        gone = session.execute(wanted.where(Reaction.uri == uri))
        if rows_changed(gone):
            return True
    if post_uri is None:
        return False
    post_ids = select(Post.id).where(Post.uri == post_uri)
    return bool(rows_changed(session.execute(wanted.where(Reaction.post_id.in_(post_ids)))))


def counts(session: Session, post: Post) -> Counts:
    counted = select(Reaction.kind, func.count()).where(Reaction.post_id == post.id)
    found: dict[str, int] = {row[0]: row[1] for row in session.execute(counted.group_by(Reaction.kind))}
    return Counts(found.get("Like", 0), found.get("Announce", 0))


def react(session: Session, ours: Actor, post: Post, kind: str) -> None:
    """Have one of ours like or boost a post; a boost goes to her followers too."""
    audience = Audience(
        followers=[ours] if kind == "Announce" else [],
        inboxes=[post.author.inbox] if not post.author.local else [],
    )
    cc = [f"{ours.uri}/followers", post.author.uri] if kind == "Announce" else [post.author.uri]
    to = [PUBLIC] if kind == "Announce" else []
    activity = outbox.post(session, ours, Draft(kind, post.uri, to=to, cc=cc), audience)
    add(session, post, ours, kind, activity.uri)
