"""What is spent, and what comes in besides the owners' money: bills, wages, a grant, sales."""

import io
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, partial
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from commons import minutes
from commons.accounts import Account
from commons.config import settings
from commons.db import new_id
from membership.books import budget, expenses, payouts, surplus
from membership.books.expenses import Bill
from membership.books.models import CHECKED
from membership.demo import script
from membership.demo.bank import Transfer
from membership.demo.stage import Stage, whole
from membership.members import payouts as share_payouts
from membership.money import ledger, parties, seals
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Party
from membership.money.periods import first_day, last_day, later_month, month_of, months_through

BANK = "assets:bank"
FIRST_SUPPLIER = 500
SEALED_ON = 12


def scenes(stage: Stage) -> None:
    """Everything but the owners' money."""
    stage.at(stage.first, 6, partial(_begin, stage))
    for month in months_through(month_of(stage.first), month_of(stage.today)):
        first = first_day(month)
        stage.at(first.replace(day=3), 9, partial(_bills, stage, month))
        stage.at(first.replace(day=6), 10, partial(_grant, stage))
        stage.at(first.replace(day=17), 10, partial(_sales, stage))
        stage.at(first.replace(day=23), 9, partial(_wages, stage, month))
        stage.at(first.replace(day=24), 9, partial(_sign, stage))
        stage.at(first.replace(day=25), 9, partial(_pay, stage))
        stage.at(last_day(month), 17, partial(_fee, stage))
        stage.at(first_day(later_month(month)).replace(day=SEALED_ON), 3, partial(_seal, stage, month))
    _after_year_end(stage)
    stage.ago(110, partial(_story_bills, stage))
    stage.ago(50, partial(_waiting, stage))


def _begin(stage: Stage) -> None:
    """What was there, and what is planned."""
    said = script.script()
    _book(stage, "opening", "equity:opening", said["opening"], said["opening_memo"])
    month = month_of(stage.first)
    for account, units in script.script()["budget"].items():
        budget.plan(stage.session, account, month, whole(units), stage.account("treasurer"))


# Money in


def _grant(stage: Stage) -> None:
    grant = script.script()["grant"]
    giver = parties.create(stage.session, grant["giver"], "grants@example.org")
    _book(stage, "grant", "income:grants", grant["each_month"], grant["words"], giver)


def _sales(stage: Stage) -> None:
    sales = script.script()["sales"]
    _book(stage, "sales", "income:other", _between(stage, sales), sales["words"])


def _fee(stage: Stage) -> None:
    fee = script.script()["bank_fee"]
    _book(stage, "bank-fee", "expenses:payment-fees", -fee["amount"], fee["words"])


def _book(stage: Stage, kind: str, account: str, units: int, words: str, party: Party | None = None) -> None:
    """``units`` come in for ``account``, or below zero go out."""
    money = whole(units)
    lines = [Line(BANK, money), Line(account, -money, party_id=party.id if party else None)]
    ledger.post(stage.session, kind=kind, lines=lines, cause=("demo", new_id()), memo=words)


def _between(stage: Stage, told: dict[str, Any]) -> int:
    dice = script.chance(f"{told['words']} {stage.day()}")
    return dice.randint(told["from"], told["to"])


# Bills


def _bills(stage: Stage, month: str) -> None:
    """The treasurer enters what came with the post."""
    for at, told in enumerate(script.script()["bills"]):
        bill = _bill(stage, told, _between(stage, told))
        number = f"{month}-{at + 1}"
        expenses.enter(stage.session, replace(bill, number=number), stage.account("treasurer"))


def _wages(stage: Stage, month: str) -> None:
    wage = {"account": "expenses:wages", "words": f"Wage for {month}"}
    for each in script.members():
        if each.class_ == "worker":
            payee = {**wage, "payee": each.email, "iban": each.iban}
            expenses.enter(
                stage.session, _bill(stage, payee, script.script()["wage"]), stage.account("treasurer")
            )


def _sign(stage: Stage) -> None:
    """The second signature under all that has one."""
    for expense in expenses.in_state(stage.session, CHECKED):
        expenses.approve(stage.session, expense.id, stage.account("second"))


def _pay(stage: Stage) -> None:
    """One file for the bank; it sends it the same day, and its statement shows the sum."""
    file = payouts.make_file(stage.session, stage.account("treasurer"))
    payouts.executed(stage.session, file.id, stage.account("treasurer"), stage.day())
    sent = Money(-file.amount, file.currency)
    stage.bank.transfer(Transfer(stage.day(), sent, settings().account_holder, sent_as=file.message_id))


def _seal(stage: Stage, month: str) -> None:
    seals.seal_month(stage.session, month)


# The surplus


def _after_year_end(stage: Stage) -> None:
    """In the spring after the first year's end, or just now, the members decide about its surplus."""
    spring = date(stage.first.year + 1, 3, 16)
    if spring < stage.today:
        stage.at(spring, 12, partial(_share_out, stage))
    else:
        stage.ago(130, partial(_share_out, stage))


def _share_out(stage: Stage) -> None:
    """Some of it is kept for good, some goes back to the members, and some of them give that to the paper."""
    session, by, year = stage.session, stage.account("treasurer"), stage.first.year
    told = script.script()["surplus"]
    share_payouts.adopt_accounts(session, year, told["decided"], by=by)
    there = surplus.available(session, year)
    reserve, refund = (
        Money(there.amount * told[part] // 100, there.currency) for part in ("reserve", "refund")
    )
    minute, _hash = minutes.head(session)
    proposal = surplus.propose(session, year, minute, reserve=reserve, refund=refund, by=by)
    surplus.approve(session, proposal.id, stage.account("second"))
    for part in surplus.allotments(session, proposal)[:: told["every"]]:
        account = session.get_one(Account, part.party.account_id)
        if account != stage.account("reader"):
            surplus.choose(session, part.id, surplus.WAIVE, account)


# Stories


def _story_bills(stage: Stage) -> None:
    """What a reporter laid out for a story, and what others are owed: signed by both, and paid."""
    told, by = script.script(), stage.account("treasurer")
    for each in told["reporter_bills"]:
        asked = expenses.hand_in(stage.session, _outlay(stage, each), stage.account("reporter"))
        story_id = stage.story(each["story"]).id
        expenses.check(stage.session, asked.id, by, account=each["account"], story_id=story_id)
    for each in told["story_bills"]:
        bill = replace(_bill(stage, each, each["amount"]), story_id=stage.story(each["story"]).id)
        expenses.enter(stage.session, bill, by)
    _sign(stage)
    _pay(stage)


def _waiting(stage: Stage) -> None:
    """One bill for each of the treasurers' tasks: to check, to approve, to pay."""
    told = script.script()["waiting"]
    by, second = stage.account("treasurer"), stage.account("second")
    ready = expenses.enter(stage.session, _bill(stage, told["approved"], told["approved"]["amount"]), by)
    expenses.approve(stage.session, ready.id, second)
    expenses.enter(stage.session, _bill(stage, told["second"], told["second"]["amount"]), second)
    expenses.hand_in(stage.session, _outlay(stage, told["reporter"]), stage.account("reporter"))


def _outlay(stage: Stage, told: dict[str, Any]) -> Bill:
    data = stage.party("reporter").data
    assert data is not None
    return _bill(stage, {**told, "payee": data.name, "iban": data.iban}, told["amount"])


def _bill(stage: Stage, told: dict[str, Any], units: int) -> Bill:
    return Bill(
        payee=told["payee"],
        iban=told.get("iban") or _iban_of(told["payee"]),
        money=whole(units),
        account=told["account"],
        dated=_dated(stage),
        words=told["words"],
        document=_paper(told["words"], units),
    )


def _dated(stage: Stage) -> date:
    """Two days ago, or on the first of the month."""
    return max(stage.day() - timedelta(days=2), stage.day().replace(day=1))


def _iban_of(payee: str) -> str:
    told = script.script()
    every = [*told["bills"], *told["story_bills"], *told["waiting"].values()]
    payees = sorted({each["payee"] for each in every if "payee" in each})
    return script.iban(FIRST_SUPPLIER + payees.index(payee))


@cache
def _paper(words: str, units: int) -> bytes:
    """A page that can be opened."""
    sheet, file = Image.new("RGB", (620, 300), "white"), io.BytesIO()
    words = f"{words}\n{units}.00 {settings().currency}\n\nA paper of the demo newsroom."
    ImageDraw.Draw(sheet).multiline_text((40, 40), words, "black", ImageFont.load_default(20))
    sheet.save(file, "PNG")
    return file.getvalue()
