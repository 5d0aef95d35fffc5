"""The pages of pledges: promising, changing, gifts and seats. None needs a script."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session

from commons import web
from commons.accounts import Account
from commons.config import settings
from commons.forms import Form
from commons.language import N_, _, day
from commons.refusal import Refused
from membership.members import members
from membership.money import parties
from membership.money.currencies import Money, decimal_text, show
from membership.money.guards import Page
from membership.money.models import Party
from membership.payments import charges, mandates
from membership.payments.models import Charge
from membership.payments.providers import PROVIDERS
from membership.pledges import (
    gifts,
    letters,
    links,
    meaning,
    periods,
    pledges,
    prices,
    renewals,
    seats,
    statements,
)
from membership.pledges.forms import (
    AmountForm,
    ButtonForm,
    ChangeForm,
    CodeForm,
    PayerForm,
    PledgeForm,
    ThingsForm,
)
from membership.pledges.models import Pledge
from membership.pledges.pledges import Wish

pages = Blueprint("pledges", __name__)


# Promising


@pages.route("/pledges/new", methods=["GET", "POST"])
def new() -> Page:
    """Promise an amount once, each month or each year."""
    known = web.account() is not None
    form = PledgeForm(request.form if _posted() else None, known=known, data=_asked_for())
    if not _posted() or not form.validate():
        return _new_page(form)
    return promise_from(
        form, lambda: Wish(form.money(), form.rhythm.data, form.provider.data, form.once.data), _new_page
    )


def _asked_for() -> dict[str, str]:
    """What a link has filled in already; nothing else is chosen for anybody."""
    return {name: request.args.get(name, "") for name in ("rhythm", "amount")}


def _new_page(form: PledgeForm) -> Page:
    currency = settings().currency
    shown = {
        rhythm: {name: show(money) for name, money in prices.suggested(rhythm, currency).items()}
        for rhythm in periods.MONTHS
    }
    return _page(
        "pledges/new.html", form, prices=shown, currency=currency, free_seats=seats.free(web.session())
    )


def promise_from(form: PayerForm, wish: Callable[[], Wish], show_again: Callable[..., Page]) -> Page:
    """Promise what a valid form says, and lead the payer on to where she pays."""
    return take_from(form, lambda session, party: pledges.promise(session, party, wish()), show_again)


def take_from(
    form: PayerForm, take: Callable[[Session, Party], Pledge], show_again: Callable[..., Page]
) -> Page:
    """Have ``take`` make a pledge of a valid form's payer; a form sent twice leads to the one it made."""
    session = web.session()
    made = pledges.by_once(session, form.once.data)
    if made is not None:
        return redirect(onward(session, made), 303)
    try:
        pledge = take(session, payer(session, form))
        _confirm(session, pledge)
    except Refused as refused:
        web.undo()
        made = pledges.by_once(web.session(), form.once.data)
        if made is not None:
            return redirect(onward(web.session(), made), 303)
        form.refuse(refused)
        return show_again(form)
    return redirect(onward(session, pledge), 303)


def payer(session: Session, form: PayerForm) -> Party:
    """Who is signed in, or who the form says she is."""
    account = web.account()
    if account is not None:
        return parties.of(session, account)
    return parties.create(session, form.name.data, form.email.data)


def _confirm(session: Session, pledge: Pledge) -> None:
    """Begin the first payment, and send the link by which the pledge can be changed."""
    first = pledges.instalments(session, pledge)
    charge = renewals.start(session, first[0], write=False) if first else None
    letters.confirm(session, pledge, charges.page(charge) if charge and charge.mandate_id is None else "")


def onward(session: Session, pledge: Pledge) -> str:
    """Where the payer goes next: to sign a mandate, to pay, or to her pledge."""
    party = session.get_one(Party, pledge.party_id)
    asked = pledges.instalments(session, pledge)
    repeats = pledge.rhythm != periods.ONCE or not asked
    waits = pledge.state == "promised" and PROVIDERS[pledge.provider].takes_mandates
    if repeats and waits and mandates.active(session, party) is None:
        return mandates.page(mandates.begin(session, party, pledge.provider))
    charge = session.get(Charge, asked[0].charge_id) if asked and asked[0].charge_id else None
    if charge is not None and charge.mandate_id is None and charge.state in (charges.OPEN, charges.PENDING):
        return charges.page(charge)
    return links.path(pledge)


# One's own


@pages.get("/pledges")
@web.signed_in
def mine() -> Page:
    """What one has promised, and the years one has a statement of."""
    session, account = web.session(), web.me()
    party = parties_of(session, account)
    return render_template(
        "membership/pledges/mine.html",
        pledges=[Shown(pledge) for pledge in pledges.of_account(session, account)],
        years=statements.years(session, party) if party else [],
    )


def parties_of(session: Session, account: Account) -> Party | None:
    """The party that the account is, if it ever paid; looking makes none."""
    found = pledges.of_account(session, account)
    return session.get(Party, found[0].party_id) if found else None


class Shown:
    """A pledge as the pages say it."""

    def __init__(self, pledge: Pledge) -> None:
        self.pledge = pledge
        self.amount = show(pledges.money_of(pledge))
        self.path = links.path(pledge)

    def may(self, what: str) -> bool:
        return self.pledge.rhythm != periods.ONCE and self.pledge.state in pledges.CHANGES[what]


@pages.get("/pledges/<number>")
def one(number: str) -> Page:
    """A pledge: what it asked for, and what can be done to it."""
    session = web.session()
    pledge = own(number)
    asked = pledges.instalments(session, pledge)
    open_charge = session.get(Charge, asked[0].charge_id) if asked and asked[0].charge_id else None
    unpaid = open_charge is not None and open_charge.state in (charges.OPEN, charges.PENDING)
    return render_template(
        "membership/pledges/one.html",
        shown=Shown(pledge),
        pledge=pledge,
        instalments=[(each, _period(each.period), show(pledges.money_of(each))) for each in asked],
        pay=charges.page(open_charge) if unpaid and open_charge and open_charge.mandate_id is None else "",
        codes=[(gift, gifts.code(gift)) for gift in gifts.of_pledge(session, pledge)],
        key=request.args.get("key", ""),
    )


def _period(period: str) -> str:
    """What an instalment is for, as people say it: the day on which it was due, or once."""
    return _("once") if period == periods.ONCE else day(date.fromisoformat(period))


def own(number: str) -> Pledge:
    """The pledge, for who holds its link or is signed in as its payer; for others it is not there."""
    session = web.session()
    pledge = pledges.by_number(session, number)
    if pledge is not None and links.opens(pledge, request.values.get("key", "")):
        return pledge
    account = web.account()
    if pledge is not None and account is not None:
        party = session.get_one(Party, pledge.party_id)
        if party.account_id == account.id:
            return pledge
    raise Refused(N_("There is no such page."), status=404)


@pages.route("/pledges/<number>/change", methods=["GET", "POST"])
def change(number: str) -> Page:
    """Another amount or rhythm."""
    session, pledge = web.session(), own(number)
    kept = {"amount": decimal_text(pledges.money_of(pledge)), "rhythm": pledge.rhythm}
    form = ChangeForm(request.form if _posted() else None, data=kept)
    if not _posted() or not form.validate():
        return _page("pledges/change.html", form, shown=Shown(pledge), key=request.values.get("key", ""))
    try:
        money = AmountForm.money(form)
        pledges.change(session, pledge, money, form.rhythm.data)
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _page("pledges/change.html", form, shown=Shown(own(number)), key=request.values.get("key", ""))
    return redirect(links.path(pledge), 303)


ACTS = {"pause": pledges.pause, "resume": pledges.resume, "stop": pledges.stop}


@pages.route("/pledges/<number>/<any(pause, resume, stop):what>", methods=["GET", "POST"])
def act(number: str, what: str) -> Page:
    """The second of two clicks: pause, go on or stop."""
    session, pledge = web.session(), own(number)
    form = ButtonForm(request.form)
    if _posted():
        last = pledge.next_on
        try:
            ACTS[what](session, pledge)
            if what == "stop":
                letters.write(session, pledge, "pledge_stopped", last=day(last) if last else "")
            return redirect(links.path(pledge), 303)
        except Refused as refused:
            web.undo()
            form.refuse(refused)
            pledge = own(number)
    return _page("pledges/act.html", form, shown=Shown(pledge), what=what, key=request.values.get("key", ""))


@pages.get("/pledges/statement/<int:year>")
@web.signed_in
def statement(year: int) -> Page:
    """All that one paid in a year, from the books."""
    session = web.session()
    party = parties_of(session, web.me())
    if party is None or year not in statements.years(session, party):
        raise Refused(N_("There is no such page."), status=404)
    found = statements.of_year(session, party, year)
    return render_template(
        "membership/pledges/statement.html",
        statement=found,
        name=parties.name_of(party),
        rows=[(entry, show(entry.money)) for entry in found.entries],
        totals=[show(money) for money in found.totals],
    )


# Gifts and seats


@pages.route("/pledges/gift", methods=["GET", "POST"])
def gift() -> Page:
    """Give somebody a year."""
    return _things(meaning.GIFT, "pledges/gift.html")


@pages.route("/pledges/seats", methods=["GET", "POST"])
def give_seats() -> Page:
    """Pay for seats of others."""
    return _things(meaning.SEATS, "pledges/seats.html")


def _things(purpose: str, template: str) -> Page:
    form = ThingsForm(
        request.form if _posted() else None, known=web.account() is not None, data={"quantity": 1}
    )
    each = prices.year(settings().currency)

    def again(form: ThingsForm) -> Page:
        return _page(template, form, price=show(each), free=seats.free(web.session()))

    if not _posted() or not form.validate():
        return again(form)
    number = form.quantity.data
    total = Money(each.amount * number, each.currency)
    return promise_from(
        form,
        lambda: Wish(
            total, periods.ONCE, form.provider.data, form.once.data, purpose=purpose, quantity=number
        ),
        again,
    )


@pages.route("/pledges/gift/redeem", methods=["GET", "POST"])
@web.signed_in
def redeem() -> Page:
    """Redeem a code."""
    session = web.session()
    form = CodeForm(request.form if _posted() else None, data={"code": request.args.get("code", "")})
    if not _posted() or not form.validate():
        return _page("pledges/redeem.html", form, until=None)
    try:
        cover = gifts.redeem(session, form.code.data, parties.of(session, web.me()))
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _page("pledges/redeem.html", form, until=None)
    member = members.is_member(session, web.account())
    return _page("pledges/redeem.html", form, until=cover.ends_on, member=member)


@pages.route("/pledges/seats/take", methods=["GET", "POST"])
@web.signed_in
def take_seat() -> Page:
    """Take a seat that others paid for; nobody asks why."""
    session, form, until = web.session(), ButtonForm(request.form), None
    if _posted():
        try:
            until = seats.take(session, parties.of(session, web.me()), settings().currency).ends_on
        except Refused as refused:
            web.undo()
            form.refuse(refused)
    session = web.session()
    member = members.is_member(session, web.account())
    return _page("pledges/take_seat.html", form, until=until, free=seats.free(session), member=member)


def _page(template: str, form: Form, **values: object) -> Page:
    page = render_template(f"membership/{template}", form=form, **values)
    return (page, 422) if form.errors else page


def _posted() -> bool:
    return request.method == "POST"
