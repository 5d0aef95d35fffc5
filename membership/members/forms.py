"""The treasurer's forms about members. They only read; the verbs decide."""

from wtforms import SelectField, StringField
from wtforms.validators import NumberRange

from commons import limits
from commons.forms import Form, IntegerField, at_most, needed, storable
from commons.language import N_, _
from membership.members.words import CLASSES


class ReasonForm(Form):
    reason = StringField(N_("Reason"), [needed(), at_most(limits.NOTE_CHARS), storable])


class ClassForm(ReasonForm):
    # Both forms stand on one page.
    reason = StringField(N_("Reason"), [needed(), at_most(limits.NOTE_CHARS), storable], id="class-reason")
    class_ = SelectField(N_("Class"))

    def offer(self) -> "ClassForm":
        """Fill the choices, in the language spoken now."""
        self.class_.choices = [(name, _(words)) for name, words in CLASSES.items()]
        return self


class TransferForm(Form):
    lot = SelectField(N_("Block of shares"))
    shares = IntegerField(N_("Number of shares"), [needed(), NumberRange(1, 1_000_000)])
    to = IntegerField(N_("To the member with number"), [needed(), NumberRange(1, 2**31 - 1)])

    def offer(self, lots: list[tuple[str, str]]) -> "TransferForm":
        """Fill the choices: the lot's id and how it is shown."""
        self.lot.choices = lots
        return self


class AccountsForm(Form):
    year = IntegerField(N_("Financial year that ended in"), [needed(), NumberRange(1900, 9999)])
    decided_in = StringField(N_("Decided in"), [needed(), at_most(limits.NOTE_CHARS), storable])
