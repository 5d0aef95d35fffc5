"""Who may open a page of money. The verbs behind the pages look again."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from werkzeug.wrappers import Response

from commons import powers, web
from commons.accounts import Account
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused

Page = str | Response | tuple[str, int]
View = TypeVar("View", bound=Callable[..., Page])


def treasurers_only(view: View) -> View:
    """For who keeps the books."""

    @web.signed_in
    @wraps(view)
    def guarded(*args: object, **values: object) -> Page:
        powers.require(web.session(), web.account(), Power.BOOKS)
        return view(*args, **values)

    return guarded  # type: ignore[return-value]


def me() -> Account:
    """Who is signed in; 403 for nobody."""
    account = web.account()
    if account is None:
        raise Refused(N_("You do not have the power to do this."), status=403)
    return account
