"""What readers are asked for: a campaign that runs, a pitch that became a story, and one that is new."""

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from commons import accounts
from commons.config import settings
from membership.campaigns import campaigns, closing, pitches
from membership.campaigns.campaigns import Plan
from membership.campaigns.models import Campaign
from membership.demo import script
from membership.demo.stage import Stage, whole
from membership.money import parties
from membership.money.models import Party

EVENING = time(20)
GIFTS = (5, 10, 10, 15, 20, 20, 25, 30, 40, 50)
# From where in the list of names those come who give and are no members.
CAMPAIGN_GIVERS, PITCH_GIVERS = 100, 300


def scenes(stage: Stage) -> None:
    """The campaign and the pitches, from their opening until now."""
    _campaign(stage, script.script()["campaign"])
    for at, told in enumerate(script.script()["pitches"]):
        _pitch(stage, told, PITCH_GIVERS + 100 * at)


def _campaign(stage: Stage, told: dict[str, Any]) -> None:
    gifts = _gifts(told["pledgers"], told["goal"] * told["percent"] // 100)
    _ask(stage, told, gifts, stage.days_ago(1), CAMPAIGN_GIVERS)
    stage.at(stage.days_ago(5), 15, partial(_tell, stage, told))


def _pitch(stage: Stage, told: dict[str, Any], givers: int) -> None:
    ends = told["closes_in_days"]
    gifts = [GIFTS[at * 7 % len(GIFTS)] * 3 // 2 for at in range(told["givers"])]
    _ask(stage, told, gifts, stage.days_ago(max(6, 8 - ends)), givers)
    if ends < 0:
        stage.at(stage.days_ago(-ends - 1), 7, partial(_close, stage, told))
        stage.at(stage.days_ago(-ends - 3), 9, partial(_accept, stage, told))
        stage.ago(90, partial(_publish, stage, told))


def _ask(stage: Stage, told: dict[str, Any], gifts: list[int], last: date, givers: int) -> None:
    """It opens, and one after the other gives, until the day ``last``."""
    first = stage.days_ago(told["opened_days_ago"])
    stage.at(first, 9, partial(_open, stage, told))
    for at, units in enumerate(gifts):
        day = first + (last - first) * at // len(gifts)
        stage.at(day, 11 + at % 7, partial(_give, stage, told, at, units, givers))


def _open(stage: Stage, told: dict[str, Any]) -> None:
    plan = Plan(
        kind=told["kind"],
        title=told["title"],
        summary=told["summary"],
        text=told["text"],
        scheme=told["scheme"],
        goal_money=whole(told["goal"]),
        goal_people=told.get("people", 0),
        ends=datetime.combine(stage.today + timedelta(days=told["closes_in_days"]), EVENING),
        zone=settings().timezone,
        stretches=((whole(told["stretch"][0]), told["stretch"][1]),) if "stretch" in told else (),
        rewards=tuple((title, whole(least), places) for title, least, places in told.get("rewards", ())),
        slug=told["slug"],
    )
    campaigns.open_(stage.session, plan, by=stage.account(told["by"]))


def _find(stage: Stage, told: dict[str, Any]) -> Campaign:
    return campaigns.find(stage.session, told["kind"], told["slug"])


def _give(stage: Stage, told: dict[str, Any], at: int, units: int, givers: int) -> None:
    """Somebody pledges; where that is to be paid at once, she transfers it."""
    campaign = _find(stage, told)
    pledge = campaigns.join(
        stage.session,
        _giver(stage, told, at, givers),
        campaign,
        whole(units),
        provider="bank",
        once=f"demo {campaign.slug} {at}",
    )
    if campaign.scheme == campaigns.KEEP_IT_ALL:
        stage.transfer(stage.ask(pledge), days=1 + at % 3)


def _giver(stage: Stage, told: dict[str, Any], at: int, givers: int) -> Party:
    """Every other giver is a member; the first of a campaign is the reader."""
    if told["kind"] == campaigns.CAMPAIGN and at == 0:
        return stage.party("reader")
    if at % 2:
        name, email = script.giver(givers + at)
        return parties.create(stage.session, name, email)
    member = script.members()[20 + at]
    account = accounts.by_email(stage.session, member.email)
    assert account is not None
    return parties.of(stage.session, account)


def _gifts(people: int, total: int) -> list[int]:
    """What ``people`` give, in whole units that sum to ``total``."""
    gifts = [GIFTS[at * 7 % len(GIFTS)] for at in range(people)]
    each, rest = divmod(total - sum(gifts), people)
    return [gift + each + (1 if at < rest else 0) for at, gift in enumerate(gifts)]


def _tell(stage: Stage, told: dict[str, Any]) -> None:
    news = told["news"]
    campaigns.tell(
        stage.session, _find(stage, told), news["title"], news["text"], by=stage.account(told["by"])
    )


# The pitch that became a story


def _close(stage: Stage, told: dict[str, Any]) -> None:
    closing.close(stage.session, _find(stage, told))


def _accept(stage: Stage, told: dict[str, Any]) -> None:
    by = stage.account("editor")
    pitches.decide(stage.session, _find(stage, told), pitches.ACCEPTED, told["verdict"], by=by)


def _publish(stage: Stage, told: dict[str, Any]) -> None:
    """The story is out: it says what it came of, and the money is no longer held back."""
    pitch = _find(stage, told)
    pitches.link_story(stage.session, pitch, stage.story(told["story"]).uri, by=stage.account("editor"))
    closing.release_money(stage.session, pitch)
