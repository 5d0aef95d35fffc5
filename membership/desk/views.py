"""Joining in two screens, and one's own desk. Everybody sees only what is her own."""

from datetime import date, timedelta

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from stdnum import iban as ibans

from commons import limits, powers, web
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.forms import Form
from commons.language import N_, _
from commons.refusal import Refused
from membership.desk import ballots, export, grace, joining
from membership.desk.forms import CONSENT, GIVEN, AddressForm, ErasureForm, JoinForm, SharesForm
from membership.desk.joining import Application
from membership.members import members, shares, statutes, words
from membership.members.models import Membership
from membership.money import currencies, parties
from membership.money.currencies import Money
from membership.money.models import PartyData
from membership.payments import credits, receipts
from membership.pledges import covers, links, pledges, statements
from membership.pledges.pledges import Wish

pages = Blueprint("desk", __name__)


# Joining


@pages.route("/join", methods=["GET", "POST"])
def join() -> ResponseReturnValue:
    """Screen one. Screen two is the payment; screen three says thanks."""
    session, known = web.session(), web.account()
    share = Money(_statutes().share_price, settings().currency)
    form = JoinForm(request.form or None, data=_known(known)).offer(share)
    if request.method == "GET":
        if members.is_member(session, known):
            return redirect("/desk", 303)
        return _join_page(form, share)
    if not form.validate():
        return _join_page(form, share, 422)
    try:
        return redirect(
            joining.join(session, _application(form, share), by=known, network=web.network()), 303
        )
    except Refused as refused:
        web.undo()
        paid_at = _sent_before(form)
        if paid_at is not None:
            return redirect(paid_at, 303)
        form.refuse(refused)
        return _join_page(form, share, refused.status)


@pages.get("/join/thanks")
def thanks() -> ResponseReturnValue:
    """Screen three."""
    return render_template(
        "membership/desk/thanks.html", days=_statutes().vote_after_days, letter="letter" in request.args
    )


def _known(account: Account | None) -> dict[str, str]:
    personal = account.personal if account is not None else None
    return {"name": personal.name, "email": personal.email} if personal is not None else {}


def _application(form: JoinForm, share: Money) -> Application:
    wish = None
    if form.price.data != GIVEN:
        money, rhythm = form.chosen
        wish = Wish(money=money, rhythm=rhythm, provider=form.provider.data, once=form.once.data)
    return Application(
        name=form.name.data,
        email=form.email.data,
        consent=_(CONSENT, name=settings().name, share=currencies.show(share)),
        wish=wish,
    )


def _sent_before(form: JoinForm) -> str | None:
    """Where the payment of the same form is made, if another press of its button came first."""
    session = web.session()
    pledge = pledges.by_once(session, form.once.data)
    return joining.first_payment(session, pledge) if pledge is not None else None


def _join_page(form: JoinForm, share: Money, status: int = 200) -> ResponseReturnValue:
    fixed = _statutes()
    page = render_template(
        "membership/desk/join.html",
        form=form,
        share=share,
        fixed=fixed,
        total=members.count(web.session()),
        show=currencies.show,
    )
    return page, status


# The desk


@pages.get("/desk")
@web.signed_in
def desk() -> ResponseReturnValue:
    """Membership, money and data of one person, on one page."""
    return _desk_page()


@pages.post("/desk/address")
@web.signed_in
def change_address() -> ResponseReturnValue:
    """What the register and the bank need to know about her."""
    form, me = AddressForm(request.form), web.me()
    if not form.validate():
        return _desk_page(form, 422)
    iban = ibans.compact(form.iban.data or "")
    if iban and not ibans.is_valid(iban):
        form.refuse(Refused(N_("This is not an IBAN.")))
        return _desk_page(form, 422)
    data = parties.of(web.session(), me).data
    assert data is not None
    data.name, data.address, data.iban = form.name.data.strip(), form.address.data.strip(), iban
    return redirect("/desk#register", 303)


@pages.post("/desk/shares")
@web.signed_in
def more_shares() -> ResponseReturnValue:
    """Ask for more shares; the next payments go to them."""
    form = SharesForm(request.form)
    if not form.validate():
        return _desk_page(form, 422)
    try:
        membership = members.of(web.session(), web.me())
        if membership is None:
            raise Refused(N_("Only members can take more shares."), status=409)
        shares.subscribe_more(web.session(), membership, form.count)
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _desk_page(form, refused.status)
    return redirect("/desk#membership", 303)


@pages.route("/desk/leave", methods=["GET", "POST"])
@web.signed_in
def leave() -> ResponseReturnValue:
    """Two clicks: what it means, and the button."""
    session, me = web.session(), web.me()
    membership = members.of(session, me)
    if membership is None or membership.state not in ("applied", "active"):
        raise Refused(N_("There is no membership to end."), status=409)
    if request.method == "POST":
        members.give_notice(session, membership, by=me)
        return redirect("/desk#membership", 303)
    return render_template(
        "membership/desk/leave.html",
        membership=membership,
        last_day=statutes.leaves_on(statutes.today(now()), _statutes()),
        position=shares.position(session, membership),
        fixed=_statutes(),
        show=currencies.show,
    )


# One's data


@pages.get("/desk/data")
@web.signed_in_lately
def data() -> ResponseReturnValue:
    """Take everything along, or have it erased."""
    return _data_page(ErasureForm())


@pages.post("/desk/export")
@web.signed_in_lately
def take_along() -> Response:
    """A ZIP of everything we know about her."""
    archive = export.archive(web.session(), web.me())
    response = Response(archive, content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return response


@pages.post("/desk/erase")
@web.signed_in_lately
def erase() -> ResponseReturnValue:
    """Ask to be forgotten; she is signed out everywhere, and can think again for some days."""
    form = ErasureForm(request.form)
    if not form.validate():
        return _data_page(form, 422)
    try:
        wish = grace.ask(web.session(), web.me())
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _data_page(form, refused.status)
    response = Response(render_template("membership/desk/erase_asked.html", day=wish.due_at))
    web.clear_cookie(response)
    return response


@pages.post("/desk/erase/stop")
@web.signed_in
def stay() -> ResponseReturnValue:
    """She thought again, and is signed in."""
    wish = grace.of(web.session(), web.me())
    if wish is not None:
        grace.stop(web.session(), wish)
    return redirect("/desk/data", 303)


@pages.route("/desk/erase/stop/<token>", methods=["GET", "POST"])
def stop_erasure(token: str) -> ResponseReturnValue:
    """The link of the letter: it works without signing in, and does nothing but stop the erasure."""
    wish = grace.by_token(web.session(), token)
    if request.method == "POST":
        grace.stop(web.session(), wish)
    page = render_template(
        "membership/desk/erase_stop.html", day=wish.due_at, stopped=request.method == "POST"
    )
    return page


def _data_page(form: ErasureForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "membership/desk/data.html",
        form=form,
        fixed=_statutes(),
        office=bool(powers.held(web.session(), web.me())),
        wish=grace.of(web.session(), web.me()),
        days=limits.ERASURE_DAYS,
    )
    return page, status


def _desk_page(form: Form | None = None, status: int = 200) -> ResponseReturnValue:
    """The desk; ``form`` is the one that was sent and refused."""
    session, me = web.session(), web.me()
    membership = members.of(session, me)
    party = parties.find(session, me)
    page = render_template(
        "membership/desk/desk.html",
        membership=membership,
        votes_from=members.votes_from(session, membership) if membership is not None else None,
        last_day=_last_day(membership),
        now=now(),
        position=shares.position(session, membership) if membership is not None else None,
        pledges=pledges.of_account(session, me),
        receipts=receipts.of_party(session, party) if party is not None else [],
        receipt_money=receipts.money,
        ballots=ballots.issued(session, party),
        under_way=ballots.under_way(session) if membership is not None else [],
        receipt_page=receipts.page,
        paid_until=covers.until(session, party) if party is not None else None,
        years=statements.years(session, party) if party is not None else [],
        credit=credits.free(session, party) if party is not None else Money(0, settings().currency),
        address=form if isinstance(form, AddressForm) else _address(party.data if party else None, me),
        more=form if isinstance(form, SharesForm) else SharesForm(),
        refused=form,
        over=pledges.OVER,
        changes=pledges.CHANGES,
        link=links.path,
        money=Money,
        show=currencies.show,
        words=words,
    )
    return page, status


def _last_day(membership: Membership | None) -> date | None:
    """The last day of a membership that ends: it ends with the first moment of the next."""
    ended = membership.ended_at if membership is not None else None
    return statutes.today(ended - timedelta(seconds=1)) if ended is not None else None


def _address(data: PartyData | None, me: Account) -> AddressForm:
    name = me.personal.name if me.personal is not None else ""
    kept = (
        {"name": data.name, "address": data.address, "iban": data.iban}
        if data is not None
        else {"name": name}
    )
    return AddressForm(data=kept)


def _statutes() -> statutes.Statutes:
    return statutes.at(web.session(), statutes.today(now()))
