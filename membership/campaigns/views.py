"""The pages of campaigns and pitches. Readers' pages are the same for everyone and need no script."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from commons import powers, sanitize, web
from commons.clock import now
from commons.config import settings
from commons.forms import Form
from commons.language import N_, _, wall
from commons.powers import Power
from commons.refusal import Refused
from federation.models import Actor
from membership.campaigns import (
    campaigns,
    choices,
    deadlines,
    pitches,
    progress,
    rewards,
    telling,
    waivers,
)
from membership.campaigns.forms import (
    ChoiceForm,
    DecisionForm,
    JoinForm,
    NewsForm,
    PlanForm,
    ReasonForm,
    StoryForm,
)
from membership.campaigns.models import Campaign
from membership.campaigns.progress import Progress
from membership.money.currencies import Money, show
from membership.money.guards import Page
from membership.pledges.views import own, take_from

pages = Blueprint("campaigns", __name__)

AREA = "<any(campaigns, pitches):area>"
KINDS = {"campaigns": campaigns.CAMPAIGN, "pitches": campaigns.PITCH}


class Shown:
    """A campaign as the pages say it; sums are left out while they would tell what one person gave."""

    def __init__(self, session: Session, campaign: Campaign) -> None:
        self.campaign = campaign
        self.progress: Progress = progress.progress(session, campaign)
        self.sentence = telling.sentence(self.progress)
        self.path = campaigns.address(campaign).removeprefix(settings().origin)
        self.ending = _(telling.ENDINGS[campaign.state]) if telling.ENDINGS[campaign.state] else ""
        self.open = campaign.state == "open" and campaign.closes_at > now()
        self.days = deadlines.days_left(now(), campaign.closes_at, campaign.zone)
        self.ends = wall(campaign.closes_at, campaign.zone)

    @property
    def percent(self) -> int:
        """For the bar; nothing while sums are not shown."""
        return min(self.progress.percent, 100) if self.progress.shown else 0


@pages.get(f"/{AREA}")
def index(area: str) -> Response:
    """All campaigns, or all pitches."""
    session, kind = web.session(), KINDS[area]
    shown = [Shown(session, campaign) for campaign in campaigns.every(session, kind)]
    return _public("index.html", kind=kind, shown=shown)


@pages.get(f"/{AREA}/<slug>")
def one(area: str, slug: str) -> Response:
    """A campaign: goal, progress, news, and how it ended."""
    session = web.session()
    return web.public(_one(session, campaigns.find(session, KINDS[area], slug)), 30)


def _one(session: Session, campaign: Campaign) -> str:
    shown = Shown(session, campaign)
    stretches = [
        (show(Money(each.amount, campaign.currency)), each.text, each.amount <= shown.progress.money.amount)
        for each in campaigns.stretches_of(session, campaign)
    ]
    return render_template(
        "membership/campaigns/one.html",
        shown=shown,
        campaign=campaign,
        text=_paragraphs(campaign.text),
        stretches=stretches if shown.progress.shown else [(*each[:2], False) for each in stretches],
        rewards=[
            (reward, show(Money(reward.least, campaign.currency)), free)
            for reward, free in rewards.every(session, campaign)
        ],
        news=[(each, _paragraphs(each.text)) for each in campaigns.news_of(session, campaign)],
        actor=session.get_one(Actor, campaign.actor_id),
        decision=pitches.decision_on(session, campaign),
        waiver=waivers.of(session, campaign.id),
        second=show(Money(campaign.second_goal, campaign.currency)) if campaign.second_goal else "",
        story=f"/stories/{campaign.story_id}" if campaign.story_id else "",
    )


@pages.get(f"/{AREA}/<slug>/progress")
def live(area: str, slug: str) -> Response:
    """Only the progress, for the script that keeps an open page fresh."""
    session = web.session()
    campaign = campaigns.find(session, KINDS[area], slug)
    return _public("progress.html", seconds=10, shown=Shown(session, campaign))


def actor_page(session: Session, actor: Actor) -> str | None:
    """The campaign's page, at the address of the actor that is its face; None for other actors."""
    campaign = campaigns.of_actor(session, actor.id)
    return _one(session, campaign) if campaign is not None else None


@pages.route(f"/{AREA}/<slug>/pledge", methods=["GET", "POST"])
def join(area: str, slug: str) -> Page:
    """Pledge to it."""
    session = web.session()
    form = JoinForm(request.form if _posted() else None, known=web.account() is not None)
    campaign = campaigns.find(session, KINDS[area], slug)
    form.offer(rewards.every(session, campaign), campaign.currency)

    def again(form: JoinForm) -> Page:
        session = web.session()
        return _page("join.html", form, shown=Shown(session, campaigns.find(session, KINDS[area], slug)))

    if not _posted() or not form.validate():
        return again(form)
    return take_from(
        form,
        lambda session, party: campaigns.join(
            session,
            party,
            campaign,
            form.money(),
            provider=form.provider.data,
            once=form.once.data,
            reward_id=form.reward_id,
        ),
        again,
    )


# For those who ask


@pages.get(f"/{AREA}/desk")
@web.signed_in
def desk(area: str) -> Page:
    """For the treasurer, or the newsroom: what runs, and what is to be decided. Sums only, never who."""
    session, kind = web.session(), KINDS[area]
    powers.require(session, web.account(), campaigns.OPENED_BY[kind])
    shown = [Shown(session, campaign) for campaign in campaigns.every(session, kind)]
    return render_template("membership/campaigns/desk.html", area=area, kind=kind, shown=shown)


@pages.route(f"/{AREA}/new", methods=["GET", "POST"])
@web.signed_in
def new(area: str) -> Page:
    """Open a campaign or a pitch."""
    session, kind = web.session(), KINDS[area]
    powers.require(session, web.account(), campaigns.OPENED_BY[kind])
    form = PlanForm(
        request.form if _posted() else None,
        data={"zone": settings().timezone, "scheme": campaigns.ALL_OR_NOTHING},
    )
    if not _posted() or not form.validate():
        return _page("new.html", form, kind=kind)
    try:
        made = campaigns.open_(session, form.plan(kind), by=web.me())
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _page("new.html", form, kind=kind)
    return redirect(f"{campaigns.address(made)}/manage", 303)


@pages.get(f"/{AREA}/<slug>/manage")
@web.signed_in
def manage(area: str, slug: str) -> Page:
    """What can be done to it."""
    return _manage(area, slug, {})


FORMS: dict[str, type[Form]] = {
    "news": NewsForm,
    "cancel": ReasonForm,
    "waive": ReasonForm,
    "agree": Form,
    "decide": DecisionForm,
    "story": StoryForm,
}


@pages.post(f"/{AREA}/<slug>/<any(news, cancel, waive, agree, decide, story):what>")
@web.signed_in
def act(area: str, slug: str, what: str) -> Page:
    """Do one of the things of the page before."""
    session, by = web.session(), web.me()
    campaign = _managed(session, area, slug)
    form = FORMS[what](request.form)
    verbs: dict[str, Callable[[], object]] = {
        "news": lambda: campaigns.tell(session, campaign, form.news_title.data, form.news_text.data, by=by),
        "cancel": lambda: campaigns.cancel(session, campaign, form.reason.data, by=by),
        "waive": lambda: waivers.propose(session, campaign, form.reason.data, by=by),
        "agree": lambda: waivers.agree(session, campaign, by=by),
        "decide": lambda: pitches.decide(session, campaign, form.verdict.data, form.reason.data, by=by),
        "story": lambda: pitches.link_story(session, campaign, form.address.data, by=by),
    }
    if not form.validate():
        return _manage(area, slug, {what: form}), 422
    try:
        verbs[what]()
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return _manage(area, slug, {what: form}), refused.status
    return redirect(f"{campaigns.address(campaign)}/manage", 303)


def _managed(session: Session, area: str, slug: str) -> Campaign:
    """The campaign, for those who may do something to it."""
    campaign = campaigns.find(session, KINDS[area], slug)
    held = powers.usable(session, web.account())
    if not held & {campaigns.OPENED_BY[campaign.kind], Power.BOOKS}:
        raise Refused(N_("You do not have the power to do this."), status=403)
    return campaign


def _manage(area: str, slug: str, filled: dict[str, Form]) -> str:
    session = web.session()
    campaign = _managed(session, area, slug)
    return render_template(
        "membership/campaigns/manage.html",
        shown=Shown(session, campaign),
        campaign=campaign,
        forms={name: filled.get(name) or form() for name, form in FORMS.items()},
        held=powers.usable(session, web.account()),
        opened_by=campaigns.OPENED_BY[campaign.kind],
        decision=pitches.decision_on(session, campaign),
        waiver=waivers.of(session, campaign.id),
        me=web.me(),
    )


@pages.route("/pitches/choose/<number>", methods=["GET", "POST"])
def choose(number: str) -> Page:
    """What happens with what one paid for a declined pitch."""
    session, pledge = web.session(), own(number)
    pitch = session.get(Campaign, pledge.campaign_id) if pledge.campaign_id else None
    if pitch is None or pitch.state != "declined":
        raise Refused(N_("There is nothing to choose for this pledge."), status=404)
    others = [each for each in campaigns.every(session, campaigns.PITCH) if Shown(session, each).open]
    form = ChoiceForm(request.form if _posted() else None)
    form.offer(others)
    made = None
    if _posted() and form.validate():
        to = next((each for each in others if each.slug == form.choice.data), None)
        try:
            made = choices.choose(session, pledge, choices.REASSIGN if to else choices.REFUND, to)
        except Refused as refused:
            web.undo()
            form.refuse(refused)
    return _page(
        "choose.html",
        form,
        title=pitch.title,
        until=pitch.choices_until,
        made=made,
        key=request.values.get("key", ""),
    )


def _paragraphs(text: str) -> list[Markup]:
    return [
        Markup(sanitize.linked_text(part))
        for part in text.replace("\r\n", "\n").split("\n\n")
        if part.strip()
    ]


def _public(template: str, seconds: int = 30, **values: object) -> Response:
    return web.public(render_template(f"membership/campaigns/{template}", **values), seconds)


def _page(template: str, form: Form, **values: object) -> Page:
    page = render_template(f"membership/campaigns/{template}", form=form, **values)
    return (page, 422) if form.errors else page


def _posted() -> bool:
    return request.method == "POST"
