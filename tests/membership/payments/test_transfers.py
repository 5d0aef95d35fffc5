"""Money by bank transfer: read from statements, counted once, never lost."""

import threading
from datetime import timedelta

import pytest

from commons import clock
from commons.db import Database
from commons.refusal import Refused
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments import charges, references, refunds, transfers
from membership.payments.models import BankLine, Charge, Refund
from membership.payments.transfers import Imported
from tests.membership.payments.conftest import Begin
from tests.membership.payments.till import IBAN, People, again, balance, whole

PAYER = "FR7630006000011234567890189"


def entry(
    amount: str, *, reference: str = "", text: str = "", own: str = "", credit: bool = True, day: str = ""
) -> str:
    """One booked entry of a camt.053 statement."""
    structured = f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>" if reference else ""
    return f"""<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{"CRDT" if credit else "DBIT"}</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day or "2026-11-20"}</Dt></BookgDt><AcctSvcrRef>{own}</AcctSvcrRef>
<NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd>{structured}</RmtInf>
<RltdPties><Dbtr><Pty><Nm>Paula Łęcka</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>{PAYER}</IBAN></Id></DbtrAcct>
</RltdPties></TxDtls></NtryDtls></Ntry>"""


def camt(*entries: str, iban: str = IBAN) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr/>
<Stmt><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{"".join(entries)}</Stmt></BkToCstmrStmt></Document>""".encode()


def bring(db: Database, people: People, data: bytes, name: str = "statement.xml") -> Imported:
    with db.transaction() as session:
        return transfers.import_file(session, name, data, people.tove)


def reference(charge: Charge) -> str:
    assert charge.reference
    return charge.reference


def test_a_transfer_with_its_reference_pays_the_charge(db: Database, begin: Begin, people: People) -> None:
    charge = begin("bank", 5000)
    assert bring(db, people, camt(entry("50.00", reference=reference(charge), own="A1"))) == Imported(1, 0, 1)
    paid = again(db, charge)
    assert (paid.state, paid.received, paid.method) == ("paid", 5000, "transfer")
    assert (balance(db, "assets:bank"), balance(db, "income:membership")) == (5000, -5000)
    assert balance(db, "liabilities:credit") == 0
    whole(db)


def test_the_reference_is_found_in_the_words_of_the_payer(db: Database, begin: Begin, people: People) -> None:
    charge = begin("bank", 5000)
    spaced = references.spaced(reference(charge)).lower()
    bring(db, people, camt(entry("50", text=f"Mitgliedsbeitrag {spaced} danke", own="A1")))
    assert again(db, charge).state == "paid"


def test_a_mistyped_reference_pays_nobody_by_accident(db: Database, begin: Begin, people: People) -> None:
    charge = begin("bank", 5000)
    wrong = reference(charge)[:-1] + ("A" if reference(charge)[-1] != "A" else "B")
    assert bring(db, people, camt(entry("50.00", text=wrong, own="A1"))).matched == 0
    assert again(db, charge).received == 0
    assert balance(db, "liabilities:unmatched") == -5000


def test_partial_transfers_are_summed(db: Database, begin: Begin, people: People) -> None:
    charge = begin("bank", 5000)
    bring(db, people, camt(entry("20.00", reference=reference(charge), own="A1")))
    part = again(db, charge)
    assert (part.state, part.received) == ("pending", 2000)
    assert (balance(db, "income:membership"), balance(db, "liabilities:credit")) == (0, -2000)
    bring(db, people, camt(entry("30.00", reference=reference(charge), own="A2")))
    assert again(db, charge).state == "paid"
    assert (balance(db, "income:membership"), balance(db, "liabilities:credit")) == (-5000, 0)


def test_what_is_too_much_is_the_payers_credit(
    db: Database, begin: Begin, people: People, payer: Party
) -> None:
    charge = begin("bank", 5000)
    bring(db, people, camt(entry("70.00", reference=reference(charge), own="A1")))
    assert again(db, charge).received == 5000
    assert (balance(db, "income:membership"), balance(db, "liabilities:credit")) == (-5000, -2000)


def test_a_second_transfer_for_a_paid_charge_is_credit(db: Database, begin: Begin, people: People) -> None:
    charge = begin("bank", 5000)
    line = entry("50.00", reference=reference(charge))
    assert bring(db, people, camt(line, line)) == Imported(new=2, known=0, matched=2)
    assert (balance(db, "income:membership"), balance(db, "liabilities:credit")) == (-5000, -5000)
    whole(db)


def test_the_same_file_again_brings_nothing(db: Database, begin: Begin, people: People) -> None:
    data = camt(entry("50.00", reference=reference(begin("bank", 5000)), own="A1"), entry("3.00", own="A2"))
    assert bring(db, people, data).new == 2
    assert bring(db, people, data) == Imported(new=0, known=2, matched=0)
    assert balance(db, "assets:bank") == 5300


def test_an_overlapping_statement_adds_only_what_is_new(db: Database, begin: Begin, people: People) -> None:
    same = entry("5.00", text="coffee")
    bring(db, people, camt(entry("50.00", own="A1"), same))
    assert bring(db, people, camt(entry("50.00", own="A1"), same, same, entry("1", own="A2"))).new == 2
    assert balance(db, "assets:bank") == 5000 + 500 + 500 + 100


def test_a_transfer_after_the_deadline_is_credit_and_does_not_count(
    db: Database, begin: Begin, people: People
) -> None:
    deadline = clock.now() - timedelta(days=10)
    late, in_time = (begin("bank", 5000, pay_by=deadline) for _ in range(2))
    day = (deadline + timedelta(days=1)).date().isoformat()
    before = deadline.date().isoformat()
    bring(
        db,
        people,
        camt(
            entry("50.00", reference=reference(late), own="A1", day=day),
            entry("50.00", reference=reference(in_time), own="A2", day=before),
        ),
    )
    assert (again(db, late).state, again(db, in_time).state) == ("pending", "paid")
    assert balance(db, "liabilities:credit") == -5000


def test_a_transfer_for_a_cancelled_charge_is_credit(db: Database, begin: Begin, people: People) -> None:
    charge = begin("bank", 5000)
    with db.transaction() as session:
        charges.cancel(session, charge)
    bring(db, people, camt(entry("50.00", reference=reference(charge), own="A1")))
    assert again(db, charge).state == "cancelled"
    assert (balance(db, "income:membership"), balance(db, "liabilities:credit")) == (0, -5000)


def test_money_that_went_out_is_kept_and_books_nothing(db: Database, begin: Begin, people: People) -> None:
    begin("bank")
    bring(db, people, camt(entry("99.00", own="A1", credit=False)))
    with db.reading() as session:
        line = session.query(BankLine).one()
    assert (line.amount, line.state) == (-9900, transfers.OUT)
    assert balance(db, "assets:bank") == 0


def test_a_collective_entry_is_taken_apart(db: Database, begin: Begin, people: People) -> None:
    first, second = begin("bank", 5000), begin("bank", 700)
    parts = "".join(
        f"<TxDtls><Amt Ccy='EUR'>{amount}</Amt><RmtInf><Ustrd>{reference(charge)}</Ustrd></RmtInf></TxDtls>"
        for charge, amount in ((first, "50.00"), (second, "7.00"))
    )
    whole_entry = (
        "<Ntry><Amt Ccy='EUR'>57.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>"
        "<BookgDt><Dt>2026-11-20</Dt>"
        f"</BookgDt><AcctSvcrRef>B1</AcctSvcrRef><NtryDtls>{parts}</NtryDtls></Ntry>"
    )
    assert bring(db, people, camt(whole_entry)) == Imported(2, 0, 2)
    assert (again(db, first).state, again(db, second).state) == ("paid", "paid")


BOMB = b"""<!DOCTYPE lolz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Document>&b;</Document>"""
OUTSIDE = (
    b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>"""
)


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        OUTSIDE,
        b"<Document>",
        b"<Document/>",
        b"",
        b"\0\1\2",
        camt(entry("0.00", own="A1")),
        camt(entry("-5.00", own="A1")),
        camt(entry("5.001", own="A1")),
        camt(entry("NaN", own="A1")),
        camt(entry("1e2", own="A1")),
        camt(entry("99999999999999999999", own="A1")),
        camt(entry("5.00", own="A1", day="yesterday")),
        camt(entry("5.00", own="A1"), iban=PAYER),
        b"date,amount\n2026-11-20,5.00\n2026-11-21,five\n",
        b"date,amount\n2026-11-20,1.234\n",
        b"when,how much\n2026-11-20,5.00\n",
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    db: Database, begin: Begin, people: People, data: bytes
) -> None:
    begin("bank")
    with pytest.raises(Refused):
        bring(db, people, data)
    with db.reading() as session:
        assert session.query(BankLine).count() == 0
    assert balance(db, "assets:bank") == 0


def test_csv_of_a_german_bank_is_read(db: Database, begin: Begin, people: People) -> None:
    charge = begin("bank", 123450)
    rows = (
        "Kontoauszug;;;;\r\n"
        "Buchungstag;Auftraggeber;IBAN;Verwendungszweck;Betrag;Währung\r\n"
        f'20.11.2026;Paula Łęcka;{PAYER};"Beitrag; {references.spaced(reference(charge))}";1.234,50;EUR\r\n'
        "20.11.2026;Druckerei;;Rechnung 7;-99,00;EUR\r\n"
    )
    assert bring(db, people, rows.encode(), "umsatz.csv") == Imported(2, 0, 1)
    assert again(db, charge).state == "paid"


def test_twenty_imports_of_one_file_at_once_bring_it_once(db: Database, begin: Begin, people: People) -> None:
    charge = begin("bank", 5000)
    data = camt(entry("50.00", reference=reference(charge), own="A1"))
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(bring(db, people, data).new)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0] * 19 + [1]
    assert balance(db, "income:membership") == -5000


# What a treasurer does with the rest


def _unmatched(db: Database, people: People, amount: str = "50.00") -> BankLine:
    bring(db, people, camt(entry(amount, own=f"U{amount}")))
    with db.reading() as session:
        return transfers.unmatched(session)[-1]


def test_a_treasurer_assigns_a_line_once(db: Database, begin: Begin, people: People) -> None:
    charge, line = begin("bank", 5000), _unmatched(db, people)
    with db.transaction() as session:
        transfers.assign(session, line.id, references.spaced(reference(charge)), people.tove)
    assert again(db, charge).state == "paid"
    assert balance(db, "liabilities:unmatched") == 0
    with pytest.raises(Refused) as refusal, db.transaction() as session:
        transfers.assign(session, line.id, reference(charge), people.tim)
    assert refusal.value.status == 409
    whole(db)


def test_a_line_is_assigned_to_no_unknown_reference(db: Database, begin: Begin, people: People) -> None:
    begin("bank")
    line = _unmatched(db, people)
    with pytest.raises(Refused) as refusal, db.transaction() as session:
        transfers.assign(session, line.id, "RF18 5390 0754 7034", people.tove)
    assert refusal.value.status == 404


def test_nobody_but_a_treasurer_touches_lines(db: Database, begin: Begin, people: People) -> None:
    charge, line = begin("bank"), _unmatched(db, people)
    with db.transaction() as session:
        for attempt in (
            lambda: transfers.assign(session, line.id, reference(charge), people.maria),
            lambda: transfers.is_payout(session, line.id, people.maria),
            lambda: transfers.import_file(session, "x", b"", people.maria),
            lambda: refunds.ask_line(session, line, "no", people.maria),
        ):
            with pytest.raises(Refused) as refusal:
                attempt()
            assert refusal.value.status == 403


def test_a_line_becomes_credit_or_a_payout_of_the_provider(
    db: Database, people: People, payer: Party
) -> None:
    credited, payout = _unmatched(db, people, "20.00"), _unmatched(db, people, "30.00")
    with db.transaction() as session:
        transfers.credit(session, credited.id, payer, people.tove)
        transfers.is_payout(session, payout.id, people.tove)
    assert balance(db, "liabilities:credit") == -2000
    assert balance(db, "assets:stripe") == -3000
    assert balance(db, "liabilities:unmatched") == 0


def test_a_line_of_nobody_goes_back_when_two_agree(db: Database, people: People) -> None:
    line = _unmatched(db, people)
    with db.transaction() as session:
        asked = refunds.ask_line(session, line, "not ours", people.tove)
    with pytest.raises(Refused), db.transaction() as session:
        transfers.is_payout(session, line.id, people.tim)
    with db.transaction() as session:
        refunds.approve(session, asked.id, people.tim)
        assert [each.id for each in refunds.to_transfer(session)] == [asked.id]
        refunds.transferred(session, asked.id, people.tove)
    assert balance(db, "assets:bank") == 0
    assert balance(db, "liabilities:unmatched") == balance(db, "liabilities:refunds") == 0


def test_a_rejected_return_leaves_the_line_to_be_assigned(db: Database, people: People, begin: Begin) -> None:
    charge, line = begin("bank", 5000), _unmatched(db, people)
    with db.transaction() as session:
        asked = refunds.ask_line(session, line, "not ours", people.tove)
    with db.transaction() as session:
        refunds.reject(session, asked.id, people.tim)
    with db.transaction() as session:
        transfers.assign(session, line.id, reference(charge), people.tove)
    assert again(db, charge).state == "paid"


def test_credit_goes_back_once(db: Database, people: People, payer: Party) -> None:
    line = _unmatched(db, people)
    with db.transaction() as session:
        transfers.credit(session, line.id, payer, people.tove)
    with db.transaction() as session:
        asked = refunds.ask_credit(session, payer, _euro(3000), "asked for it", people.tove)
    with pytest.raises(Refused), db.transaction() as session:
        refunds.ask_credit(session, payer, _euro(3000), "and again", people.tove)
    with db.transaction() as session:
        refunds.approve(session, asked.id, people.tim)
        refunds.transferred(session, asked.id, people.tim)
    assert balance(db, "liabilities:credit") == -2000
    with db.reading() as session:
        assert session.get_one(Refund, asked.id).state == "done"


def _euro(amount: int) -> Money:
    return Money(amount, "EUR")
