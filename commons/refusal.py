"""The one exception with which a verb says no."""


class Refused(Exception):
    """A verb declines, for a reason that may be shown to whoever asked.

    ``reason`` is an English message id of the catalogue (mark it with ``_``
    of ``commons.language`` as ``N_("…")``); ``values`` fill its ``%(name)s`` places.
    ``status`` is the HTTP status a web page or endpoint answers with.
    """

    def __init__(self, reason: str, status: int = 422, **values: object) -> None:
        super().__init__(reason % values if values else reason)
        self.reason = reason
        self.status = status
        self.values = values
