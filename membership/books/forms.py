"""The forms of expenses, budget and surplus. They only read; what is right the verbs decide."""

import uuid
from collections.abc import Sequence

from wtforms import DateField, FileField, RadioField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from commons import limits
from commons.config import settings
from commons.forms import Form, IntegerField, at_most, needed, storable
from commons.language import N_, _
from membership.books import budget, expenses, words
from membership.books.expenses import Bill
from membership.money.currencies import Money, parse

DECIMAL = {"inputmode": "decimal"}
Stories = Sequence[tuple[uuid.UUID, str]]


def _money(text: str | None) -> Money:
    return parse(text or "", settings().currency)


class BillForm(Form):
    """An invoice or an outlay."""

    money = StringField(N_("Amount"), [needed(), at_most(40), storable], render_kw=DECIMAL)
    words = StringField(N_("What for"), [needed(), at_most(limits.EXPENSE_WORDS), storable])
    dated = DateField(N_("Day of the invoice"), [needed()])
    account = SelectField(N_("Kind"))
    story = SelectField(N_("For which story"))
    payee = StringField(N_("Who is paid"), [needed(), at_most(limits.PAYEE_CHARS), storable])
    iban = StringField(
        N_("Bank account (IBAN)"),
        [needed(), at_most(42), storable],
        render_kw={"autocapitalize": "characters", "spellcheck": "false"},
    )
    number = StringField(
        N_("Invoice number, if there is one"), [at_most(limits.INVOICE_NUMBER_CHARS), storable]
    )
    file = FileField(N_("File: PDF, JPEG or PNG"))

    def offer(self, stories: Stories) -> "BillForm":
        """Fill the choices, in the language spoken now."""
        self.account.choices = [(each.name, _(each.title)) for each in expenses.ACCOUNTS]
        self.story.choices = [("", _("For none")), *((str(key), title) for key, title in stories)]
        return self

    def bill(self, document: bytes) -> Bill:
        """What was handed in; refuses an amount that is none."""
        return Bill(
            payee=self.payee.data,
            iban=self.iban.data,
            money=_money(self.money.data),
            account=self.account.data,
            dated=self.dated.data,
            words=self.words.data,
            document=document,
            number=self.number.data or "",
            story_id=uuid.UUID(self.story.data) if self.story.data else None,
        )


class CheckForm(Form):
    """The first signature."""

    account = SelectField(N_("Kind"))
    tax = StringField(N_("Tax in it that we reclaim"), [Optional(), at_most(40), storable], render_kw=DECIMAL)

    def offer(self) -> "CheckForm":
        self.account.choices = [(each.name, _(each.title)) for each in expenses.ACCOUNTS]
        return self

    def tax_amount(self) -> int:
        return _money(self.tax.data).amount if self.tax.data else 0


class RejectForm(Form):
    why = StringField(N_("Reason"), [needed(), at_most(limits.REASON_CHARS), storable])


class DayForm(Form):
    on = DateField(N_("Day on which the bank sent it"), [needed()])


class PlanForm(Form):
    """A line of the budget."""

    account = SelectField(N_("Kind"))
    month = StringField(N_("From the month on"), [needed(), at_most(7), storable])
    money = StringField(N_("Amount a month"), [needed(), at_most(40), storable], render_kw=DECIMAL)

    def offer(self) -> "PlanForm":
        self.account.choices = [(each.name, _(each.title)) for each in budget.ACCOUNTS]
        return self

    def amount(self) -> Money:
        return _money(self.money.data)


class SurplusForm(Form):
    """What is to be done with a surplus."""

    year = IntegerField(N_("Financial year that ended in"), [needed(), NumberRange(2000, 9999)])
    minute = IntegerField(N_("Number of the minute that says so"), [needed(), NumberRange(1, 2**31 - 1)])
    reserve = StringField(N_("Into the reserve"), [needed(), at_most(40), storable], render_kw=DECIMAL)
    refund = StringField(N_("Back to the members"), [needed(), at_most(40), storable], render_kw=DECIMAL)

    def amounts(self) -> tuple[Money, Money]:
        return _money(self.reserve.data), _money(self.refund.data)


class ChoiceForm(Form):
    """What becomes of a member's part."""

    choice = RadioField(N_("What should become of it?"), [needed()])
    iban = StringField(N_("Bank account (IBAN)"), [at_most(42), storable])

    def offer(self) -> "ChoiceForm":
        self.choice.choices = [(name, _(said)) for name, said in words.CHOICES.items()]
        return self
