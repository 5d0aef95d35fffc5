"""``Update``: an author changed a post, or an actor what she says of herself."""

from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from federation import actors, posts, vocabulary
from federation.activities import create
from federation.activities.incoming import Ignored, Incoming


def check(session: Session, incoming: Incoming) -> vocabulary.Object:
    """The new state, of the actor herself or of a post of hers."""
    value = incoming.embedded
    if value is None:
        raise Refused(N_("The activity has no object."), status=400)
    if vocabulary.kind_of(value, vocabulary.ACTOR_KINDS):
        if incoming.object_uri != incoming.actor.uri:
            raise Refused(N_("The object is somebody else's."), status=403)
        return value
    return create.check(session, incoming)


def apply(session: Session, incoming: Incoming) -> None:
    value = check(session, incoming)
    if vocabulary.kind_of(value, vocabulary.ACTOR_KINDS):
        actors.store(session, actors.read(value))
        return
    post = posts.by_uri(session, incoming.object_uri)
    if post is None:
        create.apply(session, incoming)
        return
    if post.author_id != incoming.actor.id:
        raise Refused(N_("The object is somebody else's."), status=403)
    if not posts.revise(post, value):
        raise Ignored(N_("Older than what we have."))
