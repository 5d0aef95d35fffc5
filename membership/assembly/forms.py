"""The forms of the assembly. They only read; what is right or wrong the verbs decide."""

import uuid
from datetime import date, datetime
from typing import Any

from wtforms import (
    DateField,
    DateTimeLocalField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import NumberRange, Optional

from commons import limits
from commons.config import settings
from commons.forms import Form, IntegerField, at_most, needed, storable
from commons.language import N_, _
from commons.refusal import Refused
from membership.assembly.models import OPINION, STATUTE, SURPLUS
from membership.campaigns import deadlines
from membership.members import statute_words
from membership.members.statutes import Statutes

KINDS = {
    OPINION: N_("Something else"),
    STATUTE: N_("A change of the statutes"),
    SURPLUS: N_("The use of the surplus"),
}


class CallForm(Form):
    """A meeting that is called."""

    title = StringField(N_("Title"), [needed(), at_most(limits.TITLE_CHARS), storable])
    place = StringField(N_("Place or link"), [needed(), at_most(limits.PLACE_CHARS), storable])
    starts = DateTimeLocalField(N_("Beginning"), [needed()])
    zone = StringField(N_("Time zone"), [needed(), at_most(60), storable])
    invitation = TextAreaField(
        N_("Invitation"), [needed(), at_most(limits.MOTION_TEXT_CHARS), storable], render_kw={"rows": 8}
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        if not self.zone.data:
            self.zone.data = settings().timezone

    def starts_at(self) -> datetime:
        """Refuses an unknown zone and an hour that clocks skip there."""
        return deadlines.instant(self.starts.data, self.zone.data)


class MotionForm(Form):
    """What a member moves."""

    title = StringField(N_("What is to be decided, as one sentence"), [needed(), at_most(limits.TITLE_CHARS)])
    reasons = TextAreaField(
        N_("Reasons"), [needed(), at_most(limits.MOTION_TEXT_CHARS), storable], render_kw={"rows": 8}
    )
    assembly = SelectField(N_("For which meeting"), [Optional()])
    kind = RadioField(N_("What is it about?"), [needed()])
    statute = SelectField(N_("Which of the statutes"), [Optional()])
    value = IntegerField(N_("Its new value"), [Optional(), NumberRange(0, 10**9)])
    valid_from = DateField(N_("From which day on"), [Optional()])
    surplus = SelectField(N_("Which proposal of the treasurer"), [Optional()])

    def __init__(
        self,
        *args: Any,
        meetings: list[tuple[str, str]],
        proposals: list[tuple[str, str]],
        fixed: Statutes,
        **values: Any,
    ) -> None:
        super().__init__(*args, **values)
        self.kind.choices = [(kind, _(name)) for kind, name in KINDS.items() if kind != SURPLUS or proposals]
        self.assembly.choices = [("", _("None; whenever it can be voted on")), *meetings]
        self.statute.choices = [
            ("", "–"),
            *(
                (name, _("%(what)s; now %(value)s", what=_(words), value=getattr(fixed, name)))
                for name, words in statute_words.WORDS.items()
            ),
        ]
        self.surplus.choices = [("", "–"), *proposals]

    def meeting_id(self) -> uuid.UUID | None:
        return uuid.UUID(self.assembly.data) if self.assembly.data else None

    def change(self) -> tuple[str, int, date] | None:
        """The change of the statutes that is moved. Refused where a part of it is missing."""
        if self.kind.data != STATUTE:
            return None
        if not self.statute.data or self.value.data is None or self.valid_from.data is None:
            raise Refused(N_("Say which of the statutes, its new value and the day."), status=422)
        return self.statute.data, self.value.data, self.valid_from.data

    def proposal_id(self) -> uuid.UUID | None:
        """The treasurer's proposal. Refused where none is chosen."""
        if self.kind.data != SURPLUS:
            return None
        if not self.surplus.data:
            raise Refused(N_("Say which proposal of the treasurer."), status=422)
        return uuid.UUID(self.surplus.data)


class RecordForm(Form):
    """What was said and decided."""

    record = TextAreaField(
        N_("What was said and decided"),
        [needed(), at_most(limits.RECORD_CHARS), storable],
        render_kw={"rows": 16},
    )
    present = IntegerField(
        N_("How many members were there"), [needed(), NumberRange(0, limits.MEMBERS_PRESENT)]
    )


class CancelForm(Form):
    """Why a meeting does not take place."""

    reason = StringField(N_("Why"), [needed(), at_most(limits.NOTE_CHARS), storable])
