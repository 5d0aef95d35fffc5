"""A manifest is read strictly, and refuses by name what this version of the protocol does not have."""

import json
from hashlib import sha256
from typing import Any

import pytest

from commons.refusal import Refused
from membership.elections.protocol.manifest import FIELDS, canonical, read
from tests.membership.elections.protocol.world import NAMES, fields, signer

SIGNER = fields()["signers"][0]
LATER: dict[str, dict[str, Any]] = {
    "two signers": {"signers": [SIGNER, SIGNER]},
    "no signer": {"signers": []},
    "a committee": {"signers": [SIGNER | {"role": "committee"}]},
    "a shared tally key": {"tally": "2-of-3"},
    "couriers": {"couriers": ["https://relay.example"]},
    "witnesses": {"witnesses": ["https://witness.example"]},
    "the next format": {"format": "rostra-election-2"},
    "another version of the rule": {"rule_version": 2},
    "assistance for everybody": {"server_assisted": True},
}
WRONG: dict[str, dict[str, Any]] = {
    "rule": {"rule": "borda"},
    "no rule": {"rule": None},
    "no seat": {"seats": 0},
    "half a seat": {"seats": 1.5},
    "a seat as a fraction": {"seats": 2.0},
    "true seats": {"seats": True},
    "no candidate": {"candidates": []},
    "one name twice": {"candidates": ["Ada", "Ada"]},
    "an empty name": {"candidates": ["Ada", ""]},
    "a name with a line end": {"candidates": ["Ada", "B\n"]},
    "a name that turns text": {"candidates": ["Ada", "B\u202e"]},
    "names as text": {"candidates": "Ada"},
    "too many ranks": {"ranks": 5},
    "no rank": {"ranks": 0},
    "a tiny roll": {"roll": {"size": 9, "root": "00" * 32}},
    "a roll with more": {"roll": {"size": 12, "root": "00" * 32, "names": []}},
    "a roll without root": {"roll": {"size": 12}},
    "a roll in capitals": {"roll": {"size": 12, "root": "AA" * 32}},
    "a short root": {"roll": {"size": 12, "root": "00" * 31}},
    "a small key": {"signers": [SIGNER | {"modulus": "ff" * 256}]},
    "an even key": {"signers": [SIGNER | {"modulus": SIGNER["modulus"][:-1] + "0"}]},
    "a key with a zero in front": {"signers": [SIGNER | {"modulus": "00" + SIGNER["modulus"][2:]}]},
    "another exponent": {"signers": [SIGNER | {"exponent": 3}]},
    "more about a signer": {"signers": [SIGNER | {"name": "x"}]},
    "a signer as text": {"signers": ["registrar"]},
    "no complaints": {"complaint_hours": 0},
    "another kind": {"kind": "lottery"},
    "no kind": {"kind": None},
    "a long question": {"question": "x" * 1001},
    "a question with a line end": {"question": "Why?\n"},
    "re-opening by nobody": {"reopens": 5},
    "re-opening of several seats by a rule that cannot": {"reopens": 4, "rule": "meek-prf-9dp"},
    "each by a rule that ranks": {"each": True},
    "each as a number": {"each": 1, "rule": "approval"},
    "more than all as quorum": {"quorum_percent": 101},
    "a majority of less than half": {"majority_percent": 49},
    "few to publish": {"publish_min": 4},
    "no file": {"files": {}},
    "a file more": {"files": fields()["files"] | {"x.js": "00" * 32}},
    "no cap": {"server_assisted": {}},
    "a cap of nothing": {"server_assisted": {"cap": 0}},
    "assistance as a number": {"server_assisted": 0},
    "assistance where drawing and voting do not overlap": {"server_assisted": {"cap": 3}},
    "issuing ends before it opens": {"issue_ends": "2026-10-01T08:00:00Z"},
    "issuing goes on after the vote": {"issue_ends": "2026-11-16T08:00:00Z"},
    "voting ends before it opens": {"vote_ends": "2026-11-08T08:00:00Z"},
    "voting before issuing": {"vote_opens": "2026-10-30T08:00:00Z"},
    "a time of another place": {"vote_opens": "2026-11-08T08:00:00+01:00"},
    "a day without a time": {"vote_opens": "2026-11-08"},
    "a day that is not": {"vote_opens": "2026-02-30T08:00:00Z"},
    "a time as a number": {"vote_opens": 1},
    "a time without zeros": {"vote_opens": "2026-11-8T08:00:00Z"},
    "a tally key as a list": {"tally_key": []},
    "a lot without words": {"lot": ""},
    "a long title": {"title": "x" * 201},
    "something unknown": {"colour": "red"},
}


@pytest.mark.parametrize("name", LATER)
def test_what_is_kept_for_later_is_refused_loudly(name: str) -> None:
    with pytest.raises(Refused):
        read(fields(**LATER[name]))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        read(fields(**WRONG[name]))


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_must_be_there(name: str) -> None:
    document = fields()
    del document[name]
    with pytest.raises(Refused, match=f"lacks {name}"):
        read(document)


@pytest.mark.parametrize("document", [None, [], "x", 1])
def test_a_manifest_is_an_object(document: object) -> None:
    with pytest.raises(Refused):
        read(document)


def test_h_is_the_hash_of_the_one_canonical_form() -> None:
    document = fields(title="Vorstand – 2026")
    again = json.loads(json.dumps(document, indent=3, sort_keys=True))
    manifest = read(again)
    assert manifest.hash == read(document).hash == sha256(manifest.canonical()).digest()
    assert manifest.hash != read(fields()).hash
    with pytest.raises(Refused):
        canonical({"number": 2**60})


def test_what_it_says_is_read() -> None:
    manifest = read(fields(server_assisted={"cap": 30}, issue_ends="2026-11-14T08:00:00Z"))
    assert (manifest.candidates, manifest.seats, manifest.assisted_cap) == (tuple(NAMES), 2, 30)
    assert manifest.signer == signer().public and read(fields()).assisted_cap == 0
    assert manifest.times.issue_ends > manifest.times.vote_opens  # overlap is allowed where it is said
