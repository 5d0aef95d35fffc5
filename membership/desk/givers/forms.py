"""The form in which a giver says which address is hers."""

from wtforms import StringField
from wtforms.validators import Email

from commons import limits
from commons.forms import Form, at_most, needed, storable
from commons.language import N_


class AddressForm(Form):
    """An e-mail address."""

    email = StringField(
        N_("Your e-mail address"),
        [needed(), at_most(limits.EMAIL_CHARS), storable, Email(N_("This is not an e-mail address."))],
        render_kw={"type": "email", "autocomplete": "email"},
    )
