"""The register of members: reduced for members, full for the treasurer, who also decides here."""

import uuid
from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from commons import limits, powers, web
from commons.forms import Form
from commons.language import N_, day, ngettext
from commons.powers import Power
from commons.refusal import Refused
from membership.members import forms, members, payouts, register, shares, words
from membership.members.models import Membership
from membership.money import currencies, parties, receivables

pages = Blueprint("members", __name__)

View = Callable[..., ResponseReturnValue]


def members_only(view: View) -> View:
    """For those who are members now."""

    @web.signed_in
    @wraps(view)
    def guarded(*args: object, **values: object) -> ResponseReturnValue:
        if not members.is_member(web.session(), web.account()):
            raise Refused(N_("Only members may look into this."), status=403)
        return view(*args, **values)

    return guarded


def treasurer_only(view: View) -> View:
    """For the treasurer; the verbs write the minutes."""

    @web.signed_in
    @wraps(view)
    def guarded(*args: object, **values: object) -> ResponseReturnValue:
        powers.require(web.session(), web.account(), Power.BOOKS)
        return view(*args, **values)

    return guarded


# For members


@pages.get("/members")
@members_only
def reduced() -> ResponseReturnValue:
    """Who owns the newsroom: names, without shares and money."""
    session = web.session()
    return render_template(
        "membership/members/reduced.html",
        rows=register.rows(session, full=False, after=_after(), count=limits.ROWS_SHOWN),
        total=members.count(session),
        words=words,
        most=limits.ROWS_SHOWN,
    )


@pages.get("/members.csv")
@members_only
def reduced_csv() -> Response:
    return _csv(register.as_csv(web.session(), full=False), "members")


# For the treasurer


@pages.get("/treasury/members")
@treasurer_only
def full() -> ResponseReturnValue:
    """The whole register, and who waits to become a member."""
    return _full_page(forms.AccountsForm())


@pages.get("/treasury/members.csv")
@treasurer_only
def full_csv() -> Response:
    return _csv(register.as_csv(web.session(), full=True), "register")


@pages.get("/treasury/shares.csv")
@treasurer_only
def changes_csv() -> Response:
    return _csv(register.changes_as_csv(web.session()), "shares")


@pages.post("/treasury/accounts")
@treasurer_only
def adopt_accounts() -> ResponseReturnValue:
    """Note that the accounts of a year were adopted."""
    form = forms.AccountsForm(request.form)
    if not form.validate():
        return _full_page(form, 422)
    try:
        payouts.adopt_accounts(web.session(), form.year.data, form.decided_in.data, by=web.me())
    except Refused as refused:
        return _full_page(_told(form, refused), refused.status)
    return redirect("/treasury/members", 303)


@pages.get("/treasury/members/<uuid:membership_id>")
@treasurer_only
def member(membership_id: uuid.UUID) -> ResponseReturnValue:
    """One member: what happened, what she holds, and what can be done."""
    return _member_page(membership_id)


@pages.post("/treasury/members/<uuid:membership_id>/admit")
@treasurer_only
def admit(membership_id: uuid.UUID) -> ResponseReturnValue:
    return _do(membership_id, None, lambda: members.admit(web.session(), membership_id, by=web.me()))


@pages.post("/treasury/members/<uuid:membership_id>/decline")
@treasurer_only
def decline(membership_id: uuid.UUID) -> ResponseReturnValue:
    form = forms.ReasonForm(request.form)
    return _do(
        membership_id,
        form,
        lambda: members.decline(web.session(), membership_id, by=web.me(), reason=form.reason.data),
    )


@pages.post("/treasury/members/<uuid:membership_id>/class")
@treasurer_only
def change_class(membership_id: uuid.UUID) -> ResponseReturnValue:
    form = forms.ClassForm(request.form).offer()
    return _do(
        membership_id,
        form,
        lambda: members.change_class(
            web.session(), membership_id, form.class_.data, by=web.me(), reason=form.reason.data
        ),
    )


@pages.post("/treasury/members/<uuid:membership_id>/transfer")
@treasurer_only
def transfer(membership_id: uuid.UUID) -> ResponseReturnValue:
    giver = members.find(web.session(), membership_id)
    form = forms.TransferForm(request.form).offer(_lots(giver))
    return _do(
        membership_id,
        form,
        lambda: shares.transfer(
            web.session(),
            giver,
            members.numbered(web.session(), form.to.data),
            uuid.UUID(form.lot.data),
            form.shares.data,
            by=web.me(),
        ),
    )


@pages.post("/treasury/members/<uuid:membership_id>/payout")
@treasurer_only
def propose_payout(membership_id: uuid.UUID) -> ResponseReturnValue:
    found = members.find(web.session(), membership_id)
    return _do(membership_id, None, lambda: payouts.propose_payout(web.session(), found, by=web.me()))


@pages.post("/treasury/members/<uuid:membership_id>/payout/approve")
@treasurer_only
def approve_payout(membership_id: uuid.UUID) -> ResponseReturnValue:
    found = members.find(web.session(), membership_id)
    return _do(membership_id, None, lambda: payouts.approve_payout(web.session(), found, by=web.me()))


def _do(membership_id: uuid.UUID, form: Form | None, verb: Callable[[], object]) -> ResponseReturnValue:
    """Check the form, call the verb, and show the member again; or say what is wrong, and keep nothing."""
    if form is not None and not form.validate():
        return _member_page(membership_id, form, 422)
    try:
        verb()
    except Refused as refused:
        return _member_page(membership_id, _told(form or Form(), refused), refused.status)
    return redirect(f"/treasury/members/{membership_id}", 303)


def _told(form: Form, refused: Refused) -> Form:
    web.undo()
    form.refuse(refused)
    return form


def _full_page(form: Form, status: int = 200) -> ResponseReturnValue:
    session = web.session()
    page = render_template(
        "membership/members/full.html",
        rows=register.rows(session, full=True, after=_after(), count=limits.ROWS_SHOWN),
        waiting=members.waiting(session),
        total=members.count(session),
        adopted=payouts.adopted(session),
        words=words,
        name_of=parties.name_of,
        show=currencies.show,
        most=limits.ROWS_SHOWN,
        form=form,
    )
    return page, status


def _member_page(
    membership_id: uuid.UUID, form: Form | None = None, status: int = 200
) -> ResponseReturnValue:
    """The page of one member; ``form`` is the one that was sent and refused."""
    session = web.session()
    found = members.find(session, membership_id)
    page = render_template(
        "membership/members/member.html",
        member=found,
        name=parties.name_of(found.party) or register.pseudonym(found.number or 0),
        history=members.history(session, found),
        position=shares.position(session, found),
        events=[event for event in shares.events(session, found) if event.membership_id == found.id],
        payable=payouts.payable(session, found),
        proposal=payouts.proposed(session, found),
        owes=receivables.owed_by(session, found.party_id),
        refused=form,
        reason=form if type(form) is forms.ReasonForm else forms.ReasonForm(),
        class_form=form if isinstance(form, forms.ClassForm) else _class_form(found),
        transfer=form if isinstance(form, forms.TransferForm) else forms.TransferForm().offer(_lots(found)),
        words=words,
        money=currencies.Money,
        show=currencies.show,
        me=web.me(),
    )
    return page, status


def _class_form(found: Membership) -> forms.ClassForm:
    form = forms.ClassForm(data={"class_": found.class_})
    return form.offer()


def _lots(found: Membership) -> list[tuple[str, str]]:
    """The blocks of shares that can be handed on."""
    return [
        (
            str(it.lot),
            ngettext(
                "%(num)s share since %(day)s",
                "%(num)s shares since %(day)s",
                it.free,
                day=day(it.since) if it.since else "",
            ),
        )
        for it in shares.holdings(web.session(), found)
        if it.free and not it.unpaid
    ]


def _csv(text: str, name: str) -> Response:
    response = Response(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _after() -> int:
    return request.args.get("after", 0, type=int)
