"""``Like``: someone likes a post of ours. Misskey's emoji reactions come as likes too."""

from sqlalchemy.orm import Session

from commons.language import N_
from federation import posts, reactions
from federation.activities.incoming import Ignored, Incoming
from federation.models import Post


def check(session: Session, incoming: Incoming) -> Post:
    """The post that is meant; one that we do not know is nothing to us."""
    post = posts.by_uri(session, incoming.object_uri)
    if post is None or post.gone_at is not None:
        raise Ignored(N_("Nothing that we keep."))
    return post


def apply(session: Session, incoming: Incoming) -> None:
    reactions.add(session, check(session, incoming), incoming.actor, "Like", incoming.uri)
