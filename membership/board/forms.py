"""The forms of the board. They only read; what is right the verbs decide."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from wtforms import DateField, DateTimeLocalField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from commons import limits
from commons.config import settings
from commons.forms import Form, IntegerField, at_most, needed, storable
from commons.language import N_, _
from commons.powers import Power
from membership.board.meetings import WORDS, Resolution
from membership.board.models import Seat

DEPUTED = {
    Power.WRITE.value: N_("write her own stories"),
    Power.EDIT.value: N_("edit others' drafts too"),
    Power.PUBLISH.value: N_("approve, publish, correct and retract"),
}
ATTENDED = {"present": N_("present"), "excused": N_("excused"), "absent": N_("absent")}
COUNTED = {"inputmode": "numeric", "min": "0"}


class LayDownForm(Form):
    """Which power one gives up."""

    power = SelectField(choices=[power.value for power in Power])


class DeputyForm(Form):
    """Whom a seat appoints."""

    handle = StringField(
        N_("Handle"),
        [needed(), at_most(limits.HANDLE_CHARS), storable],
        render_kw={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
    )
    power = SelectField(N_("She may"))
    last_day = DateField(N_("Last day, if it is to end before your term"), [Optional()])
    reason = StringField(N_("Reason"), [needed(), at_most(limits.REASON_CHARS), storable])

    def offer(self) -> "DeputyForm":
        """Fill the choices, in the language spoken now."""
        self.power.choices = [(name, _(words)) for name, words in DEPUTED.items()]
        return self


class WhenForm(Form):
    """When a meeting was held, by the newsroom's clock: it says who sat then."""

    held = DateTimeLocalField(N_("Day and time"), [needed()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])

    @property
    def moment(self) -> datetime:
        found: datetime = self.held.data
        return found.replace(tzinfo=ZoneInfo(settings().timezone))


class MeetingForm(WhenForm):
    """A meeting; who was there is asked seat by seat (``attended``)."""

    name = StringField(N_("Title"), [needed(), at_most(limits.TITLE_CHARS), storable])
    place = StringField(N_("Place or link"), [at_most(limits.URL_CHARS), storable])


def attended(sent: Mapping[str, str], sat: list[Seat]) -> dict[Seat, str]:
    """For each seat, what was chosen; empty where nothing fitting was."""
    chosen = {seat: sent.get(f"seat-{seat.id}", "") for seat in sat}
    return {seat: word if word in WORDS else "" for seat, word in chosen.items()}


class DecisionForm(Form):
    """What a meeting decided."""

    text = TextAreaField(N_("Decision"), [needed(), at_most(limits.BOARD_TEXT_CHARS), storable])
    yes = IntegerField(N_("In favour"), [needed(), NumberRange(0, 1000)], render_kw=COUNTED)
    no = IntegerField(N_("Against"), [needed(), NumberRange(0, 1000)], render_kw=COUNTED)
    abstained = IntegerField(N_("Abstained"), [needed(), NumberRange(0, 1000)], render_kw=COUNTED)

    @property
    def resolution(self) -> Resolution:
        return Resolution(self.text.data, self.yes.data, self.no.data, self.abstained.data)


class CooptionForm(Form):
    """Whom the board would take, by her number in the register of members."""

    number = IntegerField(
        N_("Number in the register"), [needed(), NumberRange(1, 1_000_000)], render_kw=COUNTED
    )


class PetitionForm(Form):
    """Whom members would recall, and why."""

    seat = SelectField(N_("Who is to leave the board"))
    reason = TextAreaField(N_("Reason"), [needed(), at_most(limits.BOARD_TEXT_CHARS), storable])

    def offer(self, sat: list[Seat]) -> "PetitionForm":
        self.seat.choices = [(str(seat.id), seat.name) for seat in sat]
        return self
