"""``Announce``: someone boosts a post that we know, or an actor that one of ours follows boosts one.

What a stranger boosts is fetched from its own address, never believed from the copy.
"""

from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from federation import actors, blocks, posts, reactions, vocabulary
from federation.activities import create
from federation.activities.incoming import Ignored, Incoming
from federation.models import Post


def check(session: Session, incoming: Incoming) -> Post | None:
    """The post that is boosted, if we know it."""
    if blocks.is_blocked(incoming.object_uri):
        raise Refused(N_("This server is blocked here."), status=403)
    return posts.by_uri(session, incoming.object_uri)


def apply(session: Session, incoming: Incoming) -> None:
    post = check(session, incoming)
    if post is None and create.is_followed(session, incoming.actor):
        post = _fetch(session, incoming)
    if post is None or post.gone_at is not None:
        raise Ignored(N_("Nothing that we keep."))
    reactions.add(session, post, incoming.actor, "Announce", incoming.uri)


def _fetch(session: Session, incoming: Incoming) -> Post | None:
    value = incoming.document(incoming.object_uri)
    author_uri = next(iter(vocabulary.ids_of(value.get("attributedTo"))), "")
    if not vocabulary.kind_of(value, vocabulary.POST_KINDS) or not vocabulary.is_public(value):
        raise Ignored(N_("Nothing that we keep."))
    # Of the id, not of the address that was boosted: that one may have redirected.
    if not vocabulary.same_origin(author_uri, vocabulary.text_of(value.get("id"))):
        raise Refused(N_("The object is somebody else's."), status=403)
    if blocks.is_blocked(author_uri):
        raise Refused(N_("This server is blocked here."), status=403)
    author = actors.known(session, author_uri) or actors.store(
        session, actors.read_at(author_uri, incoming.document(author_uri))
    )
    return posts.receive(session, author, value)
