"""``Follow``: someone wants what an actor of ours publishes. Accepted at once."""

from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from federation import actors, follows
from federation.activities.incoming import Incoming
from federation.models import Actor


def check(session: Session, incoming: Incoming) -> Actor:
    """The actor of ours that is to be followed."""
    followed = actors.known(session, incoming.object_uri)
    if followed is None or not followed.local or followed.gone_at is not None:
        raise Refused(N_("There is nobody of that address here."), status=404)
    if followed.kind == "Application":
        raise Refused(N_("This actor cannot be followed."))
    return followed


def apply(session: Session, incoming: Incoming) -> None:
    follows.add(session, incoming.actor, check(session, incoming), incoming.uri)
