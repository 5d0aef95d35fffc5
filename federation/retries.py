"""What an answer to a delivery means; pure. The table is in ``docs/decisions/delivery.md``."""

import random
from dataclasses import dataclass
from typing import Literal

from commons import limits

State = Literal["due", "sent", "failed", "gave_up"]
PERMANENT = frozenset({403, 404, 405, 406, 410, 413, 422, 451, 501})
OTHER_DIALECT = frozenset({400, 401})
TRIES_OF_OTHER_REFUSALS = 3


@dataclass(frozen=True)
class Verdict:
    """The state after a try; seconds until the next where it is ``due``; and whether the host failed."""

    state: State
    delay: float = 0.0
    host_failed: bool = False


def judge(status: int | None, tries: int, retry_after: float | None = None) -> Verdict:
    """Read ``status`` (None: no answer at all) of try number ``tries``, counted from 1."""
    if status is not None and 200 <= status < 300:
        return Verdict("sent")
    if status in PERMANENT:
        return Verdict("failed")
    if status is None or status >= 500:
        return _again(tries, retry_after if status == 503 else None, host_failed=True)
    if status in (408, 429):
        return _again(tries, retry_after if status == 429 else None)
    return Verdict("failed") if tries >= TRIES_OF_OTHER_REFUSALS else _again(tries)


def _again(tries: int, retry_after: float | None = None, *, host_failed: bool = False) -> Verdict:
    if tries > len(limits.RETRY_DELAYS):
        return Verdict("gave_up", host_failed=host_failed)
    delay = limits.RETRY_DELAYS[tries - 1] * random.uniform(
        1, 1.2
    )  # spread, so that peers are not hit in step
    return Verdict("due", max(delay, min(retry_after or 0, limits.RETRY_AFTER_MAX)), host_failed)
