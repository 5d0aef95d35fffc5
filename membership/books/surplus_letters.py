"""The letters to members about their part of a surplus: it is there, it was chosen, it was sent."""

from sqlalchemy.orm import Session

from commons import mail
from commons.config import settings
from membership.books.models import Allotment
from membership.money.currencies import Money, show


def allotted(session: Session, part: Allotment) -> None:
    """The surplus was shared out: this is hers, and she may leave it to the newsroom."""
    _write(session, part, "surplus_allotted")


def chosen(session: Session, part: Allotment) -> None:
    """What she chose has been done, or will be."""
    _write(session, part, "surplus_chosen")


def paid(session: Session, part: Allotment) -> None:
    """The bank has sent her part."""
    _write(session, part, "surplus_paid")


def _write(session: Session, part: Allotment, letter: str) -> None:
    """To the member, if we know where."""
    data = part.party.data
    if data is not None and data.email:
        mail.send(
            session,
            to=data.email,
            letter=letter,
            name=data.name,
            year=part.surplus.year,
            choice=part.choice,
            money=show(Money(part.amount, settings().currency)),
        )
