"""Applications that are made once for many tests: to make one takes longer than most tests do.

Of the settings an application keeps its origin, and where the ballot box's door is; all else is asked for by
each request. A test that counts pages, stands behind proxies or changes the application makes its own.
"""

from collections.abc import Callable
from functools import lru_cache

from commons import web
from commons.cast_host import Application, CastHost
from commons.config import settings
from wsgi import create_app

Make = Callable[[], web.App]


def shared(make: Make = create_app) -> web.App:
    """What ``make`` makes by this test's settings; maybe it was made for an earlier test."""
    assert not settings().rate_limits, "an application that counts pages is not shared"
    app, inner = _made(make, settings().origin)
    app.wsgi_app = CastHost(inner, settings())
    return app


@lru_cache(16)
def _made(make: Make, _origin: str) -> tuple[web.App, Application]:
    """An application, and what is in it behind the ballot box's addresses."""
    app = make()
    assert isinstance(app.wsgi_app, CastHost), "an application behind proxies is not shared"
    return app, app.wsgi_app._application
