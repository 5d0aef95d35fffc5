"""The treasurer's pages: what waits, expenses, payment files, budget and surplus."""

import uuid
from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request

from commons import limits, web
from commons.clock import now
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from membership.books import budget, checks, expenses, payouts, surplus, words
from membership.books.forms import BillForm, CheckForm, DayForm, PlanForm, RejectForm, SurplusForm
from membership.books.mine.views import handed_out, uploaded
from membership.books.models import APPROVED, ASKED, CHECKED
from membership.books.submitting import take
from membership.books.treasury import waiting
from membership.money import parties, receivables
from membership.money.guards import Page, treasurers_only
from membership.money.models import Party
from membership.money.periods import local_day, month_of
from membership.payments import credits, transfers

pages = Blueprint("treasury", __name__)

DEBITS_SHOWN = 20


@pages.get("/treasury")
@treasurers_only
def desk() -> Page:
    """What waits, and whether the night's check found a fault."""
    session = web.session()
    return render_template(
        "membership/books/treasury.html",
        waiting=waiting.everything(session),
        last=checks.latest(session),
        debits=transfers.debits(session, DEBITS_SHOWN),
        words=words,
    )


# Expenses


@pages.get("/treasury/expenses")
@treasurers_only
def bills() -> Page:
    """What is to be signed, and the form for a supplier's invoice."""
    return _bills(_bill_form())


@pages.post("/treasury/expenses")
@web.takes_upload
@treasurers_only
def enter() -> Page:
    """Enter what a supplier sent."""
    form = _bill_form()
    return take(
        form,
        lambda: expenses.enter(web.session(), form.bill(uploaded()), web.me()),
        _bills,
        "/treasury/expenses",
    )


@pages.post("/treasury/expenses/<uuid:expense_id>/check")
@treasurers_only
def check(expense_id: uuid.UUID) -> Page:
    """The first signature."""
    form = CheckForm(request.form).offer()
    return _sign(
        form,
        lambda: expenses.check(
            web.session(), expense_id, web.me(), account=form.account.data, tax=form.tax_amount()
        ),
    )


@pages.post("/treasury/expenses/<uuid:expense_id>/approve")
@treasurers_only
def approve(expense_id: uuid.UUID) -> Page:
    """The second signature."""
    return _sign(None, lambda: expenses.approve(web.session(), expense_id, web.me()))


@pages.post("/treasury/expenses/<uuid:expense_id>/reject")
@treasurers_only
def reject(expense_id: uuid.UUID) -> Page:
    """It is not paid."""
    form = RejectForm(request.form)
    return _sign(form, lambda: expenses.reject(web.session(), expense_id, web.me(), form.why.data))


def _sign(form: CheckForm | RejectForm | None, verb: Callable[[], object]) -> Page:
    """Do it and go back to the list, or show there why not."""
    refused = _tried(form, verb)
    return (
        redirect("/treasury/expenses", 303)
        if refused is None
        else (_bills(_empty_form(), refused), refused.status)
    )


def _tried(form: CheckForm | RejectForm | DayForm | None, verb: Callable[[], object]) -> Refused | None:
    try:
        if form is not None and not form.validate():
            raise Refused(N_("Fill in the form."))
        verb()
    except Refused as refused:
        web.undo()
        return refused
    return None


def _bill_form() -> BillForm:
    return BillForm(request.form).offer(expenses.stories(web.session()))


def _empty_form() -> BillForm:
    return BillForm().offer(expenses.stories(web.session()))


def _bills(form: BillForm, refused: Refused | None = None) -> str:
    session = web.session()
    return render_template(
        "membership/books/bills.html",
        form=form,
        refused=web.words(refused) if refused else "",
        asked=expenses.in_state(session, ASKED),
        checked=expenses.in_state(session, CHECKED),
        accounts=expenses.ACCOUNTS,
        me=web.me(),
        words=words,
    )


# Payment files


@pages.get("/treasury/payments")
@treasurers_only
def payments() -> Page:
    """What is to be paid, and the files for the bank."""
    return _payments()


@pages.post("/treasury/payments")
@treasurers_only
def make_file() -> Page:
    """Put all of it into a file."""
    return _paid(None, lambda: payouts.make_file(web.session(), web.me()))


@pages.get("/treasury/payments/<uuid:file_id>/file")
@treasurers_only
def payment_file(file_id: uuid.UUID) -> Page:
    """The file, for the bank."""
    found = payouts.find(web.session(), file_id)
    return handed_out(found.document, f"transfers-{found.message_id}")


@pages.post("/treasury/payments/<uuid:file_id>/sent")
@treasurers_only
def sent(file_id: uuid.UUID) -> Page:
    """The bank has sent it."""
    form = DayForm(request.form)
    return _paid(form, lambda: payouts.executed(web.session(), file_id, web.me(), form.on.data))


@pages.post("/treasury/payments/<uuid:file_id>/cancel")
@treasurers_only
def cancel(file_id: uuid.UUID) -> Page:
    """The bank did not take it."""
    return _paid(None, lambda: payouts.cancel(web.session(), file_id, web.me()))


@pages.post("/treasury/expenses/<uuid:expense_id>/paid")
@treasurers_only
def paid_by_hand(expense_id: uuid.UUID) -> Page:
    """It was paid without a file of ours."""
    form = DayForm(request.form)
    return _paid(form, lambda: expenses.paid_by_hand(web.session(), expense_id, web.me(), form.on.data))


def _paid(form: DayForm | None, verb: Callable[[], object]) -> Page:
    refused = _tried(form, verb)
    return redirect("/treasury/payments", 303) if refused is None else (_payments(refused), refused.status)


def _payments(refused: Refused | None = None) -> str:
    session = web.session()
    return render_template(
        "membership/books/payments.html",
        refused=web.words(refused) if refused else "",
        payable=payouts.payable(session),
        bills=expenses.in_state(session, APPROVED),
        files=payouts.files(session),
        debts=[
            (parties.name_of(party), party.id, owes.amount, credits.coverable(session, party).amount)
            for party, owes in receivables.everybodys(session, limits.ROWS_SHOWN)
        ],
        today=local_day(now(), settings().timezone),
        words=words,
    )


@pages.post("/treasury/debts/<uuid:party_id>/set-off")
@treasurers_only
def set_off(party_id: uuid.UUID) -> Page:
    """What somebody owes us is paid from her credit."""

    def verb() -> None:
        party = web.session().get(Party, party_id)
        if party is None:
            raise Refused(N_("There is no such payer."), status=404)
        credits.set_off(web.session(), party, web.me())

    return _paid(None, verb)


# Budget and surplus


@pages.get("/treasury/budget")
@treasurers_only
def plans() -> Page:
    """The budget, and the form to plan."""
    month = month_of(local_day(now(), settings().timezone))
    return _plans(PlanForm(data={"month": month}).offer())


@pages.post("/treasury/budget")
@treasurers_only
def plan() -> Page:
    """Plan an account from a month on."""
    form = PlanForm(request.form).offer()
    return take(
        form,
        lambda: budget.plan(web.session(), form.account.data, form.month.data, form.amount(), web.me()),
        _plans,
        "/treasury/budget",
    )


def _plans(form: PlanForm) -> str:
    return render_template(
        "membership/books/budget.html", form=form, plans=budget.every(web.session()), words=words
    )


@pages.get("/treasury/surplus")
@treasurers_only
def surpluses() -> Page:
    """The proposals, and the form for one."""
    return _surpluses(SurplusForm())


@pages.post("/treasury/surplus")
@treasurers_only
def propose() -> Page:
    """Propose what a minute says."""
    form = SurplusForm(request.form)

    def verb() -> None:
        reserve, refund = form.amounts()
        surplus.propose(
            web.session(), form.year.data, form.minute.data, reserve=reserve, refund=refund, by=web.me()
        )

    return take(form, verb, _surpluses, "/treasury/surplus")


@pages.post("/treasury/surplus/<uuid:proposal_id>/<any(approve, reject):step>")
@treasurers_only
def decide(proposal_id: uuid.UUID, step: str) -> Page:
    """The second signature, or none."""
    verb = surplus.approve if step == "approve" else surplus.reject
    refused = _tried(None, lambda: verb(web.session(), proposal_id, web.me()))
    if refused is None:
        return redirect("/treasury/surplus", 303)
    return _surpluses(SurplusForm(), refused), refused.status


def _surpluses(form: SurplusForm, refused: Refused | None = None) -> str:
    session = web.session()
    proposals = surplus.every(session)
    return render_template(
        "membership/books/surplus.html",
        form=form,
        refused=web.words(refused) if refused else "",
        proposals=proposals,
        parts_of={each.id: len(surplus.allotments(session, each)) for each in proposals},
        me=web.me(),
        words=words,
    )
