"""The one door out: every byte that leaves this server over HTTP passes here.

``fetch`` gets a document, ``exchange`` carries a single request, and a ``Courier`` posts many at
once. All three ride on the same ``Transfer``, so no address, size or time check can be forgotten
on one path.
"""

from commons.outbound.address import check_url, permitted
from commons.outbound.courier import Courier
from commons.outbound.documents import Budget, Sign, exchange, fetch, hang_up
from commons.outbound.message import Answer, prepare
from commons.outbound.unreachable import Unreachable

__all__ = [
    "Answer",
    "Budget",
    "Courier",
    "Sign",
    "Unreachable",
    "check_url",
    "exchange",
    "fetch",
    "hang_up",
    "permitted",
    "prepare",
]
