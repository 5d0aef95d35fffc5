"""``Create``: someone said something. Kept when it answers something that we know, or when
one of ours follows its author; anything else is nothing to us."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from federation import posts, vocabulary
from federation.activities.incoming import Ignored, Incoming
from federation.models import Actor, Follow


def check(session: Session, incoming: Incoming) -> vocabulary.Object:
    """The object, whole, said by the actor who signed, at an address of her own server."""
    value = incoming.embedded
    if value is None:
        value = _fetched(incoming)
    said_by(incoming, value)
    if not vocabulary.kind_of(value, vocabulary.POST_KINDS):
        raise Ignored(N_("Nothing that we keep."))
    if not vocabulary.is_public(value):
        raise Ignored(N_("Nothing public."))
    return value


def said_by(incoming: Incoming, value: vocabulary.Object) -> None:
    """Refuse an object that another actor said, or that stands on another server."""
    uri = vocabulary.text_of(value.get("id"))
    if vocabulary.ids_of(value.get("attributedTo"))[:1] != [incoming.actor.uri]:
        raise Refused(N_("The object is somebody else's."), status=403)
    if not vocabulary.is_short(uri) or not vocabulary.same_origin(uri, incoming.actor.uri):
        raise Refused(N_("The object stands on another server."), status=403)


def _fetched(incoming: Incoming) -> vocabulary.Object:
    if not vocabulary.same_origin(incoming.object_uri, incoming.actor.uri):
        raise Refused(N_("The object stands on another server."), status=403)
    return incoming.document(incoming.object_uri)


def apply(session: Session, incoming: Incoming) -> None:
    value = check(session, incoming)
    parent_uri = vocabulary.id_of(value.get("inReplyTo"))
    answers_us = parent_uri is not None and posts.by_uri(session, parent_uri) is not None
    if not answers_us and not is_followed(session, incoming.actor):
        raise Ignored(N_("Nothing that we keep."))
    posts.receive(session, incoming.actor, value)


def is_followed(session: Session, actor: Actor) -> bool:
    wanted = select(Follow.id).where(Follow.followed_id == actor.id, Follow.accepted_at.is_not(None)).limit(1)
    return session.scalar(wanted) is not None
