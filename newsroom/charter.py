"""What may be done to a story, from which state to which, and who may. Pure.

The states: ``draft`` (only the desk sees it), ``published``, ``retracted`` (its page keeps its
address, with a notice).
"""

from dataclasses import dataclass

from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused

DRAFT, PUBLISHED, RETRACTED = "draft", "published", "retracted"
STATES = (DRAFT, PUBLISHED, RETRACTED)


@dataclass(frozen=True)
class Move:
    """One verb from one state: where it leads, and the power it takes on one's own and on others' stories."""

    verb: str
    before: str | None
    after: str
    own: Power
    others: Power

    def power(self, *, own: bool) -> Power:
        return self.own if own else self.others


TABLE = (
    Move("start", None, DRAFT, own=Power.WRITE, others=Power.WRITE),
    Move("read", DRAFT, DRAFT, own=Power.WRITE, others=Power.EDIT),
    Move("read", PUBLISHED, PUBLISHED, own=Power.WRITE, others=Power.EDIT),
    Move("read", RETRACTED, RETRACTED, own=Power.WRITE, others=Power.EDIT),
    Move("save", DRAFT, DRAFT, own=Power.WRITE, others=Power.EDIT),
    Move("publish", DRAFT, PUBLISHED, own=Power.PUBLISH, others=Power.PUBLISH),
    Move("correct", PUBLISHED, PUBLISHED, own=Power.PUBLISH, others=Power.PUBLISH),
    Move("retract", PUBLISHED, RETRACTED, own=Power.PUBLISH, others=Power.PUBLISH),
)
VERBS = tuple(dict.fromkeys(move.verb for move in TABLE))
_CELLS = {(move.verb, move.before): move for move in TABLE}


def find(verb: str, state: str | None) -> Move | None:
    """The cell of the table, or None where ``verb`` is not possible from ``state``."""
    return _CELLS.get((verb, state))


def power_for(verb: str, *, own: bool) -> Power:
    """The power that ``verb`` takes, whatever the state."""
    return next(move for move in TABLE if move.verb == verb).power(own=own)


def move(verb: str, state: str | None) -> Move:
    """The cell of the table; refuses (409) where there is none."""
    found = find(verb, state)
    if found is None:
        raise Refused(_IMPOSSIBLE.get(state, N_("There is no such step for a story.")), status=409)
    return found


_IMPOSSIBLE: dict[str | None, str] = {
    DRAFT: N_("This story is not published."),
    PUBLISHED: N_("This story is published. Correct it, so that readers are told what changed."),
    RETRACTED: N_("This story was retracted and cannot change any more."),
}
