"""Letters to who pledged."""

from sqlalchemy.orm import Session

from commons import mail
from membership.money.currencies import Money, show
from membership.money.models import Party
from membership.pledges import links, withdrawals
from membership.pledges.models import Pledge


def write(session: Session, pledge: Pledge, letter: str, **values: object) -> None:
    """A letter to who pledged, if we know where, with the link by which the pledge can be changed."""
    data = session.get_one(Party, pledge.party_id).data
    if data is None or not data.email:
        return
    mail.send(
        session,
        to=data.email,
        letter=letter,
        name=data.name,
        pledge=pledge,
        amount=show(Money(pledge.amount, pledge.currency)),
        link=links.address(pledge),
        **values,
    )


def confirm(session: Session, pledge: Pledge, pay: str) -> None:
    """The letter that a contract online needs: what was promised, its number, and until when to withdraw."""
    write(session, pledge, "pledge_made", pay=pay, last_day=withdrawals.last_moment(pledge))
