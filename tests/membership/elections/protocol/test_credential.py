"""Seeds, their words, and what comes from them."""

import secrets

import pytest

from commons.refusal import Refused
from membership.elections.protocol import words
from membership.elections.protocol.credential import (
    Credential,
    blinding_factor,
    candidate_order,
    fresh_seed,
)
from membership.elections.protocol.manifest import read, signer_field
from tests.membership.elections.protocol.world import counted, fields, numbered, signer


def test_a_seed_is_twelve_words_and_back() -> None:
    for number in range(200):
        seed = numbered("seed", number, 16)
        text = words.seed_words(seed)
        assert len(text.split()) == 12 and words.seed_from(text.upper() + "\n") == seed


def test_a_known_seed_has_these_words() -> None:
    assert words.seed_words(bytes(16)).startswith("baba baba baba baba baba baba baba baba baba baba b")
    assert words.words(b"\xff\xff\xff") == "zuzu zuzu"
    assert words.words(bytes(32)).count("baba") == 22


def test_most_slips_are_noticed() -> None:
    text = words.seed_words(numbered("seed", 1, 16)).split()
    swapped = [text[1], text[0], *text[2:]]
    others = [[word, *text[1:]] for word in ("bxba", "", "babado", "b\u0131ba")]
    for wrong in (swapped, text[:11], [*text, "baba"], *others):
        with pytest.raises(Refused):
            words.seed_from(" ".join(wrong))


def test_fresh_seeds_differ() -> None:
    assert len({fresh_seed() for _ in range(50)}) == 50 and len(fresh_seed()) == 16


def test_the_same_seed_gives_the_same_blinded_value_again() -> None:
    manifest, seed = counted().manifest, numbered("again", 1, 16)
    one, other = Credential.from_seed(seed, manifest), Credential.from_seed(seed, manifest)
    assert (one.blinded, one.key, one.prefix) == (other.blinded, other.key, other.prefix)


def test_nothing_of_a_seed_is_the_same_in_two_elections_or_under_two_keys() -> None:
    seed = numbered("twice", 1, 16)
    kinds = [("A", signer()), ("B", signer()), ("A", signer(1))]
    manifests = [read(fields(title=title, signers=signer_field(key.public))) for title, key in kinds]
    mine = [Credential.from_seed(seed, manifest) for manifest in manifests]
    values = [value for each in mine for value in (each.key, each.prefix, each.blinded, each.inverse)]
    factors = [blinding_factor(seed, manifest) for manifest in manifests]
    assert len(set(values)) == 12 and len(set(factors)) == 3


def test_a_value_that_was_blinded_for_another_elections_key_gives_no_token() -> None:
    """Numbers do not tell for which key they are: the signer answers, and the answer is good for nothing."""
    seed = numbered("elsewhere", 1, 16)
    other = read(fields(title="Another", signers=signer_field(signer(1).public)))
    hers = Credential.from_seed(seed, other)
    n = signer().public.n
    value = (int.from_bytes(hers.blinded) % n).to_bytes(384)
    answer = signer().sign(value)
    for mine in (hers, Credential.from_seed(seed, counted().manifest)):
        with pytest.raises(Refused):
            mine.token(answer)


def roots(blinded: list[int], encoded: list[int]) -> list[bytes]:
    """What an operator with the signing key computes for every pair of a drawn value and a cast message:
    the r that would connect them. Were one r used twice, it would stand out."""
    n = signer().public.n
    return [
        signer().sign((value * pow(each, -1, n) % n).to_bytes(384)) for value in blinded for each in encoded
    ]


def test_blinding_factors_recovered_with_the_real_key_are_all_different() -> None:
    manifest, n, e = counted().manifest, signer().public.n, signer().public.e
    seeds = [secrets.token_bytes(16) for _ in range(10)]
    factors = [blinding_factor(seed, manifest) for seed in seeds]
    blinded = [int.from_bytes(Credential.from_seed(seed, manifest).blinded) for seed in seeds]
    encoded = [each * pow(factor, -e, n) % n for each, factor in zip(blinded, factors, strict=True)]
    assert len(set(roots(blinded, encoded))) == 100
    mutant = [each * pow(factors[0], e, n) % n for each in encoded]  # a client with one r for all
    assert len(set(roots(mutant, encoded))) < 100


def test_repr_shows_nothing_that_links() -> None:
    mine = Credential.from_seed(numbered("shown", 1, 16), counted().manifest)
    assert str(mine.inverse) not in repr(mine) and repr(mine.prefix) not in repr(mine)


def test_each_voter_has_an_order_of_her_own_with_everybody_in_it() -> None:
    manifest = counted().manifest
    orders = [candidate_order(manifest, numbered("key", number)) for number in range(400)]
    assert all(sorted(order) == [1, 2, 3, 4] for order in orders)
    assert len(set(map(tuple, orders))) == 24
    firsts = [sum(order[0] == candidate for order in orders) for candidate in (1, 2, 3, 4)]
    assert min(firsts) > 60
