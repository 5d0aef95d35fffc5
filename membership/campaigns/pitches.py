"""Story pitches: readers fund them, and the desk decides on their merit. Money cannot buy a story.

The desk says yes or no once, in public, and sees sums only. After a no the funders choose (``choices.py``).
"""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, powers
from commons.accounts import Account
from commons.clock import db_now
from commons.db import rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from federation import posts
from federation.models import Post
from membership.campaigns import campaigns
from membership.campaigns.models import Campaign, Decision
from membership.money.models import Party
from membership.pledges.models import Pledge

ACCEPTED, DECLINED = "accepted", "declined"
UNDECIDED = ("open", "collecting", "short", "succeeded", "ended")


def decide(session: Session, pitch: Campaign, verdict: str, reason: str, *, by: Account) -> Decision:
    """The desk's word, with a minute. Refuses a second word, and who funded the pitch herself."""
    if verdict not in (ACCEPTED, DECLINED) or pitch.kind != campaigns.PITCH:
        raise ValueError(f"{verdict} {pitch.kind}")
    if not reason.strip():
        raise Refused(N_("Say why."))
    if len(reason) > limits.NOTE_CHARS:
        raise Refused(N_("A text is too long: at most %(max)s characters."), max=limits.NOTE_CHARS)
    powers.require(session, by, Power.PUBLISH)
    if funded_by(session, pitch, by):
        raise Refused(N_("You pledged to this pitch yourself, so somebody else must decide."), status=403)
    decision = Decision(campaign_id=pitch.id, verdict=verdict, reason=reason.strip(), by_account_id=by.id)
    try:
        with session.begin_nested():
            session.add(decision)
    except IntegrityError as error:
        raise Refused(N_("The desk has decided on this pitch already."), status=409) from error
    powers.exercise(
        session,
        by,
        Power.PUBLISH,
        on=campaigns.address(pitch),
        reason=reason,
        verb="accept pitch" if verdict == ACCEPTED else "decline pitch",
    )
    if verdict == DECLINED:
        until = db_now(session) + timedelta(days=limits.CHOICE_DAYS)
        campaigns.shift(session, pitch, UNDECIDED, "declined", choices_until=until)
    return decision


def funded_by(session: Session, pitch: Campaign, account: Account) -> bool:
    """Whether the account pledged to the pitch, and did not get everything back."""
    hers = (
        select(Pledge.id)
        .join(Party, Party.id == Pledge.party_id)
        .where(
            Party.account_id == account.id,
            Pledge.campaign_id == pitch.id,
            Pledge.state.in_(("promised", "charging", "fulfilled")),
        )
    )
    return session.scalar(hers.limit(1)) is not None


def decision_on(session: Session, pitch: Campaign) -> Decision | None:
    return session.get(Decision, pitch.id)


def link_story(session: Session, pitch: Campaign, address: str, *, by: Account) -> None:
    """Say which published story came of an accepted pitch. ``address``: its page or its id."""
    decision = decision_on(session, pitch)
    if decision is None or decision.verdict != ACCEPTED:
        raise Refused(N_("Only an accepted pitch becomes a story."), status=409)
    post = session.scalar(
        select(Post).where(
            Post.local,
            Post.kind == "Article",
            Post.gone_at.is_(None),
            (Post.url == address.strip()) | (Post.uri == address.strip()),
        )
    )
    if post is None:
        raise Refused(N_("No story of ours stands at this address."), status=404)
    powers.exercise(
        session,
        by,
        Power.PUBLISH,
        on=campaigns.address(pitch),
        reason=posts.address(post.id),
        verb="link story to pitch",
    )
    linked = session.execute(
        update(Campaign)
        .where(Campaign.id == pitch.id, Campaign.story_id.is_(None))
        .values(story_id=post.id)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(linked):
        raise Refused(N_("This pitch has its story already."), status=409)
    session.refresh(pitch)
