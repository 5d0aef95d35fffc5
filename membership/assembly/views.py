"""The pages of the assembly: meetings, motions and what was decided. Everybody may read them."""

import uuid

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from commons import powers, web
from commons.clock import now
from commons.language import wall
from commons.powers import Power
from commons.refusal import Refused
from membership.assembly import calendar_file, meetings, motions
from membership.assembly.forms import CallForm, CancelForm, MotionForm, RecordForm
from membership.assembly.models import CALLED, Assembly, Motion
from membership.books import surplus
from membership.books.models import PROPOSED, Surplus
from membership.elections.models import Election
from membership.members import members, statutes
from membership.money.currencies import Money, show

pages = Blueprint("assembly", __name__)


@pages.get("/assembly")
def index() -> str:
    """The next meeting, older ones, and all motions."""
    session = web.session()
    return _page("index.html", meetings=meetings.every(session), motions=motions.every(session))


@pages.get("/assembly/<uuid:assembly_id>")
def meeting(assembly_id: uuid.UUID) -> str:
    """One meeting: when and where, its agenda, and its record."""
    session = web.session()
    found = meetings.find(session, assembly_id)
    return _page("meeting.html", meeting=found, agenda=meetings.agenda(session, found))


@pages.get("/assembly/<uuid:assembly_id>/calendar.ics")
def calendar(assembly_id: uuid.UUID) -> Response:
    """The meeting for one's calendar."""
    response = make_response(calendar_file.of(meetings.find(web.session(), assembly_id)))
    response.mimetype = "text/calendar"
    response.headers["Content-Disposition"] = 'attachment; filename="assembly.ics"'
    return response


@pages.route("/assembly/call", methods=["GET", "POST"])
@web.signed_in
def call() -> ResponseReturnValue:
    """Call a meeting: for officers of elections."""
    powers.require(web.session(), web.me(), Power.ELECTIONS)
    form = CallForm(request.form)
    if request.method == "GET" or not form.validate():
        return _form("call.html", form)
    try:
        made = meetings.call(
            web.session(),
            title=form.title.data,
            invitation=form.invitation.data,
            place=form.place.data,
            starts_at=form.starts_at(),
            zone=form.zone.data,
            by=web.me(),
        )
        return redirect(f"/assembly/{made.id}", 303)
    except Refused as refused:
        return _refused("call.html", form, refused)


@pages.route("/assembly/<uuid:assembly_id>/record", methods=["GET", "POST"])
@web.signed_in
def record(assembly_id: uuid.UUID) -> ResponseReturnValue:
    """Write down what was said and decided."""
    powers.require(web.session(), web.me(), Power.ELECTIONS)
    found, form = meetings.find(web.session(), assembly_id), RecordForm(request.form)
    if request.method == "GET" or not form.validate():
        return _form("record.html", form, meeting=found, cancel=CancelForm())
    try:
        meetings.record(web.session(), assembly_id, form.record.data, form.present.data, web.me())
        return redirect(f"/assembly/{assembly_id}", 303)
    except Refused as refused:
        return _refused("record.html", form, refused, meeting=found, cancel=CancelForm())


@pages.post("/assembly/<uuid:assembly_id>/cancel")
@web.signed_in
def cancel(assembly_id: uuid.UUID) -> ResponseReturnValue:
    """Call a meeting off."""
    powers.require(web.session(), web.me(), Power.ELECTIONS)
    form = CancelForm(request.form)
    if not form.validate():
        found = meetings.find(web.session(), assembly_id)
        return _page("record.html", form=RecordForm(), meeting=found, cancel=form), 422
    meetings.cancel(web.session(), assembly_id, form.reason.data, web.me())
    return redirect(f"/assembly/{assembly_id}", 303)


@pages.route("/assembly/motions/new", methods=["GET", "POST"])
@web.signed_in
def move() -> ResponseReturnValue:
    """Move something: for members with a vote."""
    session = web.session()
    form = MotionForm(
        request.form,
        data={"assembly": request.args.get("assembly", "")},
        meetings=[(str(each.id), each.title) for each in meetings.every(session) if each.state == CALLED],
        proposals=_proposals(),
        fixed=statutes.at(session, statutes.today(now())),
    )
    if request.method == "GET" or not form.validate():
        return _form("move.html", form)
    try:
        made = motions.move(
            session,
            title=form.title.data,
            reasons=form.reasons.data,
            by=web.me(),
            assembly_id=form.meeting_id(),
            statute=form.change(),
            surplus_id=form.proposal_id(),
        )
        return redirect(f"/assembly/motions/{made.id}", 303)
    except Refused as refused:
        return _refused("move.html", form, refused)


@pages.get("/assembly/motions/<uuid:motion_id>")
def motion(motion_id: uuid.UUID) -> str:
    """One motion: reasons, support, vote and what followed."""
    return _motion_page(motions.find(web.session(), motion_id))


@pages.post("/assembly/motions/<uuid:motion_id>/<any(support, withdraw, put):step>")
@web.signed_in
def act(motion_id: uuid.UUID, step: str) -> ResponseReturnValue:
    """Support it, take it back, or (officers) put it to the vote."""
    if step == "put":
        election = motions.put(web.session(), motion_id, web.me())
        return redirect(f"/elections/{election.slug}", 303)
    verb = motions.support if step == "support" else motions.withdraw
    verb(web.session(), motion_id, web.me())
    return redirect(f"/assembly/motions/{motion_id}", 303)


def _motion_page(found: Motion) -> str:
    session, account = web.session(), web.account()
    return _page(
        "motion.html",
        motion=found,
        change=motions.change_words(found),
        supporters=motions.supporters(session, found),
        needed=statutes.at(session, statutes.today(now())).motion_supporters,
        supported=motions.supports(session, found, account),
        mine=motions.moved_by(session, found, account),
        member=members.is_member(session, account),
        election=session.get(Election, found.election_id) if found.election_id else None,
        meeting=session.get(Assembly, found.assembly_id) if found.assembly_id else None,
        proposal=session.get(Surplus, found.surplus_id) if found.surplus_id else None,
    )


def _proposals() -> list[tuple[str, str]]:
    """What the treasurer proposes to do with a surplus, and nobody decided yet."""
    found = []
    for each in surplus.every(web.session()):
        if each.state == PROPOSED:
            amounts = (show(Money(each.reserve, each.currency)), show(Money(each.refund, each.currency)))
            found.append((str(each.id), f"{each.year}: {amounts[0]} + {amounts[1]}"))
    return found


def _page(template: str, **values: object) -> str:
    account = web.account()
    officer = powers.may(web.session(), account, Power.ELECTIONS)
    return render_template(
        f"membership/assembly/{template}", officer=officer, wall=wall, show=show, Money=Money, **values
    )


def _form(template: str, form: CallForm | RecordForm | MotionForm, **values: object) -> ResponseReturnValue:
    return _page(template, form=form, **values), 422 if form.errors else 200


def _refused(
    template: str, form: CallForm | RecordForm | MotionForm, refused: Refused, **values: object
) -> ResponseReturnValue:
    web.undo()
    form.refuse(refused)
    return _page(template, form=form, **values), refused.status
