"""``Undo``: someone takes back a follow, a like or a boost: named by its id, or embedded.

It may overtake what it takes back, which then has a grave before it comes.
"""

from sqlalchemy.orm import Session

from commons.config import host_of
from commons.language import N_
from commons.refusal import Refused
from federation import actors, follows, graves, reactions, vocabulary
from federation.activities.incoming import Ignored, Incoming

KINDS = ("Follow", "Like", "Announce")


def check(session: Session, incoming: Incoming) -> vocabulary.Object:
    """What is undone; only by the actor who did it."""
    inner = incoming.embedded or {}
    if "actor" in inner and vocabulary.id_of(inner.get("actor")) != incoming.actor.uri:
        raise Refused(N_("The object is somebody else's."), status=403)
    return inner


def apply(session: Session, incoming: Incoming) -> None:
    inner = check(session, incoming)
    if (inner and inner.get("type") not in KINDS) or not _of_her_host(incoming):
        raise Ignored(N_("There is nothing to undo."))
    graves.bury(session, incoming.actor.uri, incoming.object_uri)
    _follow(session, incoming, inner) or _reaction(session, incoming, inner)


def _of_her_host(incoming: Incoming) -> bool:
    """Whether what is undone has an address, and that of the actor's own server."""
    try:
        return host_of(incoming.object_uri) == host_of(incoming.actor.uri)
    except ValueError:
        return False


def _follow(session: Session, incoming: Incoming, inner: vocabulary.Object) -> bool:
    found = follows.by_uri(session, incoming.object_uri)
    if found is not None and found.follower_id == incoming.actor.id:
        return follows.end(session, incoming.actor, found.followed)
    if inner.get("type") != "Follow":
        return False
    followed = actors.known(session, vocabulary.id_of(inner.get("object")) or "")
    return followed is not None and follows.end(session, incoming.actor, followed)


def _reaction(session: Session, incoming: Incoming, inner: vocabulary.Object) -> bool:
    post_uri = vocabulary.id_of(inner.get("object"))
    kinds = [inner["type"]] if inner.get("type") in ("Like", "Announce") else ["Like", "Announce"]
    return any(
        reactions.remove(session, incoming.actor, kind, incoming.object_uri, post_uri if inner else None)
        for kind in kinds
    )
