"""What all forms of ours share: WTForms, in the language spoken now, with a place for a verb's refusal.

A form lists its fields; anything else that is posted is ignored. Labels and messages are
marked with ``N_`` where they are written and translated when the form is made.
"""

from typing import Any

from wtforms import Field
from wtforms import Form as WTForm
from wtforms import IntegerField as WTIntegerField
from wtforms.i18n import get_translations
from wtforms.meta import DefaultMeta
from wtforms.validators import InputRequired, Length, Regexp

from commons.language import N_, _, language
from commons.refusal import Refused

# A NUL or a lone surrogate breaks databases and JSON further on.
storable = Regexp(r"[^\x00\ud800-\udfff]*\Z", message=N_("This text has a character that cannot be stored."))


def needed() -> InputRequired:
    return InputRequired(N_("Fill this in."))


def at_most(characters: int) -> Length:
    return Length(max=characters, message=N_("At most %(max)d characters."))


class IntegerField(WTIntegerField):  # type: ignore[misc]
    """A whole number of at most 64 bits. WTForms compares bounds as floats, which a longer one breaks."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        read: int | None = self.data
        if read is not None and read.bit_length() > 63:
            self.data: Any = None
            raise ValueError(self.gettext("Not a valid integer value."))


class _Words:
    """Our catalogue first, then the one that comes with WTForms."""

    def __init__(self, theirs: Any) -> None:
        self.theirs = theirs

    def gettext(self, message: str) -> str:
        ours = _(message)
        return ours if ours != message else str(self.theirs.gettext(message))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return str(self.theirs.ngettext(singular, plural, number))


class _Meta(DefaultMeta):  # type: ignore[misc]
    def get_translations(self, form: WTForm) -> _Words:
        return _Words(get_translations([language()]))

    def bind_field(self, form: WTForm, unbound_field: Any, options: dict[str, Any]) -> Field:
        field = super().bind_field(form, unbound_field, options)
        field.label.text = _(field.label.text)
        return field


class Form(WTForm):  # type: ignore[misc]
    """Base of every form."""

    Meta = _Meta

    def refuse(self, refusal: Refused) -> None:
        """Show above the form why the verb declined."""
        self.form_errors.append(_(refusal.reason, **refusal.values))
