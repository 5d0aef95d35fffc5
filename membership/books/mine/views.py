"""Expenses of one's own, and one's part of a surplus."""

import uuid

from flask import Blueprint, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from commons import powers, web
from commons.powers import Power
from membership.books import documents, expenses, surplus, words
from membership.books.forms import BillForm, ChoiceForm
from membership.books.models import Expense
from membership.books.submitting import take
from membership.money import parties
from membership.money.guards import Page

pages = Blueprint("expenses", __name__)


@pages.get("/expenses")
@web.signed_in
def mine() -> Page:
    """What one handed in, and the form for more."""
    return _mine(_form())


@pages.post("/expenses")
@web.takes_upload
@web.signed_in
def hand_in() -> Page:
    """Hand in an invoice or an outlay."""
    form = _form()
    return take(
        form, lambda: expenses.hand_in(web.session(), form.bill(uploaded()), web.me()), _mine, "/expenses"
    )


@pages.get("/expenses/<uuid:expense_id>")
@web.signed_in
def one(expense_id: uuid.UUID) -> Page:
    """One expense, for who handed it in, is paid, or keeps the books."""
    seen = _seen(expense_id)
    return render_template("membership/books/expense.html", expense=seen, me=web.me(), words=words)


@pages.get("/expenses/<uuid:expense_id>/file")
@web.signed_in
def file(expense_id: uuid.UUID) -> Page:
    """Its file, to keep and open elsewhere: it is never shown in a page of ours."""
    return handed_out(_seen(expense_id).document, f"expense-{expense_id}")


@pages.post("/expenses/<uuid:expense_id>/withdraw")
@web.signed_in
def withdraw(expense_id: uuid.UUID) -> Page:
    """Take it back."""
    expenses.withdraw(web.session(), expense_id, web.me())
    return redirect("/expenses", 303)


@pages.get("/patronage")
@web.signed_in
def patronage() -> Page:
    """One's parts of surpluses, with the choice."""
    return _patronage(ChoiceForm().offer(), None)


@pages.post("/patronage/<uuid:allotment_id>")
@web.signed_in
def choose(allotment_id: uuid.UUID) -> Page:
    """Say what becomes of a part."""
    form = ChoiceForm(request.form).offer()
    return take(
        form,
        lambda: surplus.choose(
            web.session(), allotment_id, form.choice.data, web.me(), iban=form.iban.data or ""
        ),
        lambda again: _patronage(again, allotment_id),
        "/patronage",
    )


def uploaded() -> bytes:
    """The bytes of the file of the form; empty where there is none."""
    found = request.files.get("file")
    return found.read() if found is not None and found.filename else b""


def handed_out(key: str, name: str) -> Response:
    """A document as a download that no browser opens by itself."""
    response = make_response(documents.read(key))
    response.mimetype = documents.media_type(key)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{key.rpartition(".")[2]}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _form() -> BillForm:
    """The form, with what we know of her, and her own stories in work beside those that are out."""
    session, account = web.session(), web.me()
    party = parties.find(session, account)
    known = party.data if party is not None else None
    own = current_app.extensions["rostra.drafts"](session, account)
    listed = dict(own) | dict(expenses.stories(session))
    form = BillForm(
        request.form, data={"payee": known.name if known else "", "iban": known.iban if known else ""}
    )
    return form.offer(list(listed.items()))


def _mine(form: BillForm) -> str:
    session, account = web.session(), web.me()
    return render_template(
        "membership/books/expenses.html",
        expenses=expenses.of(session, account),
        form=form,
        may_ask=bool(powers.usable(session, account) & {Power.WRITE, Power.BOOKS}),
        words=words,
    )


def _patronage(form: ChoiceForm, chosen: uuid.UUID | None) -> str:
    return render_template(
        "membership/books/patronage.html",
        shares=surplus.of(web.session(), web.me()),
        form=form,
        chosen=chosen,
        words=words,
    )


def _seen(expense_id: uuid.UUID) -> Expense:
    return expenses.seen_by(web.session(), expense_id, web.me())
