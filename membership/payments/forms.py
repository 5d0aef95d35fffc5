"""The forms of the treasurer's page of payments."""

from wtforms import StringField, TextAreaField

from commons import limits
from commons.forms import Form, at_most, needed, storable
from commons.language import N_


class AssignForm(Form):
    """Which payment a bank line is for."""

    reference = StringField(N_("Reference of the payment"), [needed(), at_most(40), storable])


class ReasonForm(Form):
    """Why something is sent back."""

    reason = TextAreaField(N_("Reason"), [needed(), at_most(limits.REASON_CHARS), storable])


class RefundForm(ReasonForm):
    """How much of a payment to send back, and why."""

    amount = StringField(N_("Amount"), [needed(), at_most(40), storable])


class CreditForm(Form):
    """Whose credit a bank line is."""

    party = StringField(
        N_("E-mail address or number of the payer"), [needed(), at_most(limits.EMAIL_CHARS), storable]
    )
