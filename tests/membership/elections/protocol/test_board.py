"""The tree, its proofs, and the chain of what was published."""

from dataclasses import replace

import pytest

from commons.refusal import Refused
from membership.elections.protocol.board import (
    Entry,
    check_history,
    included,
    inclusion_proof,
    leaf,
    next_entry,
    tree_root,
)
from membership.elections.protocol.roll import member_leaf
from tests.membership.elections.protocol.world import counted, numbered

H = numbered("H", 1)
LEAVES = [numbered("leaf", number) for number in range(1, 30)]
# Data and roots of the test tree of Certificate Transparency (RFC 6962).
KNOWN = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
KNOWN.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", ROOTS)
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert tree_root([leaf(data) for data in KNOWN[:size]]).hex() == ROOTS[size]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert tree_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 13, 29])
def test_every_leaf_proves_that_it_is_in_the_tree_and_nothing_else_does(size: int) -> None:
    leaves = LEAVES[:size]
    root = tree_root(leaves)
    for index, each in enumerate(leaves):
        proof = inclusion_proof(leaves, index)
        assert included(each, index, size, proof, root)
        assert not included(numbered("no leaf", 1), index, size, proof, root)
        assert not included(each, index, size, [*proof, H], root)
        assert not included(each, index, size, proof, H)
        assert not proof or not included(each, index, size, proof[:-1], root)
        assert not included(each, (index + 1) % size, size, proof, root) or size == 1
    assert not included(leaves[0], size, size, inclusion_proof(leaves, 0), root)
    assert not included(leaves[0], -1, size, inclusion_proof(leaves, 0), root)


def test_a_member_finds_her_own_leaf_of_the_roll_and_needs_her_salt() -> None:
    roll = sorted(member_leaf(number, numbered("salt", number)) for number in range(1, 12))
    mine = member_leaf(7, numbered("salt", 7))
    assert included(
        mine, roll.index(mine), len(roll), inclusion_proof(roll, roll.index(mine)), tree_root(roll)
    )
    assert member_leaf(7, numbered("salt", 8)) not in roll
    with pytest.raises(ValueError):
        member_leaf(7, b"short")


def history() -> list[Entry]:
    entries: list[Entry] = []
    for many in (2, 2, 5):
        entries.append(next_entry(H, entries, LEAVES[:many]))
    for kind in ("closed", "final"):
        entries.append(next_entry(H, entries, LEAVES[:7], kind=kind, issued=LEAVES[:9], withdrawn=(2,)))
    return entries


def test_a_true_history_holds_and_covers_every_ballot() -> None:
    check_history(H, history())
    assert [len(entry.added) for entry in history()] == [2, 0, 3, 2, 0]
    assert history()[-1].size == 7


def test_the_box_cannot_publish_a_list_without_what_it_published() -> None:
    with pytest.raises(Refused, match="missing from the board"):
        next_entry(H, history()[:3], LEAVES[1:6])


def test_every_field_of_an_entry_is_in_its_root() -> None:
    entry = history()[3]
    changes = [
        {"election": LEAVES[0]},
        {"number": 9},
        {"kind": "final"},
        {"size": 8},
        {"tree": H},
        {"previous": H},
        {"withdrawn": ()},
        {"assisted": 1},
        {"issued": 8},
        {"issued_root": H},
    ]
    assert len({replace(entry, **change).root for change in changes} | {entry.root}) == 11


SPOILED = {
    "reordered": lambda e: [e[1], e[0], *e[2:]],
    "left out": lambda e: [e[0], *e[2:]],
    "moved to another hour": lambda e: [replace(e[0], added=e[0].added + e[2].added[:1]), *e[1:]],
    "size": lambda e: [replace(e[0], size=3), *e[1:]],
    "tree": lambda e: [replace(e[0], tree=H), *e[1:]],
    "previous": lambda e: [replace(e[0], previous=H), *e[1:]],
    "unsorted": lambda e: [replace(e[0], added=e[0].added[::-1]), *e[1:]],
    "twice": lambda e: [replace(e[0], added=e[0].added * 2), *e[1:]],
    "another election": lambda e: [replace(each, election=LEAVES[0]) for each in e],
    "no end": lambda e: e[:-1],
    "no close": lambda e: e[:3],
    "nothing": lambda e: [],
    "only an end": lambda e: e[-1:],
    "open with credentials": lambda e: [replace(e[0], issued=1, issued_root=H), *e[1:]],
    "half a list": lambda e: [*e[:-1], replace(e[-1], issued=None)],
    "other credentials at the end": lambda e: [*e[:-1], replace(e[-1], issued=8)],
    "withdrawal taken back": lambda e: [*e[:-1], replace(e[-1], withdrawn=())],
    "assistance taken back": lambda e: [*e[:-2], replace(e[-2], assisted=1), e[-1]],
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_history_that_was_changed_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        check_history(H, SPOILED[name](history()))


def test_a_history_written_anew_has_other_roots() -> None:
    made = counted()
    anew: list[Entry] = []
    for entry in made.board:
        known = [each for before in anew for each in before.added]
        leaves = [*known, *entry.added[: 1 if entry.number == 1 else None]]
        anew.append(next_entry(made.manifest.hash, anew, leaves))
    assert not {entry.root for entry in made.board} & {entry.root for entry in anew}
