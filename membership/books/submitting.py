"""What becomes of a form that was sent: done, or shown again with why not."""

from collections.abc import Callable
from typing import TypeVar

from werkzeug.utils import redirect

from commons import web
from commons.forms import Form
from commons.refusal import Refused
from membership.money.guards import Page

Filled = TypeVar("Filled", bound=Form)


def take(form: Filled, verb: Callable[[], object], show: Callable[[Filled], str], then: str) -> Page:
    """Do ``verb`` with a valid form and go on to ``then``; else ``show`` the form with what is wrong."""
    if not form.validate():
        return show(form), 422
    try:
        verb()
    except Refused as refused:
        web.undo()
        form.refuse(refused)
        return show(form), refused.status
    return redirect(then, 303)
