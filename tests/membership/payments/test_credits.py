"""Too much, too little, too late: the payer says what becomes of her money."""

import re

import pytest

from commons import mail
from commons.db import Database, new_id
from commons.refusal import Refused
from commons.web import App
from membership.money import ledger, receivables
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Party
from membership.payments import charges, credits, refunds, transfers
from membership.payments.models import Charge, Refund
from tests.membership.conftest import SignIn
from tests.membership.payments.conftest import Begin
from tests.membership.payments.test_transfers import bring, camt, entry, reference
from tests.membership.payments.test_views import SAME_ORIGIN
from tests.membership.payments.till import IBAN, People, again, balance, whole
from tests.membership.pledges.conftest import at_once

EUR = "EUR"


def over(db: Database, begin: Begin, people: People) -> Charge:
    """Paula was asked for 50 euros and sent 80."""
    charge = begin("bank", 5000)
    bring(db, people, camt(entry("80.00", reference=reference(charge), own="A1")))
    return charge


def free(db: Database, payer: Party) -> int:
    with db.reading() as session:
        return credits.free(session, payer).amount


def letters(db: Database) -> list[mail.Letter]:
    with db.reading() as session:
        return [each for each in mail.newest(session) if each.letter == "credit_left"]


def test_too_much_is_credit_and_the_payer_is_told(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    assert again(db, over(db, begin, people)).state == "paid"
    assert free(db, payer) == 3000
    (letter,) = letters(db)
    assert "€30.00" in letter.subject and credits.path(payer) in letter.body


def test_a_part_is_kept_for_its_payment_and_nobody_is_bothered(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    charge = begin("bank", 5000)
    bring(db, people, camt(entry("20.00", reference=reference(charge), own="A1")))
    assert (again(db, charge).received, free(db, payer), letters(db)) == (2000, 0, [])
    with db.reading() as session:
        assert [each.id for each in credits.in_parts(session)] == [charge.id]
        (each,) = credits.everybodys(session)
    assert (each.free, each.kept) == (Money(0, EUR), Money(2000, EUR))


def test_credit_pays_something_else_of_hers_in_part_and_then_in_full(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    over(db, begin, people)
    campaign, share = begin("bank", 1000), begin("bank", 4000)
    with db.transaction() as session:
        credits.use(session, payer, campaign.id)
        credits.use(session, payer, share.id)
    assert again(db, campaign).state == "paid"
    assert (again(db, share).state, again(db, share).received, free(db, payer)) == ("pending", 2000, 0)
    with db.transaction() as session, pytest.raises(Refused, match="no credit"):
        credits.use(session, payer, share.id)
    bring(db, people, camt(entry("20.00", reference=reference(share), own="A2")))
    assert again(db, share).state == "paid"
    assert balance(db, "liabilities:credit") == 0
    whole(db)


def test_what_came_in_part_can_be_used_for_something_else(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    first, second = begin("bank", 5000), begin("bank", 2000)
    bring(db, people, camt(entry("20.00", reference=reference(first), own="A1")))
    with db.transaction() as session:
        credits.set_free(session, payer, first.id)
        credits.use(session, payer, second.id)
        with pytest.raises(Refused, match="Nothing has come"):
            credits.set_free(session, payer, first.id)
    assert (again(db, first).state, again(db, first).received) == ("pending", 0)
    assert again(db, second).state == "paid"


def test_credit_goes_back_when_a_treasurer_agrees_and_never_more_than_there_is(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    over(db, begin, people)
    with db.transaction() as session:
        hers = session.get_one(Party, payer.id)
        for wrong in (3001, 10_000):
            with pytest.raises(Refused, match="more than your credit"):
                credits.send_back(session, hers, Money(wrong, EUR), IBAN, people.paula)
        with pytest.raises(Refused, match="not a valid IBAN"):
            credits.send_back(session, hers, Money(3000, EUR), "DE00", people.paula)
        asked = credits.send_back(session, hers, Money(3000, EUR), IBAN, people.paula)
    assert free(db, payer) == 0
    with db.transaction() as session:
        refunds.approve(session, asked.id, people.tove)
        (due,) = refunds.to_transfer(session)
        assert refunds.payee(session, due) == ("Paula", IBAN)
        refunds.transferred(session, asked.id, people.tove)
    assert (balance(db, "assets:bank"), balance(db, "liabilities:refunds")) == (5000, 0)
    whole(db)


def test_a_treasurer_does_not_let_her_own_credit_go(db: Database, people: People) -> None:
    with db.transaction() as session:
        party = Party(account_id=people.tove.id)
        session.add(party)
        session.flush()
        asked = Refund(
            party_id=party.id,
            provider="bank",
            key="k",
            amount=1,
            currency=EUR,
            reason="x",
            state="asked",
            asked_by_id=None,
        )
        session.add(asked)
        session.flush()
        with pytest.raises(Refused, match="Somebody else") as refused:
            refunds.approve(session, asked.id, people.tove)
    assert refused.value.status == 403


def test_nobody_uses_another_ones_credit_or_payment(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    over(db, begin, people)
    mine = begin("bank", 1000)
    with db.transaction() as session:
        other = Party()
        session.add(other)
        session.flush()
        with pytest.raises(Refused) as refused:
            credits.use(session, other, mine.id)
    assert refused.value.status == 404


def test_a_transfer_without_a_reference_becomes_credit_and_she_is_told(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    bring(db, people, camt(entry("9.00", own="A1")))
    with db.transaction() as session:
        (line,) = transfers.unmatched(session)
        transfers.credit(session, line.id, session.get_one(Party, payer.id), people.tove)
    assert free(db, payer) == 900
    assert len(letters(db)) == 1


def test_she_decides_on_a_page_by_the_link_of_the_letter(
    db: Database, begin: Begin, payer: Party, people: People, app: App
) -> None:
    over(db, begin, people)
    other = begin("bank", 1000)
    browser, link = app.test_client(), credits.path(payer)
    page = browser.get(link)
    assert "€30.00" in page.text and page.headers["Cache-Control"] == "no-store"
    held = {"party": str(payer.id), "key": credits.key(payer.id)}
    used = browser.post(f"/payments/mine/use/{other.id}", data=held, headers=SAME_ORIGIN)
    assert used.status_code == 303 and credits.key(payer.id) in used.location
    assert again(db, other).state == "paid"
    too_much = {**held, "amount": "21", "iban": IBAN}
    refused = browser.post("/payments/mine/back", data=too_much, headers=SAME_ORIGIN)
    assert refused.status_code == 409 and "more than your credit" in refused.text
    gone = browser.post(
        "/payments/mine/back", data={**held, "amount": "20", "iban": IBAN}, headers=SAME_ORIGIN
    )
    assert gone.status_code == 303
    assert "on its way back" in browser.get(link).text
    assert "A treasurer has to agree" in browser.get(link).text


@pytest.mark.parametrize("query", ["?party=x&key=y", "?key=y", "?party={party}&key=wrong"])
def test_a_wrong_link_opens_nothing(db: Database, payer: Party, app: App, query: str) -> None:
    assert app.test_client().get("/payments/mine" + query.format(party=payer.id)).status_code == 404


def test_who_is_signed_in_sees_her_own_and_who_is_not_signs_in(
    db: Database, begin: Begin, people: People, app: App, browser_of: SignIn
) -> None:
    over(db, begin, people)
    assert "€30.00" in browser_of(people.paula).get("/payments/mine").text
    assert "You have no credit." in browser_of(people.maria).get("/payments/mine").text
    assert app.test_client().get("/payments/mine").location.startswith("/sign-in")


def test_the_treasurer_sees_credits_and_parts(
    db: Database, begin: Begin, people: People, browser_of: SignIn
) -> None:
    over(db, begin, people)
    part = begin("bank", 5000)
    bring(db, people, camt(entry("20.00", reference=reference(part), own="A2")))
    page = browser_of(people.tove).get("/payments").text
    assert re.search(r"Paid in part.*€20.00 of €50.00", page, re.S)
    assert re.search(r"Credit of payers.*€30.00.*€20.00", page, re.S)
    assert charges.page(part)


# Payers who owe us


def owes(db: Database, payer: Party, amount: int) -> None:
    """She was paid, and her own payment was called back."""
    with db.transaction() as session:
        lines = [receivables.line(payer.id, amount), Line("income:pledges", Money(-amount, EUR))]
        ledger.post(session, kind="owed", lines=lines, cause=("test", new_id()))


def test_what_a_payer_owes_is_no_free_credit_and_comes_off_before_any_goes_back(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    over(db, begin, people)
    owes(db, payer, 1000)
    assert free(db, payer) == 2000
    with pytest.raises(Refused, match="owes us"), db.transaction() as session:
        refunds.ask_credit(session, payer, Money(3000, EUR), "all of it", people.tove)
    with pytest.raises(Refused, match="more than your credit"), db.transaction() as session:
        credits.send_back(session, payer, Money(2001, EUR), IBAN, people.paula)
    with db.transaction() as session:
        payer = session.get_one(Party, payer.id)
        credits.send_back(session, payer, Money(2000, EUR), IBAN, people.paula)
    assert balance(db, receivables.ACCOUNT) == 0 == balance(db, "liabilities:credit")
    assert balance(db, "liabilities:refunds") == -2000
    whole(db)


def test_a_treasurer_sets_a_debt_off_against_credit_but_not_her_own(
    db: Database, begin: Begin, payer: Party, people: People
) -> None:
    over(db, begin, people)
    owes(db, payer, 4000)
    with db.reading() as session:
        assert credits.coverable(session, payer) == Money(3000, EUR)
    for by, why in ((people.maria, "power"), (people.paula, "power")):
        with pytest.raises(Refused, match=why), db.transaction() as session:
            credits.set_off(session, session.get_one(Party, payer.id), by)
    with db.transaction() as session:
        assert credits.set_off(session, session.get_one(Party, payer.id), people.tove) == Money(3000, EUR)
    assert balance(db, receivables.ACCOUNT) == 1000
    with pytest.raises(Refused, match="no credit"), db.transaction() as session:
        credits.set_off(session, session.get_one(Party, payer.id), people.tove)
    with db.transaction() as session:
        session.get_one(Party, payer.id).account_id = people.tim.id
    with pytest.raises(Refused, match="Somebody else"), db.transaction() as session:
        credits.set_off(session, session.get_one(Party, payer.id), people.tim)
    whole(db)


def test_twenty_threads_set_a_debt_off_once(db: Database, begin: Begin, payer: Party, people: People) -> None:
    over(db, begin, people)
    owes(db, payer, 1000)

    def once() -> None:
        with db.transaction() as session:
            credits.set_off(session, session.get_one(Party, payer.id), people.tove)

    raised = at_once(once)
    assert len(raised) == 19 and all(isinstance(each, Refused) for each in raised)
    assert (balance(db, receivables.ACCOUNT), balance(db, "liabilities:credit")) == (0, -2000)


def test_the_payer_and_the_treasurer_see_what_is_owed_and_set_it_off(
    db: Database, begin: Begin, payer: Party, people: People, browser_of: SignIn
) -> None:
    over(db, begin, people)
    owes(db, payer, 1000)
    own = browser_of(people.paula).get("/payments/mine").text
    assert "€10.00" in own and "set it against what we pay you next" in own
    treasurer = browser_of(people.tove)
    assert "owed to us" in treasurer.get("/treasury").text
    page = treasurer.get("/treasury/payments").text
    assert "Paula" in page and "€10.00" in page
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    sent = treasurer.post(
        f"/treasury/debts/{payer.id}/set-off", data={"csrf_token": token}, headers=SAME_ORIGIN
    )
    assert sent.status_code == 303
    assert balance(db, receivables.ACCOUNT) == 0
    again_ = treasurer.post(
        f"/treasury/debts/{payer.id}/set-off", data={"csrf_token": token}, headers=SAME_ORIGIN
    )
    assert again_.status_code == 409
    assert "Owed to us" not in treasurer.get("/treasury/payments").text
