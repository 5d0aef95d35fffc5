"""Other income and costs: booked once, with a document, costs by two; and debits, of which none is lost."""

import io
import uuid
from datetime import timedelta

import pytest

from commons.db import Database
from commons.refusal import Refused
from membership.books import payouts
from membership.books.models import PaymentOrder, Voucher
from membership.books.verify import first_fault
from membership.books.vouchers import debits, vouchers
from membership.books.vouchers.vouchers import Note
from membership.money.currencies import Money
from membership.money.models import Party, PartyData
from membership.payments import credits, refunds, transfers
from membership.payments.models import BankLine

from .conftest import HERS, OURS, PDF, Cast, SignIn, approved, balance, earn, eur, today, token_of

HEAD = "date;amount;text;name;iban;end-to-end id;entry\n"


def note(account: str = "income:grants", amount: int = 50_000, **changes: object) -> Note:
    values: dict[str, object] = {
        "words": "Grant for local news",
        "document": PDF,
        "dated": today(),
        **changes,
    }
    return Note(account=account, money=eur(amount), **values)  # type: ignore[arg-type]


def bring(db: Database, people: Cast, *rows: str) -> None:
    """A statement of the bank arrives, and the job looks at it."""
    with db.transaction() as session:
        transfers.import_file(session, "s.csv", (HEAD + "\n".join(rows)).encode(), people.tom)
    debits.match_due()


def row(amount: str, *, iban: str = "", id_: str = "", text: str = "", entry: str = "") -> str:
    return f"{today()};{amount};{text};;{iban};{id_};{entry or uuid.uuid4().hex}"


def left(db: Database) -> list[BankLine]:
    """The debits that wait for somebody."""
    with db.reading() as session:
        return transfers.debits(session)


def sound(db: Database) -> None:
    with db.reading() as session:
        assert first_fault(session) is None


# Income and costs


def test_a_grant_is_owed_and_then_settled_by_a_line_of_the_bank(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        grant = vouchers.enter(session, note(), people.tom)
    assert (balance(db, "assets:receivable"), balance(db, "income:grants")) == (50_000, -50_000)
    bring(db, people, row("500.00", text="Foundation"))
    with db.transaction() as session:
        (line,) = transfers.unmatched(session)
        vouchers.settle(session, vouchers.find(session, grant.id), line, people.tom)
    assert (balance(db, "assets:bank"), balance(db, "assets:receivable")) == (50_000, 0)
    assert balance(db, "liabilities:unmatched") == 0
    with db.transaction() as session, pytest.raises(Refused, match="Nothing is owed"):
        vouchers.settle(session, vouchers.find(session, grant.id), line, people.tom)
    sound(db)


def test_a_sale_from_a_line_of_the_bank_owes_its_tax(db: Database, people: Cast) -> None:
    bring(db, people, row("119.00", text="Ten calendars"))
    with db.transaction() as session:
        (line,) = transfers.unmatched(session)
        sale = note("income:sales", 11_900, tax=1_900, line_id=line.id)
        assert vouchers.enter(session, sale, people.tom).state == "booked"
    sums = {name: balance(db, name) for name in ("assets:bank", "income:sales", "liabilities:tax")}
    assert sums == {"assets:bank": 11_900, "income:sales": -10_000, "liabilities:tax": -1_900}
    assert balance(db, "liabilities:unmatched") == 0
    sound(db)


@pytest.mark.parametrize(
    ("gross", "rate", "tax"),
    [(11_900, 1900, 1_900), (500, 700, 33), (499, 1900, 80), (10_810, 810, 810), (500, 0, 0), (1, 1900, 0)],
)
def test_tax_at_a_rate_is_rounded_once_and_the_rate_is_kept_with_its_day(
    db: Database, people: Cast, gross: int, rate: int, tax: int
) -> None:
    with db.transaction() as session:
        cost = note("expenses:office", gross, rate=rate, dated=today() - timedelta(days=3), cash=True)
        asked = vouchers.enter(session, cost, people.tom)
        vouchers.approve(session, asked.id, people.tina)
        sale = vouchers.enter(session, note("income:sales", gross, rate=rate, cash=True), people.tom)
    for found in (asked, sale):
        with db.reading() as session:
            kept = vouchers.find(session, found.id)
        assert (kept.rate, kept.tax, kept.amount) == (rate, tax, gross)
    with db.reading() as session:
        assert vouchers.find(session, asked.id).dated == today() - timedelta(days=3)
    assert (balance(db, "assets:input-tax"), balance(db, "liabilities:tax")) == (tax, -tax)
    assert (balance(db, "expenses:office"), balance(db, "income:sales")) == (gross - tax, tax - gross)
    sound(db)


def test_a_cost_is_signed_by_two_and_booked_once(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        story = uuid.uuid4()
        cost = note("expenses:research", 2_000, words="Register", cash=True, story_id=story)
        entered = vouchers.enter(session, cost, people.tom)
        assert vouchers.waiting(session) == [entered]
        with pytest.raises(Refused, match="Somebody else") as refused:
            vouchers.approve(session, entered.id, people.tom)
    assert refused.value.status == 403
    assert balance(db, "expenses:research") == 0
    with db.transaction() as session:
        vouchers.approve(session, entered.id, people.tina)
        with pytest.raises(Refused, match="decided already"):
            vouchers.approve(session, entered.id, people.ted)
    assert (balance(db, "expenses:research", story_id=story), balance(db, "assets:cash")) == (2_000, -2_000)
    sound(db)


def test_a_rejected_cost_leaves_its_line_free(db: Database, people: Cast) -> None:
    bring(db, people, row("-9.90", text="Fee"))
    (line,) = left(db)
    with db.transaction() as session:
        first = vouchers.enter(session, note("expenses:payment-fees", 990, line_id=line.id), people.tom)
        with pytest.raises(Refused, match="dealt with already"):
            vouchers.enter(session, note("expenses:payment-fees", 990, line_id=line.id), people.tina)
        vouchers.reject(session, first.id, people.tina)
        again = vouchers.enter(session, note("expenses:payment-fees", 990, line_id=line.id), people.tom)
        vouchers.approve(session, again.id, people.tina)
    assert left(db) == []
    assert (balance(db, "expenses:payment-fees"), balance(db, "assets:bank")) == (990, -990)
    sound(db)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (note(amount=0), "above zero|positive|more than"),
        (note("income:pledges"), "no account"),
        (note("assets:bank"), "no account"),
        (note(dated=today() + timedelta(days=1)), "lies ahead"),
        (note(tax=50_000), "less than"),
        (note(tax=1, rate=1900), "not both"),
        (note(words="  "), "Fill this in"),
        (note(document=b"GIF89a"), "PDF"),
        (note(line_id=uuid.uuid4()), "no such line"),
        (Note("income:grants", Money(1, "CHF"), today(), "x", PDF), "kept in EUR"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_changes(
    db: Database, people: Cast, wrong: Note, said: str
) -> None:
    with db.transaction() as session, pytest.raises(Refused, match=said):
        vouchers.enter(session, wrong, people.tom)
    with db.reading() as session:
        assert session.query(Voucher).count() == 0


def test_a_line_of_another_amount_or_direction_does_not_fit(db: Database, people: Cast) -> None:
    bring(db, people, row("-9.90"), row("9.90"))
    (debit,) = left(db)
    with db.transaction() as session:
        (came,) = transfers.unmatched(session)
        with pytest.raises(Refused, match="another amount"):
            vouchers.enter(session, note("expenses:office", 991, line_id=debit.id), people.tom)
        with pytest.raises(Refused, match="dealt with already"):
            vouchers.enter(session, note("expenses:office", 990, line_id=came.id), people.tom)
        with pytest.raises(Refused, match="dealt with already"):
            vouchers.enter(session, note("income:other", 990, line_id=debit.id), people.tom)


def test_only_who_keeps_the_books_enters_and_signs(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        cost = vouchers.enter(session, note("expenses:office", 990), people.tom)
        for verb in (
            lambda: vouchers.enter(session, note(), people.jo),
            lambda: vouchers.approve(session, cost.id, people.edith),
            lambda: vouchers.reject(session, cost.id, people.ada),
            lambda: debits.is_own(session, uuid.uuid4(), people.jo),
            lambda: debits.assign(session, uuid.uuid4(), "expense", uuid.uuid4(), people.jo),
        ):
            with pytest.raises(Refused) as refused:
                verb()
            assert refused.value.status == 403


# Debits


def test_a_transfer_of_our_file_is_found_by_its_end_to_end_id_and_booked(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people)
        approved(session, people, 1_000)
        file = payouts.make_file(session, people.tom)
        first, second = payouts.orders_of(session, file)
    bring(db, people, row("-250.00", id_=first.id.hex, iban=HERS))
    assert (left(db), balance(db, "assets:bank")) == ([], -25_000)
    with db.reading() as session:
        assert payouts.find(session, file.id).state == "ordered"
    with db.transaction() as session, pytest.raises(Refused, match="sent some of it"):
        payouts.cancel(session, file.id, people.tina)
    bring(db, people, row("-10.00", id_=second.id.hex, iban=HERS))
    assert (balance(db, "assets:bank"), balance(db, "liabilities:invoices")) == (-26_000, 0)
    with db.reading() as session:
        assert payouts.find(session, file.id).state == "paid"
    sound(db)


def test_a_file_that_the_bank_booked_as_a_whole_is_found_by_its_message_id(
    db: Database, people: Cast
) -> None:
    with db.transaction() as session:
        approved(session, people)
        approved(session, people, 1_000)
        file = payouts.make_file(session, people.tom)
    bring(db, people, row("-260.00", id_=file.message_id))
    assert (left(db), balance(db, "assets:bank")) == ([], -26_000)
    sound(db)


def test_what_was_noted_as_sent_is_booked_once_and_its_line_is_tied_to_it(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people)
        file = payouts.make_file(session, people.tom)
        (order,) = payouts.orders_of(session, file)
        payouts.executed(session, file.id, people.tom, today())
    bring(db, people, row("-250.00", id_=order.id.hex, iban=HERS))
    assert (left(db), balance(db, "assets:bank")) == ([], -25_000)
    with db.reading() as session:
        (line,) = session.query(BankLine)
        assert (line.state, line.pays_kind, line.pays_id) == ("matched", "order", order.id)
    # The same transfer cannot have left twice: a second line waits for somebody.
    bring(db, people, row("-250.00", id_=order.id.hex, iban=HERS))
    assert len(left(db)) == 1
    sound(db)


def test_a_bill_paid_by_hand_is_found_by_account_and_amount_if_only_one_fits(
    db: Database, people: Cast
) -> None:
    with db.transaction() as session:
        approved(session, people)
    bring(db, people, row("-250.00", iban="NL02ABNA0123456789"), row("-250.01", iban=HERS))
    assert len(left(db)) == 2
    bring(db, people, row("-250.00", iban=HERS))
    assert len(left(db)) == 2
    assert balance(db, "assets:bank") == -25_000
    with db.transaction() as session:
        approved(session, people)
        approved(session, people)
    bring(db, people, row("-250.00", iban=HERS))
    assert len(left(db)) == 3
    sound(db)


def test_a_treasurer_says_what_a_debit_paid_and_only_what_fits(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        bill, other = approved(session, people), approved(session, people, 100)
    bring(db, people, row("-250.00"))
    (line,) = left(db)
    with db.transaction() as session:
        assert [(each.kind, each.id) for each in debits.candidates(session, line)] == [("expense", bill.id)]
        with pytest.raises(Refused, match="does not fit"):
            debits.assign(session, line.id, "expense", other.id, people.tom)
        debits.assign(session, line.id, "expense", bill.id, people.tom)
        with pytest.raises(Refused, match="does not fit"):
            debits.assign(session, line.id, "expense", bill.id, people.tom)
    assert (left(db), balance(db, "liabilities:invoices")) == ([], -100)
    sound(db)


def test_credit_that_goes_back_is_in_the_file_and_found(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        party = Party(data=PartyData(name="Greta", email="greta@example.org"))
        session.add(party)
        session.flush()
    bring(db, people, row("30.00"))
    with db.transaction() as session:
        (line,) = transfers.unmatched(session)
        greta = session.get_one(Party, party.id)
        transfers.credit(session, line.id, greta, people.tom)
        asked = credits.send_back(session, greta, eur(3_000), HERS, None)
        refunds.approve(session, asked.id, people.tina)
        file = payouts.make_file(session, people.tom)
        assert refunds.to_transfer(session) == []
        payouts.cancel(session, file.id, people.tom)
        assert [each.id for each in refunds.to_transfer(session)] == [asked.id]
        file = payouts.make_file(session, people.tom)
        (order,) = payouts.orders_of(session, file)
        assert (order.kind, order.amount) == ("refund", 3_000)
    bring(db, people, row("-30.00", id_=order.id.hex, iban=HERS))
    assert (left(db), balance(db, "assets:bank"), balance(db, "liabilities:refunds")) == ([], 0, 0)
    with db.reading() as session:
        assert session.get_one(type(asked), asked.id).state == "done"
    sound(db)


def test_a_fee_that_was_entered_is_found_when_its_line_comes(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        fee = vouchers.enter(
            session, note("expenses:payment-fees", 990, words="Account, November"), people.tom
        )
        vouchers.approve(session, fee.id, people.tina)
    assert balance(db, "liabilities:invoices") == -990
    bring(db, people, row("-9.90", text="Kontoführung"))
    assert (left(db), balance(db, "liabilities:invoices"), balance(db, "assets:bank")) == ([], 0, -990)
    sound(db)


def test_a_debit_to_another_account_of_ours_is_on_its_way(db: Database, people: Cast) -> None:
    bring(db, people, row("-100.00", iban=OURS))
    (line,) = left(db)
    with db.transaction() as session:
        debits.is_own(session, line.id, people.tom)
        with pytest.raises(Refused, match="dealt with already"):
            debits.is_own(session, line.id, people.tom)
    assert (balance(db, "assets:transit"), balance(db, "assets:bank")) == (10_000, -10_000)
    sound(db)


def test_an_order_is_tied_to_one_line_however_often_the_job_runs(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people)
        file = payouts.make_file(session, people.tom)
        (order,) = payouts.orders_of(session, file)
    bring(db, people, row("-250.00", id_=order.id.hex), row("-250.00", id_=order.id.hex))
    assert (debits.match_due(), len(left(db)), balance(db, "assets:bank")) == (0, 1, -25_000)
    with db.reading() as session:
        assert session.get_one(PaymentOrder, order.id).paid_on == today()


# The pages


def test_debits_stand_on_the_treasury_until_they_are_booked_there(
    db: Database, people: Cast, browser_of: SignIn
) -> None:
    bring(db, people, row("-9.90", text="Kontoführung"))
    (line,) = left(db)
    browser, second = browser_of(people.tom), browser_of(people.tina)
    assert "-€9.90" in browser.get("/treasury").text
    page = browser.get(f"/treasury/vouchers?line={line.id}&money=9.90").text
    assert "Kontoführung" in page and f'selected value="{line.id}"' in page
    sent = browser.post(
        "/treasury/vouchers",
        data={
            "csrf_token": token_of(page),
            "account": "expenses:payment-fees",
            "money": "9,90",
            "rate": "1900",
            "dated": today().isoformat(),
            "words": "Account, November",
            "place": str(line.id),
            "story": "",
            "file": (io.BytesIO(PDF), "fee.pdf"),
        },
    )
    assert sent.status_code == 303
    with db.reading() as session:
        (voucher,) = vouchers.waiting(session)
    own = {"csrf_token": token_of(browser.get("/treasury/vouchers").text)}
    assert browser.post(f"/treasury/vouchers/{voucher.id}/approve", data=own).status_code == 403
    hers = {"csrf_token": token_of(second.get("/treasury/vouchers").text)}
    assert second.post(f"/treasury/vouchers/{voucher.id}/approve", data=hers).status_code == 303
    assert "-€9.90" not in browser.get("/treasury").text
    assert (balance(db, "expenses:payment-fees"), balance(db, "assets:input-tax")) == (832, 158)
    assert "(19%)" in browser.get("/treasury/vouchers").text
    file = browser.get(f"/treasury/vouchers/{voucher.id}/file")
    assert (file.data, file.mimetype) == (PDF, "application/pdf")


def test_a_debit_is_assigned_or_refused_on_the_page(db: Database, people: Cast, browser_of: SignIn) -> None:
    with db.transaction() as session:
        bill = approved(session, people)
    bring(db, people, row("-250.00"), row("-100.00"))
    big, small = sorted(left(db), key=lambda line: line.amount)
    browser = browser_of(people.tom)
    token = token_of(browser.get("/treasury/vouchers").text)
    for wrong in ("nothing", f"expense:{uuid.uuid4()}", ""):
        data = {"csrf_token": token, "paid": wrong}
        assert browser.post(f"/treasury/debits/{big.id}/assign", data=data).status_code in (409, 422)
    data = {"csrf_token": token, "paid": f"expense:{bill.id}"}
    assert browser.post(f"/treasury/debits/{big.id}/assign", data=data).status_code == 303
    assert browser.post(f"/treasury/debits/{small.id}/own", data={"csrf_token": token}).status_code == 303
    assert left(db) == []


def test_income_that_is_owed_is_settled_on_the_page(db: Database, people: Cast, browser_of: SignIn) -> None:
    earn_nothing = balance(db, "income:grants")
    with db.transaction() as session:
        grant = vouchers.enter(session, note(), people.tom)
        earn(session, 1)
    bring(db, people, row("500.00"))
    browser = browser_of(people.tom)
    page = browser.get("/treasury/vouchers").text
    with db.reading() as session:
        (line,) = transfers.unmatched(session)
    assert f'name="line" value="{line.id}"' in page
    data = {"csrf_token": token_of(page), "line": "none"}
    assert browser.post(f"/treasury/vouchers/{grant.id}/settle", data=data).status_code == 404
    data["line"] = str(line.id)
    assert browser.post(f"/treasury/vouchers/{grant.id}/settle", data=data).status_code == 303
    assert (earn_nothing, balance(db, "assets:receivable")) == (0, 0)
