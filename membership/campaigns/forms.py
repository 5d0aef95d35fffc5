"""The forms of campaigns. They only read; what is right or wrong the verbs decide."""

import uuid
from datetime import datetime
from typing import Any

from wtforms import (
    DateTimeLocalField,
    FieldList,
    FormField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.validators import NumberRange, Optional

from commons import limits
from commons.config import settings
from commons.forms import Form, IntegerField, at_most, needed, storable
from commons.language import N_, _
from membership.campaigns import campaigns, choices, pitches
from membership.campaigns.campaigns import Plan
from membership.campaigns.models import Campaign, Reward
from membership.money.currencies import Money, parse, show
from membership.pledges.forms import AmountForm

BLANK_ROWS = 3
SCHEME_NAMES = {
    campaigns.ALL_OR_NOTHING: N_("All or nothing: nobody pays unless the goal is reached"),
    campaigns.KEEP_IT_ALL: N_("Keep it all: everybody pays at once"),
    campaigns.TWO_ROUNDS: N_("Two rounds: all or nothing first, then on to a second goal"),
}


def _money(text: str | None) -> Money:
    return parse(text or "", settings().currency)


class StretchForm(Form):
    """A further goal."""

    amount = StringField(N_("Amount"), [storable], render_kw={"inputmode": "decimal"})
    text = StringField(N_("What it makes possible"), [storable])


class RewardForm(Form):
    """A thank-you."""

    title = StringField(N_("Reward"), [storable])
    least = StringField(N_("From which amount on"), [storable], render_kw={"inputmode": "decimal"})
    places = IntegerField(N_("Places, if limited"), [Optional(), NumberRange(1, 100_000)])


class PlanForm(Form):
    """A new campaign or pitch."""

    title = StringField(N_("Title"), [needed(), at_most(limits.TITLE_CHARS), storable])
    summary = TextAreaField(
        N_("Summary"), [needed(), at_most(limits.SUMMARY_STORY_CHARS), storable], render_kw={"rows": 3}
    )
    text = TextAreaField(
        N_("What it is for"),
        [needed(), at_most(limits.CAMPAIGN_TEXT_CHARS), storable],
        render_kw={"rows": 10},
    )
    scheme = RadioField(N_("How does it work?"), [needed()])
    goal = StringField(N_("Goal in money"), [needed(), storable], render_kw={"inputmode": "decimal"})
    people = IntegerField(N_("Goal in people, if any"), [Optional(), NumberRange(0, 10_000_000)])
    ends = DateTimeLocalField(N_("End of the first round"), [needed()])
    zone = StringField(N_("Time zone"), [needed(), at_most(60), storable])
    second_goal = StringField(N_("Goal of the second round"), [storable], render_kw={"inputmode": "decimal"})
    second_ends = DateTimeLocalField(N_("End of the second round"), [Optional()])
    stretches = FieldList(
        FormField(StretchForm), min_entries=BLANK_ROWS, max_entries=limits.CAMPAIGN_STRETCHES
    )
    rewards = FieldList(FormField(RewardForm), min_entries=BLANK_ROWS, max_entries=limits.CAMPAIGN_REWARDS)

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.scheme.choices = [(scheme, _(name)) for scheme, name in SCHEME_NAMES.items()]

    def plan(self, kind: str) -> Plan:
        """What was filled in; ``Refused`` where an amount is none."""
        ends: datetime = self.ends.data
        return Plan(
            kind=kind,
            title=self.title.data,
            summary=self.summary.data,
            text=self.text.data,
            scheme=self.scheme.data,
            goal_money=_money(self.goal.data),
            goal_people=self.people.data or 0,
            ends=ends,
            zone=self.zone.data.strip(),
            second_goal=_money(self.second_goal.data) if self.second_goal.data else None,
            second_ends=self.second_ends.data,
            stretches=tuple(
                (_money(row["amount"]), row["text"] or "") for row in self.stretches.data if row["amount"]
            ),
            rewards=tuple(
                (row["title"], _money(row["least"]), row["places"])
                for row in self.rewards.data
                if row["title"]
            ),
        )


class JoinForm(AmountForm):
    """A pledge to a campaign, with or without a reward."""

    reward = RadioField(N_("Reward"), [Optional()])

    def offer(self, rewards: list[tuple[Reward, int | None]], currency: str) -> None:
        """Offer the rewards of which a place is free, and none."""
        self.reward.choices = [("", _("No reward"))] + [
            (str(reward.id), f"{reward.title} ({show(Money(reward.least, currency))})")
            for reward, free in rewards
            if free != 0
        ]
        self.reward.data = self.reward.data or ""

    @property
    def reward_id(self) -> uuid.UUID | None:
        return uuid.UUID(self.reward.data) if self.reward.data else None


class NewsForm(Form):
    """News for those who follow."""

    news_title = StringField(N_("Title"), [needed(), at_most(limits.TITLE_CHARS), storable])
    news_text = TextAreaField(
        N_("Text"), [needed(), at_most(limits.CAMPAIGN_TEXT_CHARS), storable], render_kw={"rows": 6}
    )


class ReasonForm(Form):
    """Why something is done; it stands in the minutes."""

    reason = TextAreaField(
        N_("Why?"), [needed(), at_most(limits.NOTE_CHARS), storable], render_kw={"rows": 3}
    )


class DecisionForm(ReasonForm):
    """The desk's word on a pitch."""

    verdict = RadioField(N_("Decision"), [needed()])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.verdict.choices = [(pitches.ACCEPTED, _("Accept")), (pitches.DECLINED, _("Decline"))]


class StoryForm(Form):
    """The story that came of a pitch."""

    address = StringField(
        N_("Address of the published story"), [needed(), at_most(limits.URL_CHARS), storable]
    )


class ChoiceForm(Form):
    """What a funder wants done with her money."""

    choice = RadioField(N_("What happens with your money?"), [needed()])

    def offer(self, open_pitches: list[Campaign]) -> None:
        self.choice.choices = [(choices.REFUND, _("It goes back to me"))] + [
            (pitch.slug, _("To the pitch “%(title)s”", title=pitch.title)) for pitch in open_pitches
        ]
