"""People of ours: an account that signs in, and the public actor that is its face."""

from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from commons import accounts, limits, mail, powers, sanitize, ways_in
from commons.accounts import Account
from commons.clock import now
from commons.language import N_
from commons.recovery import recoveries
from commons.refusal import Refused
from federation import actors, outbox, posts
from federation.models import Actor, Follow, Post, Reaction
from federation.outbox import Audience, Draft
from federation.vocabulary import PUBLIC


@dataclass(frozen=True)
class Person:
    """Someone with an account and a public name."""

    account: Account
    actor: Actor


def create(session: Session, *, handle: str, name: str, email: str, password: str, bio: str = "") -> Person:
    """An account and its ``Person`` actor together, or neither."""
    shown = sanitize.plain(name, limits.NAME_CHARS) or handle
    account = accounts.create(session, email=email, name=shown, password=password)
    actor = actors.create_local(
        session, kind="Person", handle=handle, name=shown, summary=bio, account=account
    )
    return Person(account, actor)


def erase(session: Session, account: Account) -> bool:
    """Take the account's public face out of the world: ``Delete`` to every follower, a tombstone here.

    Who signed published stories keeps her name: it stands in the paper. Returns whether it was erased.
    """
    actor = actors.of(session, account)
    if actor is None or actor.gone_at is not None:
        return False
    written = select(Post).where(Post.author_id == actor.id, Post.gone_at.is_(None))
    if session.scalars(written.where(Post.kind == "Article").limit(1)).first() is not None:
        return False
    actor.name = actor.handle
    _leave(session, actor)
    return True


def close(session: Session, handle: str, by: Account | None) -> Actor:
    """End a person's account: her own doing, or the operator's by command (``by`` is None).

    Personal data, sign-ins and powers end; the actor becomes a tombstone and everyone ever reached is
    told. Stories stay with the name they were signed with. Refused with 403, 404 or 409.
    """
    actor = actors.local(session, handle.removeprefix("@"))
    account = session.get(Account, actor.account_id) if actor is not None and actor.account_id else None
    if actor is None or account is None:
        raise Refused(N_("Nobody here has the handle %(handle)s."), status=404, handle=handle)
    if by is not None and by.id != account.id:
        raise Refused(N_("You do not have the power to do this."), status=403)
    if account.closed_at is not None:
        raise Refused(N_("This account is closed."), status=409)
    powers.end_all(session, account, on=actor.uri, reason="account closed")
    ways_in.end_all(session, account)
    recoveries.erase(session, account)
    if account.personal is not None:
        mail.forget(session, account.personal.email)
        session.delete(account.personal)
    account.closed_at = now()
    if actor.gone_at is None:
        signed = Post.author_id == actor.id, Post.kind == "Article", Post.gone_at.is_(None)
        if session.scalar(select(Post.id).where(*signed).limit(1)) is None:
            actor.name = actor.handle
        _leave(session, actor)
    return actor


def _leave(session: Session, actor: Actor) -> None:
    """Notes, likes, boosts and follows of the actor go, and it tells everyone whom it ever reached."""
    notes = select(Post).where(Post.author_id == actor.id, Post.gone_at.is_(None), Post.kind != "Article")
    for post in session.scalars(notes):
        posts.remove(session, post)
    gone = Draft("Delete", actor.uri, to=[PUBLIC], cc=[f"{actor.uri}/followers"])
    inboxes = [shared or inbox for _id, inbox, shared in actors.inboxes_of_followers(session, actor.id)]
    outbox.post(session, actor, gone, Audience(inboxes=inboxes, reached_by=actor))
    session.execute(delete(Reaction).where(Reaction.actor_id == actor.id))
    session.execute(delete(Follow).where(or_(Follow.follower_id == actor.id, Follow.followed_id == actor.id)))
    actor.gone_at, actor.summary, actor.icon = now(), "", None
    session.flush()
