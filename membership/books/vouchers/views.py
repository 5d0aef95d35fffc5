"""The treasurer's pages of other income and costs, and of debits that are in no book yet."""

import uuid
from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request

from commons import web
from commons.language import N_, day
from commons.refusal import Refused
from membership.books import expenses, words
from membership.books.mine.views import handed_out, uploaded
from membership.books.submitting import take
from membership.books.vouchers import debits, vouchers
from membership.books.vouchers.forms import DebitForm, VoucherForm
from membership.money.guards import Page, treasurers_only
from membership.payments import transfers
from membership.payments.models import BankLine

pages = Blueprint("vouchers", __name__)

HERE = "/treasury/vouchers"


@pages.get(HERE)
@treasurers_only
def listed() -> Page:
    """What is to be signed or settled, and the form for more."""
    return _listed(
        _form(data={"place": request.args.get("line", ""), "money": request.args.get("money", "")})
    )


@pages.post(HERE)
@web.takes_upload
@treasurers_only
def enter() -> Page:
    """Enter income or a cost."""
    form = _form()
    return take(form, lambda: vouchers.enter(web.session(), form.note(uploaded()), web.me()), _listed, HERE)


@pages.post(f"{HERE}/<uuid:voucher_id>/<any(approve, reject):step>")
@treasurers_only
def decide(voucher_id: uuid.UUID, step: str) -> Page:
    """The second signature, or none."""
    verb = vouchers.approve if step == "approve" else vouchers.reject
    return _do(lambda: verb(web.session(), voucher_id, web.me()))


@pages.post(f"{HERE}/<uuid:voucher_id>/settle")
@treasurers_only
def settle(voucher_id: uuid.UUID) -> Page:
    """What was owed came, or went, in this line of the bank."""

    def verb() -> None:
        session = web.session()
        key = _key(request.form.get("line", ""))
        line = session.get(BankLine, key) if key else None
        if line is None:
            raise Refused(N_("There is no such line."), status=404)
        vouchers.settle(session, vouchers.find(session, voucher_id), line, web.me())

    return _do(verb)


@pages.get(f"{HERE}/<uuid:voucher_id>/file")
@treasurers_only
def file(voucher_id: uuid.UUID) -> Page:
    """Its document, to keep and open elsewhere."""
    found = vouchers.find(web.session(), voucher_id)
    return handed_out(found.document, f"voucher-{voucher_id}")


@pages.post("/treasury/debits/<uuid:line_id>/assign")
@treasurers_only
def assign(line_id: uuid.UUID) -> Page:
    """A debit paid this."""
    form = DebitForm(request.form)

    def verb() -> None:
        paid = form.candidate() if form.validate() else None
        if paid is None:
            raise Refused(N_("Fill in the form."))
        debits.assign(web.session(), line_id, *paid, web.me())

    return _do(verb)


@pages.post("/treasury/debits/<uuid:line_id>/own")
@treasurers_only
def own(line_id: uuid.UUID) -> Page:
    """A debit went to another account of ours."""
    return _do(lambda: debits.is_own(web.session(), line_id, web.me()))


def _do(verb: Callable[[], object]) -> Page:
    """Do it and show the page, or show there why not."""
    try:
        verb()
    except Refused as refused:
        web.undo()
        return _listed(_form(data={}), web.words(refused)), refused.status
    return redirect(HERE, 303)


def _form(data: dict[str, str] | None = None) -> VoucherForm:
    """The form as it was sent, or filled with ``data``."""
    session = web.session()
    form = VoucherForm(request.form if data is None else None, data=data or {})
    waiting = (*transfers.debits(session), *transfers.unmatched(session))
    return form.offer(expenses.stories(session), [(line.id, _told(line)) for line in waiting])


def _told(line: BankLine) -> str:
    said = f"{line.payer.name} {line.payer.text}" if line.payer is not None else ""
    return f"{day(line.booked_on)} · {words.money(line.amount)} · {said}"[:120]


def _listed(form: VoucherForm, refused: str = "") -> str:
    session = web.session()
    owed = vouchers.owed(session)
    return render_template(
        "membership/books/vouchers.html",
        form=form,
        refused=refused,
        waiting=vouchers.waiting(session),
        owed=[(each, _lines_for(vouchers.is_income(each), each.amount)) for each in owed],
        booked=vouchers.newest(session),
        debits=[(line, debits.candidates(session, line)) for line in transfers.debits(session)],
        is_income=vouchers.is_income,
        me=web.me(),
        words=words,
    )


def _lines_for(income: bool, amount: int) -> list[tuple[uuid.UUID, str]]:
    """The lines of the bank that may have settled so much."""
    lines = transfers.unmatched(web.session()) if income else transfers.debits(web.session())
    return [(line.id, _told(line)) for line in lines if abs(line.amount) == amount]


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
