"""What people may send to the pages of federation."""

from wtforms import HiddenField, StringField
from wtforms.validators import AnyOf

from commons import limits
from commons.forms import Form, at_most, needed, storable
from commons.language import N_

DEEDS = ("follow", "reply", "boost", "like")


class InteractForm(Form):
    """A reader's own name, and what she wants to do with what is at ``object``."""

    handle = StringField(N_("Your name in the fediverse"), [needed(), at_most(limits.HANDLE_CHARS), storable])
    do = HiddenField(validators=[AnyOf(DEEDS)])
    object = HiddenField(validators=[needed(), at_most(limits.URL_CHARS), storable])
