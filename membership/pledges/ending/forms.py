"""The forms with which a contract is ended."""

import secrets
from datetime import date
from typing import Any

from wtforms import DateField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import Email, Optional

from commons import limits
from commons.forms import Form, at_most, needed, storable
from commons.language import N_, _
from membership.pledges.ending import cancellations


class EndingForm(Form):
    """Who says so, and of what contract."""

    once = HiddenField("", [at_most(limits.ONCE_CHARS), storable])
    name = StringField(
        N_("Your name"), [needed(), at_most(limits.NAME_CHARS), storable], render_kw={"autocomplete": "name"}
    )
    email = StringField(
        N_("Your e-mail address"),
        [needed(), at_most(limits.EMAIL_CHARS), storable, Email(N_("This is not an e-mail address."))],
        render_kw={"type": "email", "autocomplete": "email"},
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.once.data = self.once.data or secrets.token_urlsafe(16)


class WithdrawalForm(EndingForm):
    """Who withdraws, and from what."""

    contract = TextAreaField(
        N_("From what do you withdraw?"),
        [needed(), at_most(limits.CONTRACT_CHARS), storable],
        render_kw={"rows": 3},
    )


class CancellationForm(EndingForm):
    """Who cancels what, how, and by when."""

    contract = TextAreaField(
        N_("What do you cancel?"),
        [needed(), at_most(limits.CONTRACT_CHARS), storable],
        render_kw={"rows": 3},
    )
    kind = RadioField(N_("How do you cancel?"), [needed()], default=cancellations.ORDINARY)
    reason = TextAreaField(
        N_("Reason, if it is an important one"),
        [Optional(), at_most(limits.REASON_CHARS), storable],
        render_kw={"rows": 2},
    )
    ends_on = DateField(N_("By which day? Empty: as soon as possible"), [Optional()])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.kind.choices = [(name, _(said)) for name, said in cancellations.KINDS.items()]

    def wanted(self) -> date | None:
        found: date | None = self.ends_on.data
        return found
