"""The forms of the officers. They only read; what is right or wrong the verbs decide."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import (
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
from membership.elections.count_text import RULE_NAMES
from membership.elections.models import BOARD, QUESTION
from membership.elections.tally import RULES

KINDS = {BOARD: N_("Seats on the board"), QUESTION: N_("A question to all members")}
KEY_CHARS = 1_000  # three shares of 24 words


class CallForm(Form):
    """An election that is called."""

    title = StringField(N_("Title"), [needed(), at_most(limits.ELECTION_TEXT_CHARS), storable])
    kind = RadioField(N_("What is voted on?"), [needed()], default=BOARD)
    seats = IntegerField(N_("How many seats"), [Optional(), NumberRange(1, 50)])
    question = StringField(N_("The question"), [at_most(limits.ELECTION_QUESTION_CHARS), storable])
    options = TextAreaField(
        N_("Its answers, a line each"), [at_most(limits.CANDIDATE_STATEMENT_CHARS), storable]
    )
    rule = SelectField(N_("Rule of the count"), [Optional()])
    ends = DateTimeLocalField(N_("End of voting"), [Optional()])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.kind.choices = [(kind, _(name)) for kind, name in KINDS.items()]
        self.rule.choices = [("", _("The usual one")), *((rule, _(RULE_NAMES[rule])) for rule in RULES)]
        if not self.options.data:
            self.options.data = f"{_('Yes')}\n{_('No')}"

    def vote_ends(self) -> datetime | None:
        """By the clocks of the newsroom; None for as soon as the statutes allow."""
        wall: datetime | None = self.ends.data
        return None if wall is None else wall.replace(tzinfo=ZoneInfo(settings().timezone), fold=1)

    def answers(self) -> list[str]:
        return [line for line in (self.options.data or "").splitlines() if line.strip()]


class AnswerForm(Form):
    """The answer to an objection, and the correction if it is upheld."""

    upheld = RadioField(N_("Is the objection right?"), [needed()])
    number = IntegerField(N_("Number of the member whose entry is wrong, if any"), [Optional()])
    change = SelectField(N_("What is put right"), [Optional()])
    answer = TextAreaField(N_("Answer to the member"), [needed(), at_most(limits.OBJECTION_CHARS), storable])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.upheld.choices = [("yes", _("Yes")), ("no", _("No"))]
        self.change.choices = [
            ("", _("Nothing")),
            ("on", _("Put the member on the roll")),
            ("off", _("Take the member off the roll")),
        ]

    def correct(self) -> tuple[int, bool] | None:
        """The correction that goes with it. Refused where half of it is missing."""
        if not self.change.data:
            return None
        if self.number.data is None:
            raise Refused(N_("Which member? Give the number in the register."))
        return self.number.data, self.change.data == "on"


class KeyForm(Form):
    """The public half of the tally key."""

    public = StringField(N_("Public key, 64 digits"), [needed(), at_most(64), storable])

    def key(self) -> bytes:
        """Refused for what is no key."""
        try:
            found = bytes.fromhex(self.public.data)
        except ValueError:
            found = b""
        if len(found) != 32:
            raise Refused(N_("A public key has 64 hexadecimal digits."))
        return found


class RehearsalForm(Form):
    """The words in the dummy."""

    words = StringField(N_("The eight words that the command printed"), [needed(), at_most(200), storable])


class LotForm(Form):
    """Which public value decides lots."""

    lot = StringField(
        N_("Public value that somebody else draws after the close"),
        [needed(), at_most(limits.ELECTION_TEXT_CHARS), storable],
    )


class CountForm(Form):
    """The tally key, and the value that was drawn."""

    key = TextAreaField(N_("Two shares, a line each"), [needed(), at_most(KEY_CHARS), storable])
    value = StringField(
        N_("The value that was drawn"), [needed(), at_most(limits.ELECTION_TEXT_CHARS), storable]
    )


class PostponeForm(Form):
    """By how many days, and why."""

    days = IntegerField(N_("By how many days"), [needed(), NumberRange(1, limits.ELECTION_POSTPONED_DAYS)])
    why = StringField(N_("Why"), [needed(), at_most(limits.NOTE_CHARS), storable])

    def by_time(self) -> timedelta:
        return timedelta(days=self.days.data)


class VoidForm(Form):
    """Why an election ends without a result."""

    reason = StringField(N_("Why"), [needed(), at_most(limits.NOTE_CHARS), storable])


FORMS: dict[str, type[Form]] = {
    "key": KeyForm,
    "rehearsal": RehearsalForm,
    "lot": LotForm,
    "announce": Form,
    "count": CountForm,
    "certify": Form,
    "postpone": PostponeForm,
    "void": VoidForm,
}
