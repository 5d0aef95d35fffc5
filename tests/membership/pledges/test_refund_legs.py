"""M6: a payment that was partly a share and partly a gift goes back leg by leg, each leg once."""

import pytest
from sqlalchemy import select

from commons.db import Database
from commons.powers import Power
from commons.refusal import Refused
from membership.books.verify import first_fault
from membership.members import shares
from membership.members.models import Membership
from membership.money import ledger
from membership.payments import refunds
from membership.payments.models import Charge
from membership.pledges import settling
from membership.pledges.models import Pledge
from tests.membership.payments.till import tell, work
from tests.membership.pledges.conftest import eur, person
from tests.services.fake_provider import FEE, FakeProvider

from .test_disputes import paid, provider

__all__ = ["paid", "provider"]

LEGS = ("equity:shares", "income:pledges", "expenses:payment-fees", "assets:stripe")


def legs(db: Database) -> tuple[int, ...]:
    with db.reading() as session:
        assert first_fault(session) is None
        return tuple(ledger.balance(session, name, "EUR") for name in LEGS)


def test_the_gift_goes_back_then_the_share_and_nothing_goes_back_again(
    db: Database, provider: FakeProvider, paid: tuple[Pledge, str]
) -> None:
    with db.transaction() as session:
        treasurers = [person(session, name, Power.BOOKS) for name in ("tom", "tina")]
        charge = session.scalars(select(Charge).where(Charge.reference == paid[1])).one()
    assert legs(db) == (-2_000, -500, FEE, 2_500 - FEE)

    def give_back(amount: int) -> None:
        with db.transaction() as session:
            asked = refunds.ask(
                session, session.get_one(Charge, charge.id), eur(amount), "her wish", treasurers[0]
            )
        with db.transaction() as session:
            refunds.approve(session, asked.id, treasurers[1])
        work()
        for _twice in range(2):
            tell(db, provider)
            settling.settle_due()
            with db.transaction() as session:
                settling.settle(session, session.get_one(Charge, charge.id))

    give_back(500)
    assert legs(db) == (-2_000, 0, FEE, 2_000 - FEE)
    give_back(1_999)
    assert legs(db) == (-1, 0, FEE, 1 - FEE)
    with pytest.raises(Refused, match="more than is left"):
        give_back(2)
    give_back(1)
    assert legs(db) == (0, 0, FEE, -FEE)
    with pytest.raises(Refused, match="more than is left"):
        give_back(1)
    assert provider.balance() == -FEE
    with db.reading() as session:
        held = shares.position(session, session.query(Membership).one())
        assert (held.held, held.paid.amount, held.unpaid.amount) == (2, 0, 2_000)
