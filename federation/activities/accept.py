"""``Accept`` and ``Reject`` of a follow that one of ours asked for."""

from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from federation import actors, follows, vocabulary
from federation.activities.incoming import Incoming
from federation.models import Actor


def check(session: Session, incoming: Incoming) -> tuple[Actor, str | None]:
    """Who of ours asked, and by which Follow: named by its id, or embedded whole.

    Only the actor that was asked may answer.
    """
    found = follows.by_uri(session, incoming.object_uri)
    if found is not None and found.followed_id == incoming.actor.id and found.follower.local:
        return found.follower, found.uri
    embedded = incoming.embedded or {}
    ours = actors.known(session, vocabulary.id_of(embedded.get("actor")) or "")
    if ours is None or not ours.local or vocabulary.id_of(embedded.get("object")) != incoming.actor.uri:
        raise Refused(N_("This answers no follow of ours."), status=403)
    return ours, None


def apply(session: Session, incoming: Incoming) -> None:
    ours, uri = check(session, incoming)
    accepted = incoming.value["type"] == "Accept"
    if not follows.answered(session, ours, incoming.actor, uri, accepted=accepted):
        raise Refused(N_("This answers no follow of ours."), status=403)
