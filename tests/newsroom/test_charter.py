"""The charter, cell by cell."""

from itertools import product

import pytest

from commons.powers import Power
from commons.refusal import Refused
from newsroom import charter
from newsroom.charter import DRAFT, PUBLISHED, RETRACTED

W, E, P = Power.WRITE, Power.EDIT, Power.PUBLISH

# (verb, state before): (state after, power for one's own story, power for another's)
POSSIBLE = {
    ("start", None): (DRAFT, W, W),
    ("read", DRAFT): (DRAFT, W, E),
    ("read", PUBLISHED): (PUBLISHED, W, E),
    ("read", RETRACTED): (RETRACTED, W, E),
    ("save", DRAFT): (DRAFT, W, E),
    ("publish", DRAFT): (PUBLISHED, P, P),
    ("correct", PUBLISHED): (PUBLISHED, P, P),
    ("retract", PUBLISHED): (RETRACTED, P, P),
}
CELLS = list(product(charter.VERBS, (None, *charter.STATES)))


@pytest.mark.parametrize(("verb", "state"), CELLS)
def test_each_cell_leads_where_it_should_or_nowhere(verb: str, state: str | None) -> None:
    expected = POSSIBLE.get((verb, state))
    found = charter.find(verb, state)
    assert (found and (found.after, found.power(own=True), found.power(own=False))) == expected


@pytest.mark.parametrize(("verb", "state"), [cell for cell in CELLS if cell not in POSSIBLE])
def test_what_the_table_lacks_is_refused_with_a_sentence(verb: str, state: str | None) -> None:
    with pytest.raises(Refused) as refused:
        charter.move(verb, state)
    assert refused.value.status == 409
    assert str(refused.value).endswith(".")


def test_the_table_has_no_cell_beyond_the_expected_ones() -> None:
    assert {(move.verb, move.before) for move in charter.TABLE} == set(POSSIBLE)


def test_the_power_of_a_verb_is_the_same_in_every_state() -> None:
    for move in charter.TABLE:
        assert charter.power_for(move.verb, own=True) == move.own
        assert charter.power_for(move.verb, own=False) == move.others
