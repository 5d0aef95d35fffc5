"""Where people pay, read their receipts, and where treasurers look after what came in."""

import uuid
from collections.abc import Callable

from flask import Blueprint, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from commons import web
from commons.config import settings
from commons.forms import Form
from commons.language import N_, _
from commons.refusal import Refused
from membership.money import currencies, parties
from membership.money.guards import Page, treasurers_only
from membership.money.models import Party
from membership.payments import (
    charges,
    codes,
    credits,
    events,
    fees,
    hosted,
    mandates,
    pdf,
    receipts,
    references,
    refunds,
    transfers,
)
from membership.payments.forms import AssignForm, CreditForm, ReasonForm, RefundForm
from membership.payments.models import BankLine, Charge, Receipt

pages = Blueprint("payments", __name__)

DESK = "/payments"


# For who pays


@pages.get("/pay/<token>")
def pay(token: str) -> Page:
    """How to pay, and whether it arrived. Whoever knows the address may read it: it names nobody."""
    charge = charges.by_token(web.session(), token)
    money, kept = currencies.Money(charge.amount, charge.currency), fees.of(web.session(), charge)
    waits = charge.provider == "bank" and charge.state == charges.PENDING
    by_transfer = waits and charge.reference and settings().iban
    code = codes.transfer_code(money, charge.reference) if by_transfer and charge.reference else None
    return _private(
        render_template(
            "membership/payments/pay.html",
            charge=charge,
            amount=currencies.show(money),
            missing=currencies.show(currencies.Money(charge.amount - charge.received, charge.currency)),
            reference=references.spaced(charge.reference) if by_transfer and charge.reference else "",
            code=Markup(code) if code else "",  # drawn by segno, from our own settings
            fee=currencies.show(kept) if kept.amount else "",
            usual_fee=fees.usual(web.session(), charge.provider),
        )
    )


@pages.get("/pay/<token>/go")
def go(token: str) -> Page:
    """On to the provider's page; opening it twice leads to the same."""
    return redirect(hosted.to_pay(token), 303)


@pages.get("/pay/mandate/<token>")
def sign(token: str) -> Page:
    """On to the provider's page where a mandate is signed."""
    return redirect(hosted.to_sign(token, f"{settings().origin}/pay/mandate/{token}/signed"), 303)


@pages.get("/pay/mandate/<token>/signed")
def signed(token: str) -> Page:
    """Back from there: signed, or not yet confirmed."""
    mandate = mandates.by_token(web.session(), token)
    return _private(render_template("membership/payments/signed.html", mandate=mandate))


@pages.get("/receipts/<token>")
def receipt(token: str) -> Page:
    """A receipt as a page, for whom it was made out."""
    found = _hers(token)
    shown = {"receipt": found, "title": pdf.title(found), "rows": pdf.rows(found)}
    return _private(render_template("membership/payments/receipt.html", **shown))


@pages.get("/receipts/<token>.pdf")
def receipt_pdf(token: str) -> Page:
    """The same as PDF."""
    found = _hers(token)
    response = make_response(pdf.receipt(found))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{found.number}.pdf"'
    return response


def _hers(token: str) -> Receipt:
    """The receipt, for the account of its party; where that has none, for who knows the address."""
    found = receipts.by_token(web.session(), token)
    party = web.session().get_one(Party, found.party_id)
    account = web.account()
    if party.account_id is not None and (account is None or account.id != party.account_id):
        raise Refused(N_("There is no such receipt."), status=404)
    return found


# For treasurers


@pages.get(DESK)
@treasurers_only
def desk() -> Page:
    """What waits for somebody."""
    return _desk()


@pages.post(f"{DESK}/import")
@web.takes_upload
@treasurers_only
def take_statement() -> Page:
    """Import a statement of the bank."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Refused(N_("Choose a file."))
        brought = transfers.import_file(web.session(), file.filename, file.read(), web.me())
    except Refused as refused:
        return _desk(refused)
    return _desk(
        said=_(
            "New lines: %(new)s, of which %(matched)s found their payment. Known before: %(known)s.",
            new=brought.new,
            matched=brought.matched,
            known=brought.known,
        )
    )


@pages.post(f"{DESK}/lines/<uuid:line_id>/assign")
@treasurers_only
def assign(line_id: uuid.UUID) -> Page:
    """A line is for this payment."""
    form = AssignForm(request.form)
    return _do(form, lambda: transfers.assign(web.session(), line_id, form.reference.data, web.me()))


@pages.post(f"{DESK}/lines/<uuid:line_id>/credit")
@treasurers_only
def credit(line_id: uuid.UUID) -> Page:
    """A line is this payer's, and for nothing yet."""
    form = CreditForm(request.form)
    session = web.session()
    return _do(
        form, lambda: transfers.credit(session, line_id, parties.meant(session, form.party.data), web.me())
    )


@pages.post(f"{DESK}/lines/<uuid:line_id>/payout")
@treasurers_only
def payout(line_id: uuid.UUID) -> Page:
    """A line is our own money, from the provider."""
    return _do(Form(), lambda: transfers.is_payout(web.session(), line_id, web.me()))


@pages.post(f"{DESK}/lines/<uuid:line_id>/return")
@treasurers_only
def return_(line_id: uuid.UUID) -> Page:
    """A line is to be sent back, if another treasurer agrees."""
    form = ReasonForm(request.form)
    return _do(form, lambda: refunds.ask_line(web.session(), _line(line_id), form.reason.data, web.me()))


@pages.get(f"{DESK}/<uuid:charge_id>")
@treasurers_only
def charge(charge_id: uuid.UUID) -> Page:
    """One payment, with the form to send some of it back."""
    return _charge(_payment(charge_id), RefundForm())


@pages.post(f"{DESK}/<uuid:charge_id>/refund")
@treasurers_only
def refund(charge_id: uuid.UUID) -> Page:
    """Ask to send some of a payment back."""
    session, form, found = web.session(), RefundForm(request.form), _payment(charge_id)
    try:
        if form.validate():
            money = currencies.parse(form.amount.data, found.currency)
            refunds.ask(session, found, money, form.reason.data, web.me())
            return redirect(DESK, 303)
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _charge(_payment(charge_id), form), refused.status
    return _charge(found, form), 422


@pages.post(f"{DESK}/refunds/<uuid:refund_id>/<any(approve, reject, sent):step>")
@treasurers_only
def decide(refund_id: uuid.UUID, step: str) -> Page:
    """Approve or reject what another asked for, or say that a transfer was sent."""
    verbs = {"approve": refunds.approve, "reject": refunds.reject, "sent": refunds.transferred}
    return _do(Form(), lambda: verbs[step](web.session(), refund_id, web.me()))


def _do(form: Form, verb: Callable[[], object]) -> Page:
    """Do it and show the desk, or show there why not."""
    try:
        if not form.validate():
            raise Refused(N_("Fill in the form."))
        verb()
    except Refused as refused:
        return _desk(refused)
    return redirect(DESK, 303)


def _desk(refused: Refused | None = None, said: str = "") -> Page:
    if refused is not None:
        web.undo()
    session = web.session()
    page = render_template(
        "membership/payments/desk.html",
        said=said,
        refused=web.words(refused) if refused else "",
        lines=transfers.unmatched(session),
        asked=refunds.waiting(session),
        to_send=[(refund, *refunds.payee(session, refund)) for refund in refunds.to_transfer(session)],
        in_parts=credits.in_parts(session),
        credits=credits.everybodys(session),
        parked=events.parked(session),
        me=web.me(),
        show=_show,
    )
    return (page, refused.status) if refused else page


def _charge(charge: Charge, form: RefundForm) -> str:
    return render_template("membership/payments/charge.html", charge=charge, form=form, show=_show)


def _show(amount: int, currency: str) -> str:
    return currencies.show(currencies.Money(amount, currency))


def _payment(charge_id: uuid.UUID) -> Charge:
    found = web.session().get(Charge, charge_id)
    if found is None:
        raise Refused(N_("There is no such payment."), status=404)
    return found


def _line(line_id: uuid.UUID) -> BankLine:
    found = web.session().get(BankLine, line_id)
    if found is None:
        raise Refused(N_("There is no such line."), status=404)
    return found


def _private(page: str) -> Response:
    """Not kept by anybody, and not to be found by search engines."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
