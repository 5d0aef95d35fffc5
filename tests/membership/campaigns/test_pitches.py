"""Pitches: the desk decides, each funder chooses, and the story says what it cost but not who paid."""

import pytest
from sqlalchemy import select

from commons import limits
from commons.accounts import Account
from commons.clock import now as moment
from commons.db import Database, new_id
from commons.minutes import Minute
from commons.refusal import Refused
from federation import actors, posts
from federation.models import Actor, Post
from membership.campaigns import choices, costs, pitches
from membership.campaigns.models import Campaign, Choice
from membership.money import ledger
from membership.money.ledger import Line
from membership.payments.models import Refund
from membership.pledges.models import Pledge
from tests.membership.campaigns.conftest import Officers, Open, now, pledged, pledged_as, work
from tests.membership.pledges.conftest import Wait, again, eur, letters, pay


def paid(db: Database, pitch: Campaign, amounts: list[int]) -> list[Pledge]:
    """Pledges to a pitch that keeps it all, paid."""
    made = [pledged(db, pitch, amount) for amount in amounts]
    for pledge in made:
        pay(db, pledge)
    return made


def decide(db: Database, pitch: Campaign, verdict: str, by: Account) -> None:
    with db.transaction() as session:
        found = session.get_one(Campaign, pitch.id)
        pitches.decide(session, found, verdict, "Because it matters.", by=by)


def story_out(db: Database, author: Account, *others: Account) -> Post:
    """A published story."""
    with db.transaction() as session:
        faces = [session.scalars(select(Actor).where(Actor.account_id == each.id)).one() for each in others]
        author_face = actors.of(session, author)
        assert author_face is not None
        story = posts.Story(
            id=new_id(),
            author=author_face,
            groups=[],
            title="The harbour",
            summary="Who owns it.",
            html="<p>Text.</p>",
            language="en",
            url="http://127.0.0.1:8000/news/the-harbour",
            published_at=moment(),
            cut=lambda html, size: html[:size],
            co_authors=faces,
        )
        return posts.publish(session, story)


def link(db: Database, pitch: Campaign, post: Post, by: Account) -> None:
    with db.transaction() as session:
        pitches.link_story(session, session.get_one(Campaign, pitch.id), post.url, by=by)


def test_only_who_may_publish_decides_and_once(db: Database, opened: Open, officers: Officers) -> None:
    pitch = opened("pitch")
    for nobody in (officers.jon, officers.tom):
        with pytest.raises(Refused, match="power"):
            decide(db, pitch, "accepted", nobody)
    decide(db, pitch, "accepted", officers.edith)
    with pytest.raises(Refused, match="decided on this pitch already"):
        decide(db, pitch, "declined", officers.edith)
    with db.reading() as session:
        assert session.scalars(select(Minute)).all()[-1].body["verb"] == "accept pitch"
    assert now(db, pitch).state == "open"


def test_who_funded_a_pitch_does_not_decide_on_it(db: Database, opened: Open, officers: Officers) -> None:
    pitch = opened("pitch")
    pledged_as(db, pitch, officers.edith)
    with pytest.raises(Refused, match="somebody else must decide"):
        decide(db, pitch, "accepted", officers.edith)


def test_money_does_not_buy_a_story(db: Database, opened: Open, officers: Officers, wait: Wait) -> None:
    pitch = opened("pitch", scheme="keep_it_all")
    paid(db, pitch, [50_000])
    wait(days=11)
    work()
    assert now(db, pitch).state == "succeeded"
    decide(db, pitch, "declined", officers.edith)
    assert now(db, pitch).state == "declined"


def test_the_money_of_a_pitch_is_restricted_until_its_story_is_out(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    pitch = opened("pitch", scheme="keep_it_all")
    paid(db, pitch, [2000, 2000])
    wait(days=11)
    work()
    post = story_out(db, officers.jon)
    with pytest.raises(Refused, match="accepted pitch"):
        link(db, pitch, post, officers.edith)
    decide(db, pitch, "accepted", officers.edith)
    work()
    with db.reading() as session:
        assert ledger.balance(session, "restricted:pitches", "EUR", campaign_id=pitch.id) == -4000
    link(db, pitch, post, officers.edith)
    with pytest.raises(Refused, match="its story already"):
        link(db, pitch, post, officers.edith)
    work()
    with db.reading() as session:
        assert ledger.balance(session, "restricted:pitches", "EUR") == 0
        assert ledger.balance(session, "income:pitches", "EUR", story_id=post.id) == -4000


def test_a_story_that_is_not_ours_cannot_be_linked(db: Database, opened: Open, officers: Officers) -> None:
    pitch = opened("pitch")
    decide(db, pitch, "accepted", officers.edith)
    with db.transaction() as session, pytest.raises(Refused, match="No story of ours"):
        found = session.get_one(Campaign, pitch.id)
        pitches.link_story(session, found, "https://elsewhere.example/story", by=officers.edith)


def test_after_a_no_each_funder_chooses_and_silence_means_back(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    pitch, other = opened("pitch", scheme="keep_it_all"), opened("pitch", scheme="keep_it_all")
    first, second, silent = paid(db, pitch, [1000, 2000, 4000])
    promise = pledged(db, pitch, 500)
    decide(db, pitch, "declined", officers.edith)
    work()
    assert again(db, promise).state == "released"
    assert len(letters(db, "pitch_declined")) == 3
    with db.transaction() as session:
        choices.choose(session, session.get_one(Pledge, first.id), "refund")
        to = session.get_one(Campaign, other.id)
        choices.choose(session, session.get_one(Pledge, second.id), "reassign", to)
    work()
    with db.reading() as session:
        assert session.scalars(select(Refund.amount)).all() == [1000]
        assert ledger.balance(session, "restricted:pitches", "EUR", campaign_id=other.id) == -2000
        assert ledger.balance(session, "restricted:pitches", "EUR", campaign_id=pitch.id) == -5000
        assert session.get_one(Pledge, second.id).campaign_id == other.id
    wait(days=limits.CHOICE_DAYS + 1)
    work()
    work()
    with db.reading() as session:
        assert session.scalars(select(Refund.amount)).all() == [1000, 4000]
        assert {each.choice for each in session.scalars(select(Choice))} == {"refund", "reassign"}
    assert again(db, silent).state == "refunded"


def test_a_choice_for_a_pitch_that_has_ended_is_paid_back(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    pitch, other = opened("pitch", scheme="keep_it_all"), opened("pitch", scheme="keep_it_all")
    (pledge,) = paid(db, pitch, [1000])
    decide(db, pitch, "declined", officers.edith)
    with db.transaction() as session:
        to = session.get_one(Campaign, other.id)
        choices.choose(session, session.get_one(Pledge, pledge.id), "reassign", to)
    wait(days=11)
    work()
    assert again(db, pledge).state == "refunded"


@pytest.mark.parametrize("which", ["not declined", "itself", "a campaign", "done"])
def test_there_is_nothing_to_choose_otherwise(
    db: Database, opened: Open, officers: Officers, which: str
) -> None:
    pitch, campaign = opened("pitch", scheme="keep_it_all"), opened()
    (pledge,) = paid(db, pitch, [1000])
    if which != "not declined":
        decide(db, pitch, "declined", officers.edith)
    with db.transaction() as session:
        found = session.get_one(Pledge, pledge.id)
        if which == "done":
            choices.choose(session, found, "refund")
    if which == "done":
        work()
    to = {"itself": pitch, "a campaign": campaign}.get(which)
    with db.transaction() as session, pytest.raises(Refused):
        target = session.get_one(Campaign, to.id) if to else None
        found = session.get_one(Pledge, pledge.id)
        choices.choose(session, found, "reassign" if to else "refund", target)


def published(
    db: Database,
    opened: Open,
    officers: Officers,
    wait: Wait,
    amounts: list[int],
    *,
    author_gives: bool = False,
) -> Post:
    """A pitch that became a story."""
    pitch = opened("pitch", scheme="keep_it_all")
    paid(db, pitch, amounts)
    if author_gives:
        pay(db, pledged_as(db, pitch, officers.jon, 500))
    decide(db, pitch, "accepted", officers.edith)
    post = story_out(db, officers.jon, officers.edith)
    link(db, pitch, post, officers.edith)
    wait(days=11)
    work()
    return post


def test_a_story_says_what_it_cost_and_how_many_paid(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    post = published(db, opened, officers, wait, [1000] * 6)
    with db.transaction() as session:
        lines = [Line("expenses:travel", eur(700), story_id=post.id), Line("assets:bank", eur(-700))]
        ledger.post(session, kind="expense", lines=lines, cause=("expense", new_id()))
    with db.reading() as session:
        cost = costs.cost_of(session, post.id)
        assert cost is not None
        assert (cost.spent, cost.given, cost.people) == (eur(700), eur(6000), 6)
        assert costs.disclosures(session, post.id) == []
        assert costs.cost_of(session, new_id()) is None
        assert costs.disclosures(session, new_id()) == []


def test_few_givers_are_not_counted_in_public(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    post = published(db, opened, officers, wait, [1000] * 4)
    with db.reading() as session:
        cost = costs.cost_of(session, post.id)
        assert cost is not None
        assert cost.people is None and cost.given is None


def test_a_gift_of_its_author_is_disclosed_without_a_name(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    post = published(db, opened, officers, wait, [1000] * 6, author_gives=True)
    with db.reading() as session:
        (sentence,) = costs.disclosures(session, post.id)
    assert sentence == "Somebody who made this story also gave money for it."


def test_a_large_gift_is_disclosed_without_a_name(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    post = published(db, opened, officers, wait, [1000] * 6 + [2001])
    with db.reading() as session:
        (sentence,) = costs.disclosures(session, post.id)
    assert sentence == "One giver paid a large part of what was given for this story."


def test_a_gift_of_exactly_the_share_is_not_large(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    post = published(db, opened, officers, wait, [1000] * 6 + [2000])
    with db.reading() as session:
        assert costs.disclosures(session, post.id) == []
