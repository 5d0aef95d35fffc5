"""Years given away: a code is redeemed once, and nobody learns who paid for a seat."""

import pytest
from sqlalchemy import func, inspect, select

from commons import limits
from commons.config import Config
from commons.db import Database
from commons.refusal import Refused
from membership.members import members, shares
from membership.money import ledger, parties
from membership.money.currencies import Money
from membership.money.models import Party
from membership.pledges import covers, gifts, pledges, seats, statements
from membership.pledges.models import Cover, Gift, Pledge, SeatsPaid, SeatTaken
from tests.membership.pledges.conftest import (
    Wait,
    at_once,
    guest,
    letters,
    pay,
    promised,
)
from tests.membership.pledges.test_pledges import give_back

YEAR = 9600


def codes_of(db: Database, pledge: Pledge) -> list[str]:
    with db.reading() as session:
        return [str(gifts.code(gift)) for gift in gifts.of_pledge(session, pledge)]


def given(db: Database, quantity: int = 1) -> Pledge:
    pledge = promised(db, rhythm="once", amount=YEAR * quantity, purpose="gift", quantity=quantity)
    pay(db, pledge)
    return pledge


def seats_given(db: Database, quantity: int) -> Pledge:
    pledge = promised(db, rhythm="once", amount=YEAR * quantity, purpose="seats", quantity=quantity)
    pay(db, pledge)
    return pledge


def test_the_codes_go_to_who_paid_and_stand_nowhere_else(db: Database, house: Config) -> None:
    pledge = given(db, quantity=2)
    codes = codes_of(db, pledge)
    assert len(set(codes)) == 2
    (letter,) = letters(db, "gift_codes")
    assert letter.to == "rita@example.org"
    assert all(code in letter.body for code in codes)
    with db.reading() as session:
        kept = session.scalars(select(Gift.code_hash)).all()
    assert not set(kept) & {code.replace("-", "") for code in codes}


def test_a_code_gives_a_year_once(db: Database, house: Config) -> None:
    (code,) = codes_of(db, given(db))
    with db.transaction() as session:
        cover = gifts.redeem(session, code.lower(), guest(session, "olga"))
        assert (cover.ends_on - cover.starts_on).days in (365, 366)
    with db.transaction() as session, pytest.raises(Refused, match="redeemed already"):
        gifts.redeem(session, code, guest(session, "nina"))


def test_twenty_at_once_redeem_a_code_once(db: Database, house: Config) -> None:
    (code,) = codes_of(db, given(db))

    def redeem() -> None:
        with db.transaction() as session:
            gifts.redeem(session, code, guest(session, "olga"))

    raised = at_once(redeem)
    assert len(raised) == 19
    assert all(isinstance(error, Refused) for error in raised)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Cover)) == 1


def test_what_fails_after_the_claim_releases_the_code(
    db: Database, house: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = codes_of(db, given(db))

    def broken(*_arguments: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(covers, "add", broken)
        with pytest.raises(RuntimeError), db.transaction() as session:
            gifts.redeem(session, code, guest(session, "olga"))
    with db.transaction() as session:
        assert gifts.redeem(session, code, guest(session, "olga")).kind == "gift"


@pytest.mark.parametrize("text", ["", "nonsense", "2222-2222-2222-2222", "' OR 1=1 --"])
def test_a_made_up_code_is_refused(db: Database, house: Config, text: str) -> None:
    given(db)
    with db.transaction() as session, pytest.raises(Refused):
        gifts.redeem(session, text, guest(session))


def test_a_code_runs_out(db: Database, house: Config, wait: Wait) -> None:
    (code,) = codes_of(db, given(db))
    wait(days=limits.GIFT_DAYS + 1)
    with db.transaction() as session, pytest.raises(Refused):
        gifts.redeem(session, code, guest(session))


def test_a_refund_voids_only_codes_that_nobody_has_redeemed(db: Database, house: Config) -> None:
    pledge = promised(db, rhythm="once", amount=YEAR * 2, purpose="gift", quantity=2)
    charge = pay(db, pledge)
    first, second = codes_of(db, pledge)
    with db.transaction() as session:
        gifts.redeem(session, second, guest(session, "olga"))
    give_back(db, charge, YEAR)
    with db.transaction() as session, pytest.raises(Refused):
        gifts.redeem(session, first, guest(session, "nina"))


def test_a_seat_is_taken_from_the_pot_and_becomes_a_fee(db: Database, house: Config) -> None:
    seats_given(db, 2)
    with db.transaction() as session:
        seats.take(session, guest(session, "olga"), "EUR")
    with db.reading() as session:
        assert seats.free(session) == 1
        assert ledger.balance(session, "restricted:seats", "EUR") == -YEAR
        assert ledger.balance(session, "income:membership", "EUR") == -YEAR


def test_the_pot_cannot_be_overdrawn_by_twenty_at_once(db: Database, house: Config) -> None:
    seats_given(db, 1)

    def take() -> None:
        with db.transaction() as session:
            seats.take(session, guest(session, "olga"), "EUR")

    raised = at_once(take)
    assert [type(error) for error in raised] == [Refused] * 19
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SeatTaken)) == 1


def test_nobody_takes_two_seats_in_a_year(db: Database, house: Config) -> None:
    seats_given(db, 3)
    with db.transaction() as session:
        olga = guest(session, "olga")
        seats.take(session, olga, "EUR")
        with pytest.raises(Refused, match="this year already"):
            seats.take(session, olga, "EUR")


def test_no_row_links_a_taken_seat_to_its_giver(db: Database, house: Config) -> None:
    pledge = seats_given(db, 1)
    with db.transaction() as session:
        seats.take(session, guest(session, "olga"), "EUR")
    assert {column.name for column in inspect(SeatTaken).columns} == {
        "ordinal",
        "party_id",
        "year",
        "taken_at",
    }
    assert "party_id" not in {column.name for column in inspect(SeatsPaid).columns}
    with db.reading() as session:
        cover = session.scalars(select(Cover)).one()
        giver = session.get_one(Party, pledge.party_id)
        assert cover.party_id != giver.id
        assert parties.name_of(giver) == "Rita"


def test_refunded_seats_leave_the_pot(db: Database, house: Config) -> None:
    pledge = promised(db, rhythm="once", amount=YEAR * 2, purpose="seats", quantity=2)
    charge = pay(db, pledge)
    give_back(db, charge, YEAR)
    with db.reading() as session:
        assert seats.free(session) == 1


def owner(db: Database, party: Party) -> tuple[str, int]:
    """Her membership's state, and what is paid of her shares."""
    with db.reading() as session:
        membership = members.of_party(session, party)
        assert membership is not None
        assert shares.check(session) is None
        return membership.state, shares.position(session, membership).paid.amount


def test_a_gift_makes_a_co_owner_who_pays_nothing(db: Database, house: Config) -> None:
    (code,) = codes_of(db, given(db))
    with db.transaction() as session:
        olga = guest(session, "olga")
        members.apply(session, olga, consent="I want to.")
        gifts.redeem(session, code, olga)
    assert owner(db, olga) == ("active", 1000)
    with db.reading() as session:
        assert ledger.balance(session, "income:gifts", "EUR") == 1000 - YEAR
        assert ledger.balance(session, "equity:shares", "EUR") == -1000
        assert ledger.balance(session, "liabilities:prepaid", "EUR") == 0
        assert not [line for line in statements.of_year(session, olga, 2026).entries if line.money.amount < 0]


def test_a_seat_makes_a_co_owner_also_if_she_took_it_before_she_applied(db: Database, house: Config) -> None:
    seats_given(db, 1)
    with db.transaction() as session:
        olga = guest(session, "olga")
        seats.take(session, olga, "EUR")
        members.apply(session, olga, consent="I want to.")
        for _twice in range(2):
            covers.pay_shares(session, olga, pledges.today_here(session), Money(YEAR, "EUR"))
    assert owner(db, olga) == ("active", 1000)
    with db.reading() as session:
        assert ledger.balance(session, "income:membership", "EUR") == 1000 - YEAR


def test_a_year_that_is_over_pays_nothing(db: Database, house: Config, wait: Wait) -> None:
    (code,) = codes_of(db, given(db))
    with db.transaction() as session:
        olga = guest(session, "olga")
        gifts.redeem(session, code, olga)
    wait(days=400)
    with db.transaction() as session:
        members.apply(session, olga, consent="I want to.")
        covers.pay_shares(session, olga, pledges.today_here(session), Money(YEAR, "EUR"))
    assert owner(db, olga) == ("applied", 0)
