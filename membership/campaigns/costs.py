"""What a story cost and how many paid for it, and who that made it had an interest. Never who paid.

The roof hands ``cost_of`` and ``disclosures`` to the page of a story.
"""

import json
import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import limits
from commons.language import N_
from federation.models import Actor, Post
from membership.campaigns import progress
from membership.campaigns.campaigns import EARNED_IN, HELD_IN, PITCH
from membership.campaigns.models import Campaign, Decision
from membership.money.currencies import Money
from membership.money.models import Party, PostingLine


@dataclass(frozen=True)
class StoryCost:
    """``spent`` for a story, ``given`` for its pitch, by the books.

    ``people`` and ``given`` are None where so few gave that a sum would tell what one of them did.
    """

    spent: Money
    given: Money | None
    people: int | None
    pitch_url: str
    pitch_title: str


def cost_of(session: Session, story_id: uuid.UUID) -> StoryCost | None:
    """The cost statement of a story that readers paid for by a pitch; None for others."""
    pitch = _pitch_of(session, story_id)
    if pitch is None:
        return None
    people = progress.people(session, pitch)
    few = people < limits.SMALL_CELL
    return StoryCost(
        spent=_spent(session, story_id, pitch.currency),
        given=None if few else progress.collected(session, pitch),
        people=None if few else people,
        pitch_url=f"/pitches/{pitch.slug}",
        pitch_title=pitch.title,
    )


def disclosures(session: Session, story_id: uuid.UUID) -> list[str]:
    """Message ids of what readers should know about the money behind a story. They tell that, never who."""
    pitch = _pitch_of(session, story_id)
    if pitch is None:
        return []
    found = []
    if _funded_by_makers(session, pitch, story_id):
        found.append(N_("Somebody who made this story also gave money for it."))
    if _large_gift(session, pitch):
        found.append(N_("One giver paid a large part of what was given for this story."))
    return found


def _pitch_of(session: Session, story_id: uuid.UUID) -> Campaign | None:
    return session.scalar(select(Campaign).where(Campaign.story_id == story_id).limit(1))


def _spent(session: Session, story_id: uuid.UUID, currency: str) -> Money:
    amounts = session.scalars(
        select(PostingLine.amount).where(
            PostingLine.story_id == story_id,
            PostingLine.account.like("expenses:%"),
            PostingLine.currency == currency,
        )
    )
    return Money(sum(amounts), currency)


def _funded_by_makers(session: Session, pitch: Campaign, story_id: uuid.UUID) -> bool:
    """Whether who stands on the byline, or accepted the pitch, is behind a gift in the ledger."""
    accounts = _makers(session, story_id)
    decision = session.get(Decision, pitch.id)
    if decision is not None:
        accounts.add(decision.by_account_id)
    givers = select(Party.account_id).where(Party.id.in_(_gifts(session, pitch)))
    return bool(accounts & set(session.scalars(givers)))


def _makers(session: Session, story_id: uuid.UUID) -> set[uuid.UUID]:
    """The accounts of a story's authors, as its post names them."""
    post = session.get(Post, story_id)
    if post is None or post.document is None:
        return set()
    uris = {post.author.uri, *json.loads(post.document).get("contributors", [])}
    accounts = session.scalars(select(Actor.account_id).where(Actor.local, Actor.uri.in_(uris)))
    return {account for account in accounts if account is not None}


def _large_gift(session: Session, pitch: Campaign) -> bool:
    """Whether one party gave more than ``limits.LARGE_SHARE`` percent."""
    gifts = _gifts(session, pitch)
    total = sum(gifts.values())
    return bool(gifts) and max(gifts.values()) * 100 > total * limits.LARGE_SHARE and total > 0


def _gifts(session: Session, pitch: Campaign) -> dict[uuid.UUID, int]:
    """What each party has given for the pitch by the ledger, less what went back."""
    lines = session.execute(
        select(PostingLine.party_id, func.sum(PostingLine.amount))
        .where(
            PostingLine.campaign_id == pitch.id,
            PostingLine.account.in_((HELD_IN[PITCH], EARNED_IN[PITCH])),
        )
        .group_by(PostingLine.party_id)
    )
    return {party_id: -int(amount) for party_id, amount in lines if party_id is not None and amount < 0}
