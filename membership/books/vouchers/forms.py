"""The forms of other income and costs, and of the bank's debits. They only read."""

import uuid
from collections.abc import Iterable

from wtforms import DateField, FileField, SelectField, StringField
from wtforms.validators import Optional

from commons import limits
from commons.config import settings
from commons.forms import Form, at_most, needed, storable
from commons.language import N_, _
from membership.books.forms import DECIMAL, Stories
from membership.books.vouchers import vouchers
from membership.books.vouchers.vouchers import Note
from membership.books.words import percent
from membership.money import taxes
from membership.money.currencies import parse

OWED, CASH = "owed", "cash"


class VoucherForm(Form):
    """Income or a cost."""

    account = SelectField(N_("Kind"))
    money = StringField(N_("Amount"), [needed(), at_most(40), storable], render_kw=DECIMAL)
    tax = StringField(N_("Tax in it"), [Optional(), at_most(40), storable], render_kw=DECIMAL)
    rate = SelectField(N_("Tax rate"))
    dated = DateField(N_("Day of the document"), [needed()])
    words = StringField(N_("What for"), [needed(), at_most(limits.EXPENSE_WORDS), storable])
    place = SelectField(N_("Where is the money?"))
    story = SelectField(N_("For which story"))
    file = FileField(N_("File: PDF, JPEG or PNG"))

    def offer(self, stories: Stories, lines: Iterable[tuple[uuid.UUID, str]]) -> "VoucherForm":
        """Fill the choices, in the language spoken now; ``lines`` of the bank that wait, and their words."""
        self.account.choices = [(each.name, _(each.title)) for each in vouchers.ACCOUNTS]
        self.rate.choices = [
            ("", _("No tax, or the amount below")),
            *((str(rate), percent(rate)) for rate in taxes.OFFERED),
        ]
        self.story.choices = [("", _("For none")), *((str(key), title) for key, title in stories)]
        self.place.choices = [
            (OWED, _("Not paid yet")),
            (CASH, _("Cash")),
            *((str(key), words) for key, words in lines),
        ]
        return self

    def note(self, document: bytes) -> Note:
        """What was entered; refuses an amount that is none."""
        currency = settings().currency
        return Note(
            account=self.account.data,
            money=parse(self.money.data or "", currency),
            tax=parse(self.tax.data, currency).amount if self.tax.data else 0,
            rate=int(self.rate.data) if self.rate.data else None,
            dated=self.dated.data,
            words=self.words.data,
            document=document,
            story_id=uuid.UUID(self.story.data) if self.story.data else None,
            line_id=uuid.UUID(self.place.data) if self.place.data not in (OWED, CASH) else None,
            cash=self.place.data == CASH,
        )


class DebitForm(Form):
    """What a debit paid: ``kind`` and id of a candidate."""

    paid = StringField(N_("What it paid"), [needed(), at_most(60), storable])

    def candidate(self) -> tuple[str, uuid.UUID] | None:
        kind, _colon, key = self.paid.data.partition(":")
        try:
            return kind, uuid.UUID(key)
        except ValueError:
            return None
