"""How much one sender may send us in a minute.

Counted in each process by itself, in bounded memory: several web processes allow as many times as much.
"""

import threading
from collections import OrderedDict

from commons import limits
from commons.clock import now
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused


class Rate:
    """At most ``most`` in ``limits.INBOX_WINDOW`` seconds for each key; the oldest keys are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, key: str) -> None:
        """One more for ``key``."""
        moment = now().timestamp()
        with self._lock:
            began, number = self._counts.get(key, (moment, 0))
            if moment - began >= limits.INBOX_WINDOW:
                began, number = moment, 0
                self._counts.pop(key, None)
            self._counts[key] = (began, number + 1)
            if len(self._counts) > limits.SENDERS_COUNTED:
                self._counts.popitem(last=False)

    def require(self, key: str) -> None:
        """Refuse with 429, and say in how many ``seconds`` to come again, where ``key`` had its share."""
        if not settings().rate_limits:
            return
        with self._lock:
            began, number = self._counts.get(key, (0.0, 0))
        left = began + limits.INBOX_WINDOW - now().timestamp()
        if number >= self._most and left > 0:
            raise Refused(
                N_("Too many requests. Come again in %(seconds)s seconds."), 429, seconds=int(left) + 1
            )

    def forget(self) -> None:
        with self._lock:
            self._counts.clear()


# Verified activities, by the host that signed them; and what was refused, by network.
taken = Rate(limits.INBOX_PER_HOST)
refused = Rate(limits.INBOX_REFUSALS)
