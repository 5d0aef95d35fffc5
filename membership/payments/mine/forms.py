"""The form with which a payer has her credit sent back."""

from wtforms import HiddenField, StringField

from commons import limits
from commons.forms import Form, at_most, needed, storable
from commons.language import N_


class HolderForm(Form):
    """Whose credit it is, for who came by the link of a letter."""

    party = HiddenField("", [at_most(limits.ONCE_CHARS), storable])
    key = HiddenField("", [at_most(limits.ONCE_CHARS), storable])


class BackForm(HolderForm):
    """How much of it goes where."""

    amount = StringField(N_("Amount"), [needed(), at_most(40), storable], render_kw={"inputmode": "decimal"})
    iban = StringField(
        N_("Your bank account (IBAN)"),
        [needed(), at_most(42), storable],
        render_kw={"autocapitalize": "characters", "spellcheck": "false"},
    )
