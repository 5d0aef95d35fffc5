"""The one exception with which the door out says no."""

from typing import Literal

Kind = Literal[
    "scheme",
    "address",
    "dns",
    "connect",
    "tls",
    "timeout",
    "too_large",
    "redirect",
    "headers",
    "network",
    "budget",
]


class Unreachable(Exception):
    """Nothing usable came back. ``kind`` says why.

    ``scheme``: not an address that we speak to, or not a well-formed one; ``address``: a host or
    IP address that is refused; ``dns``, ``connect``, ``tls``, ``timeout``: how far it came;
    ``too_large``, ``headers``: over the cap; ``redirect``: too many, or in a circle;
    ``network``: the connection broke or the answer is not HTTP; ``budget``: no fetches left.
    """

    def __init__(self, kind: Kind, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
