"""A dispute that is decided for us gives back what it had taken: codes of gifts, and seats in the pot."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from commons.db import Database
from commons.refusal import Refused
from membership.books.verify import first_fault
from membership.pledges import gifts, pledges, seats
from membership.pledges.models import Gift, Pledge
from tests.membership.pledges.conftest import Wait, again, at_once, guest, wish
from tests.services.fake_provider import FakeProvider

from .test_disputes import news, news_now, paid_by_card, provider
from .test_gifts_and_seats import YEAR, codes_of

__all__ = ["provider"]

Bought = Callable[[str], tuple[Pledge, str]]


@pytest.fixture
def bought(db: Database, provider: FakeProvider) -> Bought:
    """``bought("gift")``: two, paid by card; the pledge, and the provider's payment."""

    def buy(purpose: str) -> tuple[Pledge, str]:
        asked = wish(YEAR * 2, "once", provider="stripe", purpose=purpose, quantity=2)
        return paid_by_card(db, provider, lambda session: pledges.promise(session, guest(session), asked))

    return buy


def valid(db: Database, pledge: Pledge) -> list[bool]:
    """Of each code, whether it may still be redeemed."""
    with db.reading() as session:
        return [gift.void_at is None for gift in gifts.of_pledge(session, pledge)]


def free(db: Database) -> int:
    with db.reading() as session:
        assert first_fault(session) is None
        return seats.free(session)


def redeem(db: Database, code: str, name: str) -> None:
    with db.transaction() as session:
        gifts.redeem(session, code, guest(session, name))


def test_a_won_dispute_makes_the_same_codes_valid_again_for_as_long_as_they_were_void(
    db: Database, provider: FakeProvider, bought: Bought, wait: Wait
) -> None:
    pledge, payment = bought("gift")
    codes = codes_of(db, pledge)
    with db.reading() as session:
        until = [gift.expires_at for gift in gifts.of_pledge(session, pledge)]
    dispute = provider.dispute(payment)
    news(db, provider)
    assert valid(db, pledge) == [False, False]
    assert again(db, pledge).state == "refunded"
    with pytest.raises(Refused, match="not valid"):
        redeem(db, codes[0], "olga")
    wait(days=60)
    provider.close(dispute, "won")
    news_now(db, provider)
    assert valid(db, pledge) == [True, True]
    assert again(db, pledge).state == "fulfilled"
    with db.reading() as session:
        later = [gift.expires_at for gift in gifts.of_pledge(session, pledge)]
    for before, after in zip(until, later, strict=True):
        assert timedelta(days=60) <= after - before < timedelta(days=60, minutes=5)
    assert codes_of(db, pledge) == codes
    redeem(db, codes[0], "olga")
    with pytest.raises(Refused, match="redeemed already"):
        redeem(db, codes[0], "nina")


def test_a_lost_dispute_leaves_them_void(db: Database, provider: FakeProvider, bought: Bought) -> None:
    pledge, payment = bought("gift")
    dispute = provider.dispute(payment)
    news(db, provider)
    provider.close(dispute, "lost")
    news(db, provider)
    assert valid(db, pledge) == [False, False]


def test_a_won_dispute_gives_back_no_more_than_is_still_paid_for(
    db: Database, provider: FakeProvider, bought: Bought
) -> None:
    pledge, payment = bought("gift")
    provider.give_back(payment, YEAR)
    news(db, provider)
    assert valid(db, pledge) == [True, False]
    dispute = provider.dispute(payment, YEAR)
    news(db, provider)
    assert valid(db, pledge) == [False, False]
    provider.close(dispute, "won")
    news(db, provider)
    assert valid(db, pledge) == [True, False]


def test_a_code_that_was_redeemed_before_the_dispute_stays_redeemed(
    db: Database, provider: FakeProvider, bought: Bought
) -> None:
    pledge, payment = bought("gift")
    first, second = codes_of(db, pledge)
    redeem(db, second, "olga")
    dispute = provider.dispute(payment)
    news(db, provider)
    assert valid(db, pledge) == [False, True]
    provider.close(dispute, "won")
    news(db, provider)
    assert valid(db, pledge) == [True, True]
    redeem(db, first, "nina")
    with pytest.raises(Refused):
        redeem(db, second, "lena")


def test_a_revived_code_is_redeemed_once_by_twenty(
    db: Database, provider: FakeProvider, bought: Bought
) -> None:
    pledge, payment = bought("gift")
    code = codes_of(db, pledge)[0]
    dispute = provider.dispute(payment)
    news(db, provider)
    provider.close(dispute, "won")
    news(db, provider)
    assert len(at_once(lambda: redeem(db, code, "olga"))) == 19
    with db.reading() as session:
        assert session.query(Gift).filter(Gift.redeemed_at.is_not(None)).count() == 1


def test_seats_come_back_into_the_pot_when_the_dispute_is_won(
    db: Database, provider: FakeProvider, bought: Bought
) -> None:
    _pledge, payment = bought("seats")
    assert free(db) == 2
    with db.transaction() as session:
        seats.take(session, guest(session, "olga"), "EUR")
    dispute = provider.dispute(payment)
    news(db, provider)
    assert free(db) == 0
    with pytest.raises(Refused, match="empty"), db.transaction() as session:
        seats.take(session, guest(session, "nina"), "EUR")
    provider.close(dispute, "won")
    news(db, provider)
    assert free(db) == 1
    with db.transaction() as session:
        seats.take(session, guest(session, "nina"), "EUR")
    assert free(db) == 0
