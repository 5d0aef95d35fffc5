"""Who may open a page of money. The verbs behind the pages look again."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from werkzeug.wrappers import Response

from commons import powers, web
from commons.powers import Power

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
