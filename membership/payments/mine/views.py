"""One's own payments: what was asked, what came, and what becomes of money that is for nothing yet."""

import uuid
from collections.abc import Callable

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from commons import limits, web
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from membership.money import currencies, parties, receivables
from membership.money.currencies import Money, decimal_text
from membership.money.models import Party
from membership.payments import charges, credits, receipts
from membership.payments.mine.forms import BackForm, HolderForm

pages = Blueprint("own_payments", __name__)

Page = Response | tuple[Response, int]


@pages.get("/payments/mine")
def mine() -> Page:
    """For who is signed in, or came by the link of a letter."""
    if web.account() is None and "key" not in request.args:
        return redirect(url_for("sign_in.enter", next=request.full_path.rstrip("?")), 303)
    return _mine(BackForm(data=_holder()))


@pages.post("/payments/mine/<any(use, free):what>/<uuid:charge_id>")
def decide(what: str, charge_id: uuid.UUID) -> Page:
    """Pay this from the credit, or take back what came for it in part."""
    verb = credits.use if what == "use" else credits.set_free
    return _do(HolderForm(request.form), lambda party: verb(web.session(), party, charge_id))


@pages.post("/payments/mine/back")
def send_back() -> Page:
    """Have credit sent to one's account."""
    form = BackForm(request.form)

    def ask(party: Party) -> None:
        money = currencies.parse(form.amount.data, settings().currency)
        credits.send_back(web.session(), party, money, form.iban.data, web.account())

    return _do(form, ask)


def _do(form: HolderForm, verb: Callable[[Party], object]) -> Page:
    """Do it and show the page, or show there why not."""
    party = _party()
    if party is None and web.account() is None:
        raise Refused(N_("There is no such payment."), status=404)
    if not form.validate():
        return _mine(form), 422
    if party is None:
        raise Refused(N_("There is no such payment."), status=404)
    try:
        verb(party)
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _mine(form), refused.status
    return redirect(credits.path(party) if _holder()["key"] else "/payments/mine", 303)


def _mine(form: HolderForm) -> Response:
    session, party = web.session(), _party()
    have = credits.free(session, party) if party else Money(0, settings().currency)
    back = form if isinstance(form, BackForm) else BackForm(data=_holder())
    back.amount.data = back.amount.data or (decimal_text(have) if have.amount > 0 else "")
    response = make_response(
        render_template(
            "membership/payments/mine.html",
            party=party,
            holder=_holder(),
            errors=form,
            form=back,
            free=have,
            owes=receivables.owed_by(session, party.id) if party else Money(0, settings().currency),
            asked=credits.asked_for(session, party) if party else [],
            going=credits.going_back(session, party) if party else [],
            charges=charges.of_party(session, party)[: limits.ROWS_SHOWN] if party else [],
            receipts=receipts.of_party(session, party) if party else [],
            show=_show,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _holder() -> dict[str, str]:
    """The link that somebody came by, to be handed on; empty texts for who is signed in."""
    return {name: request.values.get(name, "") for name in ("party", "key")}


def _party() -> Party | None:
    """Whose payments these are; None for who is signed in and never paid. 404 for a link that is none."""
    session, held, account = web.session(), _holder(), web.account()
    if not held["key"]:
        return parties.find(session, account) if account is not None else None
    try:
        party_id = uuid.UUID(held["party"])
    except ValueError:
        raise Refused(N_("There is no such payment."), status=404) from None
    found = session.get(Party, party_id)
    if found is None or not credits.opens(party_id, held["key"]):
        raise Refused(N_("There is no such payment."), status=404)
    return found


def _show(amount: int, currency: str) -> str:
    return currencies.show(Money(amount, currency))
