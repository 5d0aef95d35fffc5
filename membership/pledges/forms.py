"""The forms of pledges. They only read; what is right or wrong the verbs decide."""

import secrets
from typing import Any

from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import Email, NumberRange, Optional

from commons import limits
from commons.config import settings
from commons.forms import Form, IntegerField, at_most, needed, storable
from commons.language import N_, _
from membership.money.currencies import Money, parse
from membership.payments import providers
from membership.pledges import periods

PROVIDER_NAMES = {"bank": N_("Bank transfer"), "stripe": N_("Card or direct debit")}
RHYTHM_NAMES = {
    periods.ONCE: N_("Once"),
    periods.MONTHLY: N_("Each month"),
    periods.YEARLY: N_("Each year"),
}


class PayerForm(Form):
    """Who pays, and how. ``once`` makes a form that is sent twice one pledge."""

    once = HiddenField("", [at_most(limits.ONCE_CHARS), storable])
    name = StringField(
        N_("Your name"),
        [Optional(), at_most(limits.NAME_CHARS), storable],
        render_kw={"autocomplete": "name"},
    )
    email = StringField(
        N_("Your e-mail address"),
        [Optional(), at_most(limits.EMAIL_CHARS), storable, Email(N_("This is not an e-mail address."))],
        render_kw={"type": "email", "autocomplete": "email"},
    )
    provider = RadioField(N_("How do you want to pay?"))

    def __init__(self, *args: Any, known: bool = False, **values: Any) -> None:
        """``known``: the payer is signed in, so she is not asked who she is."""
        super().__init__(*args, **values)
        self.known = known
        ready = [provider.name for provider in providers.ready()]
        self.provider.choices = [(name, _(PROVIDER_NAMES.get(name, name))) for name in ready]
        self.once.data = self.once.data or secrets.token_urlsafe(16)
        if not self.provider.data and len(ready) == 1:
            self.provider.data = ready[0]
        if known:
            del self.name, self.email
        else:
            self.name.validators = (needed(), *self.name.validators)
            self.email.validators = (needed(), *self.email.validators)


class AmountForm(PayerForm):
    """A payment of any amount."""

    amount = StringField(
        N_("Amount"),
        [needed(), at_most(40), storable],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )

    def money(self) -> Money:
        """What was typed; ``Refused`` unless it is an amount of money."""
        return parse(self.amount.data or "", settings().currency)


class PledgeForm(AmountForm):
    """Once, monthly or yearly."""

    rhythm = RadioField(N_("How often?"), [needed()])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.rhythm.choices = [(rhythm, _(name)) for rhythm, name in RHYTHM_NAMES.items()]


class ThingsForm(PayerForm):
    """A number of gifts or seats, each at the price of a year."""

    quantity = IntegerField(
        N_("How many?"),
        [needed(), NumberRange(1, limits.THINGS_AT_ONCE, N_("From %(min)s to %(max)s."))],
        render_kw={"inputmode": "numeric", "min": 1, "max": limits.THINGS_AT_ONCE},
    )


class ChangeForm(Form):
    """Another amount or rhythm."""

    amount = StringField(N_("Amount"), [needed(), at_most(40), storable], render_kw={"inputmode": "decimal"})
    rhythm = RadioField(N_("How often?"), [needed()])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.rhythm.choices = [(rhythm, _(RHYTHM_NAMES[rhythm])) for rhythm in periods.MONTHS]


class ButtonForm(Form):
    """A button, and a place for why it did not work."""


class CodeForm(Form):
    """A gift's code."""

    code = StringField(
        N_("Code"),
        [needed(), at_most(60), storable],
        render_kw={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"},
    )
