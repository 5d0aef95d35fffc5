"""P7: what a payer's bank takes back after a share was issued freezes the share; nothing is edited."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import clock, config
from commons.config import Config
from commons.db import Database
from commons.powers import Power
from commons.refusal import Refused
from membership.books.verify import first_fault
from membership.members import members, payouts, shares
from membership.members.models import Membership
from membership.money import ledger, parties
from membership.money.models import Posting
from membership.payments import events
from membership.payments.models import Charge
from membership.pledges import pledges, renewals, settling
from membership.pledges.models import Pledge
from tests.membership.payments.till import hosted_page, tell, work
from tests.membership.pledges.conftest import Wait, again, eur, person, wish
from tests.services import fake_provider
from tests.services.fake_provider import FakeProvider


@pytest.fixture
def provider(house: Config) -> Iterator[FakeProvider]:
    with fake_provider.running() as fake:
        config.use(
            replace(
                house,
                stripe_key=fake_provider.KEY,
                stripe_webhook_secrets=(fake_provider.SECRET,),
                stripe_url=fake.url,
            )
        )
        yield fake


@pytest.fixture
def paid(db: Database, provider: FakeProvider) -> tuple[Pledge, str]:
    """Ada's pledge, which paid for two shares of ten euros and gave five; and the provider's payment."""

    def promise(session: Session) -> Pledge:
        party = parties.of(session, person(session, "ada"))
        members.apply(session, party, consent="I want to become a co-owner.", number_of_shares=2)
        return pledges.promise(session, party, wish(2_500, "once", provider="stripe"))

    return paid_by_card(db, provider, promise)


def paid_by_card(
    db: Database, provider: FakeProvider, promise: Callable[[Session], Pledge]
) -> tuple[Pledge, str]:
    """What ``promise`` made, paid on the provider's page and settled; and the provider's payment."""
    with db.transaction() as session:
        pledge = promise(session)
        charge = renewals.start(session, pledges.instalments(session, pledge)[0])
        assert charge is not None
    provider.pay(hosted_page(charge))
    news(db, provider)
    with db.reading() as session:
        return pledge, str(session.get_one(Charge, charge.id).reference)


def news(db: Database, provider: FakeProvider) -> None:
    tell(db, provider)
    settling.settle_due()


def news_now(db: Database, provider: FakeProvider) -> None:
    """The same after the clock was moved: what the provider signs, it signs now."""
    for body in provider.bodies():
        signed = fake_provider.signed(body, at=clock.now().timestamp())
        with db.transaction() as session:
            events.accept(session, "stripe", body, {"Stripe-Signature": signed})
    work()
    settling.settle_due()


def member(session: Session) -> Membership:
    return session.scalars(select(Membership)).one()


def shares_of(db: Database) -> tuple[int, int, int]:
    """How many are held, and the money paid and missing."""
    with db.reading() as session:
        held = shares.position(session, member(session))
        return held.held, held.paid.amount, held.unpaid.amount


def sums(db: Database) -> dict[str, int]:
    names = ("equity:shares", "income:pledges", "assets:receivable:disputes", "assets:stripe")
    with db.reading() as session:
        assert first_fault(session) is None
        return {name: ledger.balance(session, name, "EUR") for name in names}


def postings(db: Database) -> list[tuple[int, str]]:
    with db.reading() as session:
        return [(row.id, row.hash) for row in session.scalars(select(Posting).order_by(Posting.id))]


def test_a_dispute_freezes_the_share_by_reversal_entries_and_leaves_no_balance(
    db: Database, provider: FakeProvider, paid: tuple[Pledge, str]
) -> None:
    assert shares_of(db) == (2, 2_000, 0)
    before = postings(db)
    dispute = provider.dispute(paid[1])
    news(db, provider)
    assert shares_of(db) == (2, 0, 2_000)
    assert postings(db)[: len(before)] == before
    with pytest.raises(Refused, match="paid in full"), db.transaction() as session:
        ada = member(session)
        bobs = parties.of(session, person(session, "bob"))
        bob = members.apply(session, bobs, consent="Yes.", number_of_shares=1)
        paid_in = {"from_account": "income:pledges", "cause": ("charge", uuid.uuid4())}
        members.paid(session, bobs, eur(1_000), **paid_in)  # type: ignore[arg-type]
        tom = person(session, "tom", Power.BOOKS)
        shares.transfer(session, ada, bob, shares.holdings(session, ada)[0].lot, 1, by=tom)
    provider.close(dispute, "lost")
    news(db, provider)
    fees = fake_provider.FEE + fake_provider.DISPUTE_FEE
    assert sums(db) == {
        "equity:shares": 0,
        "income:pledges": 0,
        "assets:receivable:disputes": 0,
        "assets:stripe": -fees,
    }
    assert again(db, paid[0]).state == "refunded"


def test_a_dispute_that_we_win_pays_the_share_again(
    db: Database, provider: FakeProvider, paid: tuple[Pledge, str]
) -> None:
    dispute = provider.dispute(paid[1])
    news(db, provider)
    provider.close(dispute, "won")
    news(db, provider)
    assert shares_of(db) == (2, 2_000, 0)
    assert sums(db)["equity:shares"] == -2_000 and sums(db)["income:pledges"] == -500
    assert again(db, paid[0]).state == "fulfilled"


def test_a_part_takes_the_contribution_first(
    db: Database, provider: FakeProvider, paid: tuple[Pledge, str]
) -> None:
    provider.dispute(paid[1], 600)
    news(db, provider)
    assert shares_of(db) == (2, 1_900, 100)
    provider.give_back(paid[1], 900)
    news(db, provider)
    assert shares_of(db) == (2, 1_000, 1_000)
    assert sums(db)["equity:shares"] == -1_000


def test_a_dispute_lost_after_the_share_was_paid_out_is_set_against_the_next_payout(
    db: Database,
    provider: FakeProvider,
    paid: tuple[Pledge, str],
    wait: Wait,
) -> None:
    with db.transaction() as session:
        people = [person(session, name, Power.BOOKS) for name in ("tom", "tina")]
        members.give_notice(session, member(session), by=None)
    year = clock.now().year
    wait(days=800)
    members.end_due()

    def pay_out() -> int:
        with db.transaction() as session:
            newest = session.scalars(select(Membership).order_by(Membership.id.desc())).first()
            assert newest is not None
            payouts.propose_payout(session, newest, by=people[0])
            return payouts.approve_payout(session, newest, by=people[1]).amount

    with db.transaction() as session:
        for each in (year, year + 1):
            payouts.adopt_accounts(session, each, "Assembly", by=people[0])
    assert pay_out() == 2_000
    dispute = provider.dispute(paid[1])
    news_now(db, provider)
    provider.close(dispute, "lost")
    news_now(db, provider)
    found = sums(db)
    assert found["income:pledges"] == found["equity:shares"] == found["assets:receivable:disputes"] == 0
    with db.transaction() as session:
        assert ledger.balance(session, "assets:receivable:payouts", "EUR") == 2_000
        party = member(session).party
        again_ = members.apply(session, party, consent="Again.", number_of_shares=3)
        members.paid(
            session, party, eur(3_000), from_account="income:pledges", cause=("charge", uuid.uuid4())
        )
        members.give_notice(session, again_, by=None)
    wait(days=800)
    members.end_due()
    with db.transaction() as session:
        for each in (year + 2, year + 3):
            payouts.adopt_accounts(session, each, "Assembly", by=people[0])
    assert pay_out() == 1_000
    with db.reading() as session:
        assert ledger.balance(session, "assets:receivable:payouts", "EUR") == 0
        assert first_fault(session) is None
