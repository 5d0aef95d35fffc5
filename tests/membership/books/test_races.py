"""Twenty at the same moment, on each database: whatever leaves or is signed has one effect."""

from itertools import count

from commons.accounts import Account
from commons.db import Database
from commons.refusal import Refused
from membership.books import expenses, payouts, surplus
from membership.books.models import PaymentOrder
from membership.books.verify import first_fault
from membership.books.vouchers import debits, vouchers
from membership.money import parties
from membership.payments import transfers

from ..pledges.conftest import at_once
from .conftest import HERS, Cast, approved, balance
from .test_surplus import later, proposed, three
from .test_vouchers import HEAD, bring, left, note, row

__all__ = ["later", "three"]


def arrive(db: Database, people: Cast, *rows: str) -> None:
    """A statement of the bank arrives; nobody has looked at it yet."""
    with db.transaction() as session:
        transfers.import_file(session, "s.csv", (HEAD + "\n".join(rows)).encode(), people.tom)


def one_wins(raised: list[BaseException]) -> None:
    assert len(raised) == 19
    assert all(isinstance(each, Refused) for each in raised)


def sound(db: Database) -> None:
    with db.reading() as session:
        assert first_fault(session) is None


# Debits


def test_twenty_jobs_match_each_debit_once(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people, 25_000)
        approved(session, people, 30_000)
        file = payouts.make_file(session, people.tom)
        orders = [order.id.hex for order in payouts.orders_of(session, file)]
        cost = vouchers.enter(session, note("expenses:office", 4_000), people.tom)
        vouchers.approve(session, cost.id, people.tina)
    arrive(
        db,
        people,
        row("-250.00", id_=orders[0], iban=HERS),
        row("-300.00", id_=orders[1], iban=HERS),
        row("-40.00"),
    )
    assert at_once(debits.match_due) == []
    assert left(db) == []
    assert balance(db, "assets:bank") == -59_000
    assert balance(db, "liabilities:invoices") == 0
    with db.reading() as session:
        assert payouts.find(session, file.id).state == "paid"
    sound(db)


def test_two_equal_debits_and_one_bill_leave_one_debit_to_be_explained(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people, 25_000)
    arrive(db, people, row("-250.00", iban=HERS), row("-250.00", iban=HERS))
    assert at_once(debits.match_due) == []
    assert len(left(db)) == 1
    assert balance(db, "assets:bank") == -25_000
    sound(db)


def test_of_twenty_words_about_one_debit_one_counts(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        bills = [approved(session, people, 25_000).id for _two in range(2)]
    bring(db, people, row("-250.00", iban=HERS))
    (line,) = left(db)
    turn = count()

    def say() -> None:
        mine = next(turn)
        by = people.tom if mine % 2 else people.tina
        with db.transaction() as session:
            if mine % 3 == 2:
                debits.is_own(session, line.id, by)
            else:
                debits.assign(session, line.id, debits.EXPENSE, bills[mine % 3], by)

    one_wins(at_once(say))
    assert left(db) == []
    assert balance(db, "assets:bank") == -25_000
    sound(db)


def test_twenty_debits_of_one_bill_pay_it_once(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        asked = approved(session, people, 25_000)
    with db.transaction() as session:
        expenses.paid_by_hand(session, asked.id, people.tom, asked.dated)
        twins = [approved(session, people, 25_000).id for _two in range(2)]
    arrive(db, people, *(row("-250.00", iban=HERS) for _each in range(20)))
    debits.match_due()
    lines = iter(left(db))

    def say() -> None:
        with db.transaction() as session:
            debits.assign(session, next(lines).id, debits.EXPENSE, twins[0], people.tom)

    one_wins(at_once(say))
    with db.reading() as session:
        assert [expenses.find(session, each).state for each in twins] == ["paid", "approved"]
    assert balance(db, "assets:bank") == -50_000
    sound(db)


# Lines that came in, vouchers, files


def test_of_twenty_words_about_one_transfer_one_counts(db: Database, people: Cast) -> None:
    arrive(db, people, row("500.00", text="no reference"))
    with db.transaction() as session:
        (line,) = transfers.unmatched(session)
        party = parties.create(session, "Amy Gray", "amy@example.org")
        grant = vouchers.enter(session, note(), people.tom)
    turn = count()

    def say() -> None:
        mine = next(turn) % 3
        with db.transaction() as session:
            if mine == 0:
                transfers.credit(session, line.id, party, people.tina)
            elif mine == 1:
                transfers.is_payout(session, line.id, people.tina)
            else:
                found = session.get_one(type(line), line.id)
                vouchers.settle(session, vouchers.find(session, grant.id), found, people.tom)

    one_wins(at_once(say))
    assert balance(db, "liabilities:unmatched") == 0
    sound(db)


def test_of_twenty_signatures_under_one_cost_one_books_it(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        cost = vouchers.enter(session, note("expenses:office", 4_000), people.tom)

    def sign() -> None:
        with db.transaction() as session:
            vouchers.approve(session, cost.id, people.tina)

    one_wins(at_once(sign))
    assert balance(db, "expenses:office") == 4_000


def test_twenty_files_at_once_order_each_payment_once(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people, 25_000)
        approved(session, people, 30_000)

    def make() -> None:
        with db.transaction() as session:
            payouts.make_file(session, people.tom)

    one_wins(at_once(make))
    with db.reading() as session:
        (file,) = payouts.files(session)
        assert (file.count, file.amount) == (2, 55_000)
        assert session.query(PaymentOrder).count() == 2


def test_of_twenty_who_send_or_cancel_one_file_one_does(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        asked = approved(session, people, 25_000)
        file = payouts.make_file(session, people.tom)
    turn = count()

    def close() -> None:
        with db.transaction() as session:
            if next(turn) % 2:
                payouts.executed(session, file.id, people.tom, asked.dated)
            else:
                payouts.cancel(session, file.id, people.tina)

    one_wins(at_once(close))
    with db.reading() as session:
        state = payouts.find(session, file.id).state
        paid = expenses.find(session, asked.id).state
    assert (state, paid, balance(db, "assets:bank")) in (
        ("paid", "paid", -25_000),
        ("cancelled", "approved", 0),
    )
    sound(db)


# Surplus


def test_a_surplus_is_approved_once_and_each_part_chosen_once_by_twenty(
    db: Database, people: Cast, three: list[Account]
) -> None:
    proposal = proposed(db, people)

    def sign() -> None:
        with db.transaction() as session:
            surplus.approve(session, proposal.id, people.tina)

    one_wins(at_once(sign))
    with db.reading() as session:
        part = surplus.of(session, three[2])[0]
    turn = count()

    def choose() -> None:
        choice = surplus.CHOICES[next(turn) % 3]
        with db.transaction() as session:
            surplus.choose(session, part.id, choice, three[2], iban=HERS)

    one_wins(at_once(choose))
    left_over = balance(db, "liabilities:patronage") + balance(db, "liabilities:credit")
    given = balance(db, "income:gifts")
    assert (left_over, given) in ((-1_000, 0), (-500, -500))
    sound(db)
