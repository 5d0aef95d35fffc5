"""Campaigns on the fediverse: a note of the campaign's own actor, renewed as it goes on.

Totals go out at most once in ``limits.TOTALS_SECONDS``, an end at once. No giver is ever named.
"""

from datetime import timedelta
from html import escape

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.db import database, new_id
from commons.language import N_, _, date_and_time, ngettext
from federation import actors, posts
from federation.models import Actor, Post
from federation.posts import Notice
from membership.campaigns import campaigns, progress
from membership.campaigns.models import Campaign, News
from membership.campaigns.progress import Progress
from membership.money.currencies import show

ENDINGS = {
    "open": "",
    "collecting": N_("The goal was pledged. Now the payments are being collected."),
    "short": N_(
        "The goal was pledged, but not all of it could be collected. What happens now is being decided."
    ),
    "succeeded": N_("It worked. Thank you."),
    "ended": N_("It has ended. The goal was not reached; what was given is used for this purpose."),
    "missed": N_("The goal was not reached, so nobody pays anything."),
    "cancelled": N_("It was called off. Nobody pays, and what was paid goes back."),
    "declined": N_(
        "The desk decided against this story. Those who paid choose what happens with their money."
    ),
    "returned": N_("Not enough could be collected, so what was paid goes back."),
}
TAKES_PLEDGES = ("open",)


def tell_due() -> int:
    """Job: put out new campaigns and news, and renew the totals of those that changed."""
    with database().transaction() as session:
        return _news(session) + sum(_tell(session, campaign) for campaign in _untold(session))


def _untold(session: Session) -> list[Campaign]:
    """Campaigns that are new, whose state is not told, or whose totals were told a while ago."""
    before = db_now(session) - timedelta(seconds=limits.TOTALS_SECONDS)
    old = Campaign.state.in_(("open", "collecting")) & (Campaign.told_at <= before)
    state_untold = Campaign.told.not_like(Campaign.state + ":%")
    wanted = select(Campaign).where(or_(Campaign.post_id.is_(None), state_untold, old))
    return list(session.scalars(wanted.order_by(Campaign.told_at).limit(limits.DUE_AT_ONCE)))


def _tell(session: Session, campaign: Campaign) -> bool:
    found = progress.progress(session, campaign)
    words = f"{campaign.state}:{campaign.round}:{sentence(found)}"
    if campaign.told == words:
        campaign.told_at = db_now(session)
        return False
    notice = _notice(session, campaign, found)
    if campaign.post_id is None:
        campaign.post_id = posts.notify(session, notice).id
    else:
        posts.renew(session, session.get_one(Post, campaign.post_id), notice)
    campaign.told, campaign.told_at = words, db_now(session)
    session.flush()
    return True


def _notice(session: Session, campaign: Campaign, found: Progress) -> Notice:
    """The note, readable without knowing anything but notes; with a link to pay by FEP-0ea0."""
    open_ = campaign.state in TAKES_PLEDGES
    page = campaigns.address(campaign)
    parts = [
        f"<strong>{escape(campaign.title)}</strong>",
        escape(campaign.summary),
        escape(sentence(found)),
        escape(_("Open until %(moment)s.", moment=date_and_time(campaign.closes_at)) if open_ else ""),
        escape(_(ENDINGS[campaign.state]) if ENDINGS[campaign.state] else ""),
        f'<a href="{escape(page)}">{escape(page)}</a>',
    ]
    return Notice(
        id=campaign.post_id or new_id(),
        author=session.get_one(Actor, campaign.actor_id),
        groups=[actors.newsroom(session)],
        html="".join(f"<p>{part}</p>" for part in parts if part),
        language=campaign.language,
        url=page,
        published_at=campaign.opened_at,
        payment_links=[(_("Pledge"), f"{page}/pledge")] if open_ else [],
    )


def sentence(found: Progress) -> str:
    """``€6,480.00 of €9,000.00 (72 %) by 318 people``; no sums while so few pledged that they tell much."""
    goal = show(found.goal_money)
    if not found.shown:
        return _(
            "First pledges towards %(goal)s; sums are shown from %(few)s people on.",
            goal=goal,
            few=limits.SMALL_CELL,
        )
    people = ngettext("%(num)s person", "%(num)s people", found.people)
    text = _(
        "%(money)s of %(goal)s (%(percent)s %%) by %(people)s.",
        money=show(found.money),
        goal=goal,
        percent=found.percent,
        people=people,
    )
    if found.goal_people:
        text += " " + _("The goal is %(people)s people as well.", people=found.goal_people)
    return text


def _news(session: Session) -> int:
    untold = session.scalars(select(News).where(News.post_id.is_(None)).limit(limits.DUE_AT_ONCE)).all()
    for news in untold:
        campaign = session.get_one(Campaign, news.campaign_id)
        page = campaigns.address(campaign)
        paragraphs = [f"<strong>{escape(news.title)}</strong>", *escape(news.text).split("\n\n")]
        notice = Notice(
            id=new_id(),
            author=session.get_one(Actor, campaign.actor_id),
            groups=[],
            html="".join(f"<p>{part}</p>" for part in paragraphs) + f'<p><a href="{page}">{page}</a></p>',
            language=campaign.language,
            url=page,
            published_at=news.at,
        )
        news.post_id = posts.notify(session, notice).id
    session.flush()
    return len(untold)
