"""``Delete``: an author takes a post back, or an actor is gone."""

from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from federation import farewells, posts
from federation.activities.incoming import Ignored, Incoming


def check(session: Session, incoming: Incoming) -> str:
    """The address of what is deleted: the actor's own, or on her server."""
    post = posts.by_uri(session, incoming.object_uri)
    if post is not None and post.author_id != incoming.actor.id:
        raise Refused(N_("The object is somebody else's."), status=403)
    return incoming.object_uri


def apply(session: Session, incoming: Incoming) -> None:
    uri = check(session, incoming)
    if uri == incoming.actor.uri:
        if not incoming.is_gone(uri):
            raise Ignored(N_("The actor is still there."))
        farewells.bury(session, uri)
        return
    if not posts.withdraw(session, incoming.actor, uri):
        raise Refused(N_("The object is somebody else's."), status=403)
