"""The forms of joining and of the desk. They only read; the verbs decide."""

import secrets

from wtforms import BooleanField, EmailField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from commons import limits
from commons.config import settings
from commons.forms import Form, at_most, needed, storable
from commons.language import N_, _
from commons.refusal import Refused
from membership.money import currencies
from membership.money.currencies import Money
from membership.payments.providers import ready
from membership.pledges import periods, prices

OTHER, GIVEN = "other", "given"
CONSENT = N_("I want to become a co-owner of %(name)s, with one share of %(share)s and one vote.")
RHYTHMS = {periods.MONTHLY: N_("every month"), periods.YEARLY: N_("every year"), periods.ONCE: N_("once")}
# What is suggested: a rhythm, one of its prices, and how it is said.
SUGGESTIONS = (
    (periods.MONTHLY, prices.REDUCED, N_("%(money)s a month, if money is short")),
    (periods.MONTHLY, prices.NORMAL, N_("%(money)s a month")),
    (periods.MONTHLY, prices.SOLIDARITY, N_("%(money)s a month, and carry somebody with less")),
    (periods.YEARLY, prices.NORMAL, N_("%(money)s a year")),
)
WAYS = {"bank": N_("By bank transfer"), "stripe": N_("By card or direct debit")}


class JoinForm(Form):
    """Screen one: what to pay, who it is, and the consent, which nobody ticks but the member."""

    once = HiddenField("", [at_most(limits.ONCE_CHARS), storable], default=lambda: secrets.token_urlsafe(16))
    price = RadioField(N_("What you pay"), [InputRequired(N_("Choose an amount."))])
    amount = StringField(N_("Another amount"), [at_most(20), storable])
    rhythm = SelectField(N_("How often"), default=periods.MONTHLY)
    provider = SelectField(N_("How you pay"))
    name = StringField(N_("Your name"), [needed(), at_most(limits.NAME_CHARS), storable])
    email = EmailField(N_("E-mail address"), [needed(), at_most(limits.EMAIL_CHARS), storable])
    consent = BooleanField("", [InputRequired(N_("Without your consent you cannot become a co-owner."))])

    def offer(self, share: Money) -> "JoinForm":
        """Fill the choices, in the language spoken now; ``share`` is what one share costs."""
        self.price.choices = [
            *(
                (f"{rhythm}-{name}", _(words, money=currencies.show(_suggested(rhythm, name))))
                for rhythm, name, words in SUGGESTIONS
            ),
            (OTHER, _("Another amount, below")),
            (GIVEN, _("Nothing: somebody pays for me, by a gift code or a seat for those short of money")),
        ]
        self.rhythm.choices = [(name, _(words)) for name, words in RHYTHMS.items()]
        self.provider.choices = [(way.name, _(WAYS.get(way.name, way.name))) for way in ready()]
        self.consent.label.text = _(CONSENT, name=settings().name, share=currencies.show(share))
        return self

    @property
    def chosen(self) -> tuple[Money, str]:
        """How much, and how often. Refuses what is no amount."""
        if self.price.data == OTHER:
            return currencies.parse(self.amount.data or "", settings().currency), self.rhythm.data
        rhythm, _dash, name = self.price.data.partition("-")
        return _suggested(rhythm, name), rhythm


def _suggested(rhythm: str, name: str) -> Money:
    return prices.suggested(rhythm, settings().currency)[name]


class AddressForm(Form):
    """What the register of members and the bank need to know."""

    name = StringField(N_("Your name"), [needed(), at_most(limits.NAME_CHARS), storable])
    address = TextAreaField(N_("Postal address"), [at_most(limits.ADDRESS_CHARS), storable])
    iban = StringField(N_("IBAN"), [at_most(42), storable])


class SharesForm(Form):
    number = StringField(N_("How many more"), [needed(), at_most(6), storable])

    @property
    def count(self) -> int:
        text = (self.number.data or "").strip()
        if not (text.isascii() and text.isdigit()):
            raise Refused(N_("Write a whole number."))
        return int(text)


class ErasureForm(Form):
    sure = BooleanField(
        N_("Erase my data. I know that it cannot be undone once those days are over."),
        [InputRequired(N_("Tick this first: it cannot be undone."))],
    )
