"""Outside reviews of the voting protocol. Until one is recorded every page of elections says so."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import minutes
from commons.config import settings
from commons.language import N_
from commons.limits import ELECTION_TEXT_CHARS
from commons.powers import Power
from commons.refusal import Refused
from membership.elections.models import Review


def record(session: Session, by: str, address: str) -> Review:
    """Write down who reviewed the protocol and where the report stands. For whoever runs the server."""
    by, address = " ".join(by.split()), address.strip()
    if not by or len(by) > ELECTION_TEXT_CHARS or not by.isprintable():
        raise Refused(N_("Who made the review?"))
    if not address.startswith("https://") or not address.isprintable() or len(address) > ELECTION_TEXT_CHARS:
        raise Refused(N_("The report needs an https:// address."))
    made = Review(by=by, address=address)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Refused(N_("This review is recorded already."), status=409) from None
    public = {
        "power": Power.ELECTIONS.value,
        "verb": "record a review",
        "on": f"{settings().origin}/elections",
    }
    minutes.write(session, public=public, private={"reason": f"{by}: {address}"})
    return made


def reviewed(session: Session) -> Review | None:
    """The latest review; None while there is none."""
    return session.scalars(select(Review).order_by(Review.at.desc()).limit(1)).first()
