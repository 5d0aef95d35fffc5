"""One's own office: powers one holds, a seat and what belongs to it, a seat that is offered."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from commons import powers, web
from commons.clock import now
from commons.config import settings
from commons.forms import Form
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from commons.views import POWERS
from membership.board import cooptions, deputies, meetings, overview, seats, vacancies
from membership.board.forms import (
    ATTENDED,
    DEPUTED,
    CooptionForm,
    DecisionForm,
    DeputyForm,
    LayDownForm,
    MeetingForm,
    WhenForm,
    attended,
)
from membership.board.models import Seat

pages = Blueprint("board_mine", __name__)

View = Callable[..., ResponseReturnValue]


def sits(view: View) -> View:
    """Only for those who sit on the board with its powers."""

    @web.signed_in
    @wraps(view)
    def guarded(*args: Any, **values: Any) -> ResponseReturnValue:
        _seat()
        return view(*args, **values)

    return guarded


# One's own office


@pages.get("/board/mine")
@web.signed_in
def mine() -> ResponseReturnValue:
    """What one holds and may do, on one page."""
    return _mine_page()


@pages.post("/board/mine/lay-down")
@web.signed_in
def lay_down() -> ResponseReturnValue:
    """Give up a power that was granted by command; a seat that waited for that is taken up at once."""
    session, me = web.session(), web.me()
    form = LayDownForm(request.form)
    if not form.validate():
        raise Refused(N_("This is nothing that you could lay down."))
    powers.lay_down(session, me, Power(form.power.data), on=f"{settings().origin}/board")
    for seat in seats.hers(session, me):
        if seat.account_id is None:
            seats.take_up(session, seat)
    return redirect("/board/mine", 303)


@pages.route("/board/mine/seats/<uuid:seat_id>/resign", methods=["GET", "POST"])
@web.signed_in
def resign(seat_id: uuid.UUID) -> ResponseReturnValue:
    """Two clicks: what it means, and the button."""
    session, me = web.session(), web.me()
    if request.method == "POST":
        seats.resign(session, seat_id, by=me)
        return redirect("/board/mine", 303)
    seat = next((each for each in seats.hers(session, me) if each.id == seat_id), None)
    if seat is None:
        raise Refused(N_("This is not your seat."), status=403)
    return render_template(
        "membership/board/resign.html", seat=seat, deputies=deputies.of_seat(session, seat)
    )


@pages.post("/board/mine/offers/<uuid:offer_id>/<any(accept, decline):answer>")
@web.signed_in
def answer_offer(offer_id: uuid.UUID, answer: str) -> ResponseReturnValue:
    """Take a vacant seat that a countback offers, or leave it to the next."""
    vacancies.answer(web.session(), offer_id, accepts=answer == "accept", by=web.me())
    return redirect("/board/mine", 303)


# Deputies


@pages.post("/board/mine/deputies")
@sits
def appoint() -> ResponseReturnValue:
    """Appoint a deputy."""
    form = DeputyForm(request.form).offer()
    if not form.validate():
        return _mine_page(form, 422)
    power = Power(form.power.data)
    return _done(
        form,
        lambda: deputies.appoint(
            web.session(), form.handle.data, power, form.last_day.data, form.reason.data, by=web.me()
        ),
    )


@pages.post("/board/mine/deputies/<uuid:deputy_id>/end")
@web.signed_in
def dismiss(deputy_id: uuid.UUID) -> ResponseReturnValue:
    """End an appointment: by who made it, or by the deputy."""
    deputies.dismiss(web.session(), deputy_id, by=web.me())
    return redirect("/board/mine", 303)


# Co-option


@pages.post("/board/mine/vacancies/<uuid:seat_id>/co-opt")
@sits
def propose(seat_id: uuid.UUID) -> ResponseReturnValue:
    """Propose a member for a seat that no ballots could fill."""
    form = CooptionForm(request.form)
    if not form.validate():
        return _mine_page(form, 422)
    return _done(form, lambda: cooptions.propose(web.session(), seat_id, form.number.data, by=web.me()))


@pages.post("/board/mine/co-options/<uuid:cooption_id>/agree")
@sits
def agree(cooption_id: uuid.UUID) -> ResponseReturnValue:
    """Agree to a proposal, as one who sits."""
    cooptions.agree(web.session(), cooption_id, by=web.me())
    return redirect("/board/mine", 303)


@pages.post("/board/mine/co-options/<uuid:cooption_id>/consent")
@web.signed_in
def consent(cooption_id: uuid.UUID) -> ResponseReturnValue:
    """Be ready to sit, as the proposed member."""
    cooptions.consent(web.session(), cooption_id, by=web.me())
    return redirect("/board/mine", 303)


# Meetings


@pages.get("/board/mine/meetings/new")
@sits
def new_meeting() -> ResponseReturnValue:
    """First when it was held; then who was there."""
    when = WhenForm(request.args if "held" in request.args else None)
    if "held" not in request.args or not when.validate():
        return render_template("membership/board/meeting_when.html", form=when)
    return _meeting_page(MeetingForm(data={"held": when.held.data}))


@pages.post("/board/mine/meetings")
@sits
def record() -> ResponseReturnValue:
    """Record a meeting with its attendance."""
    form = MeetingForm(request.form)
    if not form.validate():
        return _meeting_page(form, 422)
    session = web.session()
    chosen = attended(request.form, seats.sitting(session, form.moment))
    try:
        made = meetings.record(
            session,
            held_at=form.moment,
            title=form.name.data,
            place=form.place.data or "",
            attended={seat.id: word for seat, word in chosen.items()},
            by=web.me(),
        )
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _meeting_page(form, refused.status)
    return redirect(f"/board/mine/meetings/{made.id}", 303)


@pages.route("/board/mine/meetings/<uuid:meeting_id>", methods=["GET", "POST"])
@sits
def decide(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Add what a meeting decided."""
    session = web.session()
    form = DecisionForm(request.form or None)
    if request.method == "GET":
        return _decisions_page(meeting_id, form)
    if not form.validate():
        return _decisions_page(meeting_id, form, 422)
    try:
        meetings.decide(session, meeting_id, form.resolution, by=web.me())
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _decisions_page(meeting_id, form, refused.status)
    return redirect(f"/board/mine/meetings/{meeting_id}", 303)


def _meeting_page(form: MeetingForm, status: int = 200) -> ResponseReturnValue:
    moment = form.moment if form.held.data is not None else now()
    chosen = attended(request.form, seats.sitting(web.session(), moment))
    page = render_template("membership/board/meeting_new.html", form=form, chosen=chosen, words=ATTENDED)
    return page, status


def _decisions_page(meeting_id: uuid.UUID, form: DecisionForm, status: int = 200) -> ResponseReturnValue:
    session = web.session()
    found = meetings.find(session, meeting_id)
    page = render_template(
        "membership/board/meeting_decide.html",
        meeting=found,
        decisions=meetings.decisions(session, found),
        form=form,
    )
    return page, status


def _done(form: Form, act: Callable[[], object]) -> ResponseReturnValue:
    """Do it and show the page again, or the page with why it was declined."""
    try:
        act()
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _mine_page(form, refused.status)
    return redirect("/board/mine", 303)


def _mine_page(form: Form | None = None, status: int = 200) -> ResponseReturnValue:
    """The office; ``form`` is the one that was sent and refused."""
    session, me = web.session(), web.me()
    seat = seats.of(session, me)
    page = render_template(
        "membership/board/mine.html",
        seat=seat,
        hers=seats.hers(session, me),
        grants=powers.granted(session, me),
        deputies=deputies.of_seat(session, seat) if seat is not None else [],
        deputy_of=[(each, seats.find(session, each.seat_id)) for each in deputies.of_account(session, me)],
        offers=vacancies.offered_to(session, me),
        cooptions=cooptions.shown(session),
        asked=cooptions.asked(session, me),
        vacancies=[each for each in overview.vacancies(session) if cooptions.may_coopt(session, each.seat)],
        fixed=seats.fixed_now(session),
        deputy=form if isinstance(form, DeputyForm) else DeputyForm().offer(),
        coopt=form if isinstance(form, CooptionForm) else CooptionForm(),
        refused=form,
        powers=POWERS,
        deputed=DEPUTED,
    )
    return page, status


def _seat() -> Seat:
    found = seats.of(web.session(), web.account())
    if found is None:
        raise Refused(N_("Only who sits on the board may do this."), status=403)
    return found
