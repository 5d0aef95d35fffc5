"""Campaigns: opening one, pledging to it before its deadline, telling news, calling it off."""

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slugify import slugify
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons import limits, powers
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import new_id, rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from federation import actors
from membership.campaigns import deadlines, rewards
from membership.campaigns.models import Campaign, News, Reward, Stretch
from membership.money.currencies import Money, positive
from membership.money.models import Party
from membership.pledges import meaning, periods, pledges
from membership.pledges.models import Pledge
from membership.pledges.pledges import Wish

CAMPAIGN, PITCH = "campaign", "pitch"
ALL_OR_NOTHING, KEEP_IT_ALL, TWO_ROUNDS = "all_or_nothing", "keep_it_all", "two_rounds"
SCHEMES = (ALL_OR_NOTHING, KEEP_IT_ALL, TWO_ROUNDS)
HELD_IN = {CAMPAIGN: "restricted:campaigns", PITCH: "restricted:pitches"}
EARNED_IN = {CAMPAIGN: "income:campaigns", PITCH: "income:pitches"}
# Who may ask readers for money: the treasurer for the house, a journalist for a story.
OPENED_BY = {CAMPAIGN: Power.BOOKS, PITCH: Power.WRITE}
HANDLE_CHARS = 30


@dataclass(frozen=True)
class Plan:
    """A campaign to be. ``ends`` is a wall clock in ``zone``; ``rewards`` are (title, least, places)."""

    kind: str
    title: str
    summary: str
    text: str
    scheme: str
    goal_money: Money
    ends: datetime
    zone: str
    goal_people: int = 0
    second_goal: Money | None = None
    second_ends: datetime | None = None
    stretches: tuple[tuple[Money, str], ...] = ()
    rewards: tuple[tuple[str, Money, int | None], ...] = ()
    slug: str = field(default="")


def open_(session: Session, plan: Plan, *, by: Account) -> Campaign:
    """Ask readers. The campaign gets an actor of its own that can be followed."""
    closes_at, second = _check(session, plan)
    slug = _free_slug(session, plan)
    powers.exercise(
        session,
        by,
        OPENED_BY[plan.kind],
        on=address_of(plan.kind, slug),
        reason=plan.title,
        verb="open campaign",
    )
    actor = actors.create_local(
        session,
        kind="Group",
        handle=_free_handle(session, plan.kind, slug),
        name=plan.title,
        summary=plan.summary,
    )
    campaign = Campaign(
        id=new_id(),
        slug=slug,
        kind=plan.kind,
        title=plan.title.strip(),
        summary=plan.summary.strip(),
        text=plan.text.strip(),
        language=settings().language,
        scheme=plan.scheme,
        currency=plan.goal_money.currency,
        goal_money=plan.goal_money.amount,
        goal_people=plan.goal_people,
        zone=plan.zone,
        closes_at=closes_at,
        second_goal=plan.second_goal.amount if plan.second_goal else None,
        second_closes_at=second,
        actor_id=actor.id,
    )
    actor.url = address(campaign)
    session.add(campaign)
    session.flush()
    session.add_all(
        Stretch(campaign_id=campaign.id, amount=money.amount, text=text) for money, text in plan.stretches
    )
    session.add_all(
        Reward(campaign_id=campaign.id, title=title, least=least.amount, places=places)
        for title, least, places in plan.rewards
    )
    session.flush()
    return campaign


def _check(session: Session, plan: Plan) -> tuple[datetime, datetime | None]:
    """The two deadlines as instants; refuses a plan that cannot be kept."""
    if plan.kind not in HELD_IN or plan.scheme not in SCHEMES:
        raise ValueError(f"{plan.kind} {plan.scheme}")
    _check_words(plan)
    sums = [plan.goal_money, *(money for money, _text in plan.stretches), *(r[1] for r in plan.rewards)]
    sums += [plan.second_goal] if plan.second_goal else []
    if any(positive(money).currency != settings().currency for money in sums):
        raise Refused(N_("We take %(currency)s only."), currency=settings().currency)
    if plan.goal_people < 0 or any(places is not None and places < 1 for _, _, places in plan.rewards):
        raise Refused(N_("A number of people or places is one or more."))
    if any(money <= plan.goal_money for money, _text in plan.stretches):
        raise Refused(N_("A further goal is more than the goal."))
    closes_at = deadlines.instant(plan.ends, plan.zone)
    moment = db_now(session)
    if not moment < closes_at <= moment + timedelta(days=limits.CAMPAIGN_DAYS):
        raise Refused(N_("The end lies ahead, at most %(days)s days from now."), days=limits.CAMPAIGN_DAYS)
    return closes_at, _check_second(plan, closes_at)


def _check_second(plan: Plan, closes_at: datetime) -> datetime | None:
    if plan.scheme != TWO_ROUNDS:
        return None
    if plan.second_goal is None or plan.second_ends is None or plan.second_goal <= plan.goal_money:
        raise Refused(N_("A second round needs an end and a goal above the first."))
    second = deadlines.instant(plan.second_ends, plan.zone)
    if not closes_at < second <= closes_at + timedelta(days=limits.CAMPAIGN_DAYS):
        raise Refused(N_("The second round ends after the first, and not too long after it."))
    return second


def _check_words(plan: Plan) -> None:
    lengths = (
        (plan.title, limits.TITLE_CHARS),
        (plan.summary, limits.SUMMARY_STORY_CHARS),
        (plan.text, limits.CAMPAIGN_TEXT_CHARS),
        *((text, limits.TITLE_CHARS) for _money, text in plan.stretches),
        *((title, limits.TITLE_CHARS) for title, _least, _places in plan.rewards),
    )
    for text, most in lengths:
        if not text.strip():
            raise Refused(N_("A campaign needs a title, a summary and a text."))
        if len(text) > most:
            raise Refused(N_("A text is too long: at most %(max)s characters."), max=most)
    if len(plan.stretches) > limits.CAMPAIGN_STRETCHES or len(plan.rewards) > limits.CAMPAIGN_REWARDS:
        raise Refused(N_("Too many further goals or rewards."))


# Pledging


def join(
    session: Session,
    party: Party,
    campaign: Campaign,
    money: Money,
    *,
    provider: str,
    once: str,
    reward_id: uuid.UUID | None = None,
) -> Pledge:
    """Pledge to a campaign. The deadline is looked at as the row is written, whatever any job did.

    With all-or-nothing, and in the first of two rounds, nothing is asked for before success. Else a
    transfer may take ``limits.TRANSFER_DAYS`` beyond the end; what comes later is credit.
    """
    found = pledges.by_once(session, once)
    if found is not None:
        return found
    hold_open(session, campaign)
    if reward_id is not None:
        rewards.check(session, campaign, reward_id, money)
    deferred = campaign.scheme != KEEP_IT_ALL and campaign.round == 1
    wish = Wish(
        money,
        periods.ONCE,
        provider,
        once,
        purpose=meaning.CAMPAIGN,
        account=HELD_IN[campaign.kind],
        campaign_id=campaign.id,
        reward_id=reward_id,
        deferred=deferred,
        pay_by=None if deferred else campaign.closes_at + timedelta(days=limits.TRANSFER_DAYS),
    )
    return pledges.promise(session, party, wish)


def hold_open(session: Session, campaign: Campaign) -> None:
    """Hold the campaign's row if it takes pledges at this moment; else refuse (409)."""
    held = session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.state == "open", Campaign.closes_at > db_now(session))
        .values(touched=Campaign.touched + 1)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(held):
        raise Refused(N_("This campaign has ended and takes no more pledges."), status=409)
    session.refresh(campaign)


# What an organiser does


def tell(session: Session, campaign: Campaign, title: str, text: str, *, by: Account) -> News:
    """Tell news to everybody who follows the campaign."""
    title, text = title.strip(), text.strip()
    if not title or not text:
        raise Refused(N_("News need a title and a text."))
    if len(title) > limits.TITLE_CHARS or len(text) > limits.CAMPAIGN_TEXT_CHARS:
        raise Refused(N_("A text is too long: at most %(max)s characters."), max=limits.CAMPAIGN_TEXT_CHARS)
    powers.exercise(
        session,
        by,
        OPENED_BY[campaign.kind],
        on=address(campaign),
        reason=title,
        verb="tell news of campaign",
    )
    news = News(campaign_id=campaign.id, title=title, text=text)
    session.add(news)
    session.flush()
    return news


def cancel(session: Session, campaign: Campaign, reason: str, *, by: Account) -> None:
    """Call it off: promises are released, and what was paid goes back."""
    if not reason.strip():
        raise Refused(N_("Say why."))
    powers.exercise(
        session, by, OPENED_BY[campaign.kind], on=address(campaign), reason=reason, verb="cancel campaign"
    )
    if not shift(session, campaign, ("open", "collecting", "short"), "cancelled"):
        raise Refused(N_("This campaign has ended already."), status=409)


def shift(
    session: Session, campaign: Campaign, states: tuple[str, ...], state: str, **values: object
) -> bool:
    """Bring the campaign into ``state`` if it is in one of ``states`` at this moment, and hold its row."""
    moved = session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.state.in_(states))
        .values(state=state, decided_at=db_now(session), **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(campaign)
    return bool(rows_changed(moved))


# Finding


def find(session: Session, kind: str, slug: str) -> Campaign:
    """The campaign or pitch of that slug, or a 404."""
    found = session.scalar(select(Campaign).where(Campaign.slug == slug, Campaign.kind == kind))
    if found is None:
        raise Refused(N_("There is no such page."), status=404)
    return found


def every(session: Session, kind: str) -> list[Campaign]:
    """Those that run first, then the others, newest first."""
    running = Campaign.state.in_(("open", "collecting"))
    wanted = select(Campaign).where(Campaign.kind == kind).order_by(running.desc(), Campaign.id.desc())
    return list(session.scalars(wanted.limit(limits.ROWS_SHOWN)))


def of_actor(session: Session, actor_id: uuid.UUID) -> Campaign | None:
    """The campaign whose face this actor is."""
    return session.scalar(select(Campaign).where(Campaign.actor_id == actor_id))


def news_of(session: Session, campaign: Campaign) -> list[News]:
    """Newest first."""
    return list(session.scalars(select(News).where(News.campaign_id == campaign.id).order_by(News.id.desc())))


def stretches_of(session: Session, campaign: Campaign) -> list[Stretch]:
    wanted = select(Stretch).where(Stretch.campaign_id == campaign.id).order_by(Stretch.amount)
    return list(session.scalars(wanted))


def address_of(kind: str, slug: str) -> str:
    return f"{settings().origin}/{'pitches' if kind == PITCH else 'campaigns'}/{slug}"


def address(campaign: Campaign) -> str:
    """The page of the campaign."""
    return address_of(campaign.kind, campaign.slug)


def _free_slug(session: Session, plan: Plan) -> str:
    base = slugify(plan.slug or plan.title, max_length=limits.SLUG_CHARS - 4, word_boundary=True)
    if not base or base in ("new", "desk", "choose"):
        raise Refused(N_("The title gives no address; choose one."))
    taken = set(session.scalars(select(Campaign.slug).where(Campaign.slug.like(f"{base}%"))))
    return next(slug for slug in _numbered(base) if slug not in taken)


def _free_handle(session: Session, kind: str, slug: str) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", f"{kind}_{slug}")[: HANDLE_CHARS - 4].strip("_")
    return next(
        name
        for name in (each.replace("-", "_") for each in _numbered(base))
        if actors.local(session, name) is None
    )


def _numbered(base: str) -> list[str]:
    return [base, *(f"{base}-{number}" for number in range(2, 1000))]
