"""The pages on which contracts are ended, without signing in, and what a treasurer must look at."""

import uuid

from flask import Blueprint, redirect, render_template, request

from commons import web
from commons.forms import Form
from commons.language import N_
from commons.refusal import Refused
from membership.money.guards import Page, treasurers_only
from membership.money.models import Party
from membership.pledges import pledges, withdrawals
from membership.pledges.ending import cancellations
from membership.pledges.ending.forms import CancellationForm, WithdrawalForm
from membership.pledges.models import Cancellation, Withdrawal

pages = Blueprint("endings", __name__)


# Withdrawal


@pages.route("/withdraw", methods=["GET", "POST"])
def withdraw() -> Page:
    """Withdraw from a contract: say from what, then confirm. Needs no account."""
    form = WithdrawalForm(
        request.form if _posted() else None, data={"contract": request.args.get("contract", "")}
    )
    if not _posted() or not form.validate() or "back" in request.form:
        return _page("pledges/withdraw.html", form)
    if "confirm" not in request.form:
        return _page("pledges/withdraw_confirm.html", form)
    try:
        made = withdrawals.declare(
            web.session(),
            name=form.name.data,
            email=form.email.data,
            contract=form.contract.data,
            once=form.once.data,
        )
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _page("pledges/withdraw.html", form)
    return _page("pledges/withdrawn.html", form, withdrawal=made)


# Cancellation


@pages.route("/cancel", methods=["GET", "POST"])
def cancel() -> Page:
    """Where the button of every page leads: say what, and cancel it. Needs no account."""
    form = CancellationForm(
        request.form if _posted() else None, data={"contract": request.args.get("contract", "")}
    )
    if not _posted() or not form.validate():
        return _page("pledges/cancel.html", form)
    try:
        made = cancellations.declare(
            web.session(),
            name=form.name.data,
            email=form.email.data,
            contract=form.contract.data,
            once=form.once.data,
            kind=form.kind.data,
            reason=form.reason.data or "",
            ends_on=form.wanted(),
        )
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _page("pledges/cancel.html", form)
    return _page("pledges/cancelled.html", form, made=made, kinds=cancellations.KINDS)


# For the treasurer


@pages.get("/pledges/watch")
@treasurers_only
def watch() -> Page:
    """Withdrawals and cancellations that somebody must look at, and those who may pay twice."""
    session = web.session()
    waiting = [(each, session.get_one(Party, each.party_id).data) for each in withdrawals.waiting(session)]
    return render_template(
        "membership/pledges/watch.html",
        waiting=waiting,
        cancelled=[(each, *cancellations.who(session, each)) for each in cancellations.waiting(session)],
        doubles=pledges.doubles(session),
    )


@pages.post("/pledges/watch/<uuid:withdrawal_id>")
@treasurers_only
def close_withdrawal(withdrawal_id: uuid.UUID) -> Page:
    """Mark a withdrawal as dealt with."""
    session = web.session()
    found = session.get(Withdrawal, withdrawal_id)
    if found is None:
        raise Refused(N_("There is no such page."), status=404)
    withdrawals.close(session, found)
    return redirect("/pledges/watch", 303)


@pages.post("/pledges/watch/cancelled/<uuid:cancellation_id>")
@treasurers_only
def close_cancellation(cancellation_id: uuid.UUID) -> Page:
    """Mark a cancellation as dealt with."""
    session = web.session()
    found = session.get(Cancellation, cancellation_id)
    if found is None:
        raise Refused(N_("There is no such page."), status=404)
    cancellations.close(session, found)
    return redirect("/pledges/watch", 303)


def _page(template: str, form: Form, **values: object) -> Page:
    page = render_template(f"membership/{template}", form=form, **values)
    return (page, 422) if form.errors else page


def _posted() -> bool:
    return request.method == "POST"
