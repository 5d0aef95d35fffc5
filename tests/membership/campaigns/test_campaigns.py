"""Goals, deadlines, rewards, and how a campaign ends."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from commons import limits
from commons.db import Database
from commons.minutes import Minute
from commons.refusal import Refused
from membership.campaigns import campaigns, closing, deadlines, progress, rewards, waivers
from membership.campaigns.models import Campaign, Reward
from membership.money import ledger
from membership.payments import charges, refunds
from membership.payments.models import Charge, Refund
from membership.pledges import renewals, settling
from membership.pledges.models import Instalment, Pledge
from tests.membership.campaigns.conftest import (
    ZONE,
    Officers,
    Open,
    now,
    plan,
    pledged,
    work,
)
from tests.membership.pledges.conftest import Wait, again, at_once, eur, fail, guest, letters, pay


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        (datetime(2026, 7, 1, 20), datetime(2026, 7, 1, 18, tzinfo=UTC)),
        (datetime(2026, 12, 1, 20), datetime(2026, 12, 1, 19, tzinfo=UTC)),
        (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_deadline_is_an_instant_of_its_zone(wall: datetime, utc: datetime) -> None:
    assert deadlines.instant(wall, ZONE) == utc


def test_an_hour_that_clocks_skip_is_refused() -> None:
    with pytest.raises(Refused, match="skip this hour"):
        deadlines.instant(datetime(2027, 3, 28, 2, 30), ZONE)


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match="no time zone"):
        deadlines.instant(datetime(2027, 1, 1), "Europe/Atlantis")


@pytest.mark.parametrize(("seconds", "taken"), [(-1, True), (0, False), (1, False)])
def test_the_deadline_holds_to_the_second_while_no_job_runs(
    db: Database, opened: Open, monkeypatch: pytest.MonkeyPatch, seconds: int, taken: bool
) -> None:
    campaign = opened()
    moment = campaign.closes_at + timedelta(seconds=seconds)
    monkeypatch.setattr(campaigns, "db_now", lambda session: moment)
    if taken:
        assert pledged(db, campaign).state == "promised"
        return
    with pytest.raises(Refused, match="has ended"):
        pledged(db, campaign)
    with db.reading() as session:
        assert session.scalars(select(Pledge)).all() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends": datetime(2020, 1, 1)}, "lies ahead"),
        ({"ends": datetime(2090, 1, 1)}, "lies ahead"),
        ({"title": " "}, "needs a title"),
        ({"summary": "x" * 501}, "too long"),
        ({"goal_money": eur(0)}, "more than zero"),
        ({"goal_people": -1}, "one or more"),
        ({"scheme": "two_rounds"}, "second round needs"),
        ({"stretches": ((eur(2000), "less"),)}, "more than the goal"),
        ({"rewards": (("Mug", eur(500), 0),)}, "one or more"),
        ({"title": "!!!"}, "no address"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused(
    db: Database, officers: Officers, changes: dict[str, object], words: str
) -> None:
    with db.transaction() as session, pytest.raises(Refused, match=words):
        campaigns.open_(session, plan(**changes), by=officers.tom)


def test_only_the_treasurer_opens_campaigns_and_it_stands_in_the_minutes(
    db: Database, officers: Officers, opened: Open
) -> None:
    with db.transaction() as session, pytest.raises(Refused, match="power"):
        campaigns.open_(session, plan(), by=officers.edith)
    opened()
    with db.reading() as session:
        assert session.scalars(select(Minute)).all()[-1].body["verb"] == "open campaign"


@pytest.mark.parametrize(
    ("amounts", "people", "state"),
    [
        ([1000, 1000, 1000], 0, "collecting"),
        ([1000, 1000, 999], 0, "missed"),
        ([3000], 2, "missed"),
        ([1000, 2000], 2, "collecting"),
        ([1000, 2000, 5000], 0, "collecting"),
    ],
)
def test_goals_in_money_and_people_are_both_met_or_it_is_missed(
    db: Database, opened: Open, wait: Wait, amounts: list[int], people: int, state: str
) -> None:
    campaign = opened(goal_people=people)
    for amount in amounts:
        pledged(db, campaign, amount)
    assert closing.close_due() == 0
    wait(days=11)
    assert closing.close_due() == 1
    closed = now(db, campaign)
    assert closed.state == state
    assert closed.result is not None and closed.result["money"] == sum(amounts)
    assert closing.close_due() == 0


def test_one_person_with_two_pledges_counts_once(db: Database, opened: Open) -> None:
    campaign = opened()
    pledged(db, campaign, 1000, name="rita", once="1")
    pledged(db, campaign, 1000, name="rita", once="2")
    with db.reading() as session:
        found = progress.progress(session, campaign)
    assert (found.people, found.money) == (1, eur(2000))


def test_a_last_bit_below_what_can_be_paid_does_not_block_the_goal(
    db: Database, opened: Open, wait: Wait
) -> None:
    campaign = opened()
    pledged(db, campaign, 2995)
    with pytest.raises(Refused):
        pledged(db, campaign, 5)
    pledged(db, campaign, 100)
    wait(days=11)
    closing.close_due()
    assert now(db, campaign).state == "collecting"


def test_with_all_or_nothing_nobody_is_asked_before_success(db: Database, opened: Open, wait: Wait) -> None:
    campaign = opened()
    pledge = pledged(db, campaign, 2999)
    wait(days=11)
    work()
    assert again(db, pledge).state == "released"
    assert len(letters(db, "campaign_released")) == 1
    with db.reading() as session:
        assert session.scalars(select(Instalment)).all() == session.scalars(select(Charge)).all() == []


def test_success_is_when_the_money_is_there(db: Database, opened: Open, wait: Wait) -> None:
    campaign = opened()
    three = [pledged(db, campaign) for _ in range(3)]
    wait(days=11)
    work()
    assert now(db, campaign).state == "collecting"
    for pledge in three[:2]:
        pay(db, pledge)
    work()
    assert now(db, campaign).state == "collecting"
    with db.reading() as session:
        assert ledger.balance(session, "restricted:campaigns", "EUR") == -2000
    pay(db, three[2])
    work()
    assert now(db, campaign).state == "succeeded"
    with db.reading() as session:
        assert ledger.balance(session, "restricted:campaigns", "EUR") == 0
        assert ledger.balance(session, "income:campaigns", "EUR", campaign_id=campaign.id) == -3000


def collect_all_but_one(db: Database, opened: Open, wait: Wait) -> tuple[Campaign, list[Pledge]]:
    """The goal was pledged; one card fails for good."""
    campaign = opened()
    three = [pledged(db, campaign) for _ in range(3)]
    wait(days=11)
    work()
    for pledge in three[:2]:
        pay(db, pledge)
    fail(db, three[2])
    for days in limits.DUNNING_DAYS:
        wait(days=days + 1)
        fail(db, three[2])
    work()
    return campaign, three


def test_a_card_that_fails_does_not_become_a_success(
    db: Database, opened: Open, wait: Wait, officers: Officers
) -> None:
    campaign, three = collect_all_but_one(db, opened, wait)
    assert now(db, campaign).state == "short"
    assert [again(db, pledge).state for pledge in three] == ["fulfilled", "fulfilled", "failed"]
    wait(days=limits.CHOICE_DAYS + 1)
    work()
    assert now(db, campaign).state == "returned"
    with db.reading() as session:
        assert session.scalars(select(Refund.amount)).all() == [1000, 1000]
    work()
    with db.reading() as session:
        assert len(session.scalars(select(Refund)).all()) == 2


def test_two_people_of_the_books_may_waive_what_is_missing(
    db: Database, opened: Open, wait: Wait, officers: Officers
) -> None:
    campaign, _three = collect_all_but_one(db, opened, wait)
    with db.transaction() as session:
        waivers.propose(session, session.get_one(Campaign, campaign.id), "It is enough.", by=officers.tom)
    for nobody in (officers.tom, officers.edith):
        with db.transaction() as session, pytest.raises(Refused):
            waivers.agree(session, session.get_one(Campaign, campaign.id), by=nobody)
    assert now(db, campaign).state == "short"
    with db.transaction() as session:
        waivers.agree(session, session.get_one(Campaign, campaign.id), by=officers.tina)
    assert now(db, campaign).state == "succeeded"


def test_all_cards_fail(db: Database, opened: Open, wait: Wait) -> None:
    campaign = opened()
    pledge = pledged(db, campaign, 3000)
    wait(days=11)
    work()
    for days in (0, *limits.DUNNING_DAYS):
        wait(days=days + 1)
        fail(db, pledge)
    work()
    assert now(db, campaign).state == "short"
    assert again(db, pledge).state == "failed"


def test_collecting_goes_on_where_it_was_killed(
    db: Database, opened: Open, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = opened(goal_money=eur(7000))
    seven = [pledged(db, campaign) for _ in range(7)]
    wait(days=11)
    closing.close_due()
    monkeypatch.setattr(limits, "DUE_AT_ONCE", 2)
    started = []
    begin = renewals.start

    def dies(*arguments: object) -> object:
        started.append(1)
        if len(started) == 4:
            raise KeyboardInterrupt
        return begin(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(renewals, "start", dies)
        assert closing.collect_due() == 2
        with pytest.raises(KeyboardInterrupt):
            closing.collect_due()
    assert sorted(again(db, pledge).state for pledge in seven) == ["charging"] * 2 + ["promised"] * 5
    work()
    with db.reading() as session:
        assert len(session.scalars(select(Charge)).all()) == 7
        assert len(session.scalars(select(Instalment)).all()) == 7


def test_two_workers_collect_once(db: Database, opened: Open, wait: Wait) -> None:
    campaign = opened()
    for _ in range(3):
        pledged(db, campaign)
    wait(days=11)
    at_once(closing.close_due)
    at_once(closing.collect_due)
    work()
    with db.reading() as session:
        assert len(session.scalars(select(Charge)).all()) == 3


def test_a_transfer_after_a_cancelled_campaign_is_credit(
    db: Database, opened: Open, officers: Officers
) -> None:
    campaign = opened(scheme="keep_it_all")
    pledge = pledged(db, campaign)
    renewals.charge_due()
    with db.transaction() as session:
        campaigns.cancel(session, session.get_one(Campaign, campaign.id), "No office.", by=officers.tom)
    work()
    assert again(db, pledge).state == "released"
    with db.transaction() as session:
        charges.settled(session, session.scalars(select(Charge)).one())
    work()
    with db.reading() as session:
        assert ledger.balance(session, "restricted:campaigns", "EUR") == 0
        assert ledger.balance(session, "liabilities:credit", "EUR", party_id=pledge.party_id) == -1000
        assert progress.collected(session, campaign) == eur(0)
    with pytest.raises(Refused, match="has ended"):
        pledged(db, campaign)


def test_keep_it_all_keeps_what_came_and_says_so(db: Database, opened: Open, wait: Wait) -> None:
    campaign = opened(scheme="keep_it_all")
    paid, unpaid = pledged(db, campaign, 1000), pledged(db, campaign, 5000)
    pay(db, paid)
    with db.reading() as session:
        found = progress.progress(session, campaign)
    assert (found.money, found.people) == (eur(1000), 1)
    wait(days=11)
    work()
    assert now(db, campaign).state == "ended"
    assert again(db, unpaid).state == "promised"
    with db.reading() as session:
        assert ledger.balance(session, "income:campaigns", "EUR") == -1000


def test_a_second_round_begins_after_the_first_is_collected(db: Database, opened: Open, wait: Wait) -> None:
    ends = plan().ends
    campaign = opened(scheme="two_rounds", second_goal=eur(5000), second_ends=ends + timedelta(days=30))
    first = pledged(db, campaign, 3000)
    wait(days=11)
    work()
    with pytest.raises(Refused, match="has ended"):
        pledged(db, campaign)
    pay(db, first)
    work()
    again_open = now(db, campaign)
    assert (again_open.state, again_open.round) == ("open", 2)
    second = pledged(db, campaign, 2000)
    pay(db, second)
    with db.reading() as session:
        assert progress.progress(session, again_open).goal_money == eur(5000)
    wait(days=30)
    work()
    ended = now(db, campaign)
    assert ended.state == "succeeded"
    assert ended.result is not None and ended.result["second"]["reached"] is True


def test_a_reward_is_free_again_when_its_pledge_went_back(db: Database, opened: Open, wait: Wait) -> None:
    campaign = opened(scheme="keep_it_all", rewards=(("Dinner with the desk", eur(1000), 1),))
    with db.reading() as session:
        reward = session.scalars(select(Reward)).one()
    taken = pledged(db, campaign, reward_id=reward.id)
    with pytest.raises(Refused, match="place of this reward is taken"):
        pledged(db, campaign, reward_id=reward.id)
    with pytest.raises(Refused, match="begins at"):
        pledged(db, campaign, 999, reward_id=reward.id)
    charge = pay(db, taken)
    with db.transaction() as session:
        refund = refunds.owe(session, session.get_one(Charge, charge.id), eur(1), "Part of it.")
        refunds._done(session, refunds._lock(session, refund.id))
    settling.settle_due()
    with db.reading() as session:
        assert [free for _reward, free in rewards.every(session, campaign)] == [1]
    second = pledged(db, campaign, reward_id=reward.id)
    wait(days=100)
    renewals.charge_due()
    for _round in range(4):
        wait(days=15)
        renewals.charge_due()
    assert again(db, second).state == "failed"
    with db.reading() as session:
        assert [free for _reward, free in rewards.every(session, campaign)] == [1]


def test_twenty_at_once_take_one_place_of_a_reward(db: Database, opened: Open) -> None:
    campaign = opened(rewards=(("Dinner with the desk", eur(1000), 1),))
    with db.reading() as session:
        reward = session.scalars(select(Reward)).one()
        everybody = iter(range(100))

    def take() -> None:
        with db.transaction() as session:
            found = session.get_one(Campaign, campaign.id)
            number = next(everybody)
            who = guest(session, f"reader{number}")
            campaigns.join(
                session, who, found, eur(1000), provider="bank", once=str(number), reward_id=reward.id
            )

    raised = at_once(take)
    assert [type(error) for error in raised] == [Refused] * 19


def test_news_need_words(db: Database, opened: Open, officers: Officers) -> None:
    campaign = opened()
    with db.transaction() as session, pytest.raises(Refused, match="title and a text"):
        campaigns.tell(session, session.get_one(Campaign, campaign.id), "News", " ", by=officers.tom)


def test_a_campaign_that_has_ended_cannot_be_called_off(
    db: Database, opened: Open, officers: Officers, wait: Wait
) -> None:
    campaign = opened()
    wait(days=11)
    work()
    with db.transaction() as session, pytest.raises(Refused, match="ended already"):
        campaigns.cancel(session, session.get_one(Campaign, campaign.id), "Late.", by=officers.tom)


def test_two_campaigns_of_one_title_have_two_addresses(opened: Open) -> None:
    assert [opened().slug, opened().slug] == [
        "a-second-reporter-at-the-harbour",
        "a-second-reporter-at-the-harbour-2",
    ]


def test_the_days_left_are_calendar_days_of_the_zone() -> None:
    closes = datetime(2026, 12, 1, 22, 30, tzinfo=UTC)  # half past eleven in Berlin
    assert deadlines.days_left(datetime(2026, 12, 1, 9, tzinfo=UTC), closes, ZONE) == 0
    assert deadlines.days_left(datetime(2026, 11, 30, 22, 59, tzinfo=UTC), closes, ZONE) == 1
    assert deadlines.days_left(datetime(2026, 11, 30, 23, 1, tzinfo=UTC), closes, ZONE) == 0


def test_what_goes_back_makes_progress_smaller_until_the_result_is_frozen(
    db: Database, opened: Open, wait: Wait
) -> None:
    campaign = opened(scheme="keep_it_all")
    first, second = pledged(db, campaign), pledged(db, campaign)
    charges_of = [pay(db, each) for each in (first, second)]

    def back(charge: Charge, amount: int) -> tuple[int, int]:
        with db.transaction() as session:
            refund = refunds.owe(session, session.get_one(Charge, charge.id), eur(amount), "Her wish.")
            refunds._done(session, refunds._lock(session, refund.id))
        settling.settle_due()
        with db.reading() as session:
            found = progress.progress(session, session.get_one(Campaign, campaign.id))
        return found.people, found.money.amount

    assert back(charges_of[0], 400) == (2, 1600)
    assert (again(db, first).state, again(db, first).returned) == ("fulfilled", 400)
    assert back(charges_of[0], 600) == (1, 1000)
    assert again(db, first).state == "refunded"
    wait(days=11)
    work()
    frozen = now(db, campaign).result
    assert frozen is not None and frozen["money"] == 1000
    back(charges_of[1], 1)
    assert now(db, campaign).result == frozen
