"""The tally key on paper: two of three, and nothing wrong goes unnoticed."""

from itertools import permutations

import pytest
from click.testing import CliRunner

from commons.refusal import Refused
from membership.elections.commands import election_group
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.protocol.shares import join, split
from tests.membership.elections.protocol.world import numbered


def test_any_two_shares_give_the_key_back_and_so_do_three() -> None:
    for secret in (bytes(32), b"\xff" * 32, *(numbered("secret", number) for number in range(20))):
        shares = split(secret)
        assert all(len(share.split()) == 24 for share in shares)
        for some in (*permutations(shares, 2), *permutations(shares, 3)):
            assert join(list(some)) == secret


def test_shares_of_one_key_differ_each_time() -> None:
    secret = numbered("secret", 1)
    assert len({share for _ in range(5) for share in split(secret)}) == 15


def test_one_share_alone_fits_every_key() -> None:
    # For the same first share there is a second one for any secret, so the first tells nothing.
    one = split(numbered("secret", 1))[0]
    found = {join([one, split(numbered("other", number))[1]]) for number in range(20)}
    assert len(found) == 20


@pytest.mark.parametrize("places", [[], [0], [0, 0], [0, 1, 1]])
def test_missing_and_doubled_shares_are_refused(places: list[int]) -> None:
    shares = split(numbered("secret", 1))
    with pytest.raises(Refused, match="Two different shares"):
        join([shares[place] for place in places])


def test_three_shares_of_different_keys_are_refused() -> None:
    shares, others = split(numbered("secret", 1)), split(numbered("secret", 2))
    with pytest.raises(Refused, match="belong together"):
        join([shares[0], shares[1], others[2]])


def test_slips_are_noticed() -> None:
    one, two, _three = split(numbered("secret", 1))
    words = one.split()
    swapped = " ".join([words[1], words[0], *words[2:]]) if words[0] != words[1] else one[:-4]
    for wrong in (swapped, one[:-5], one + " baba", ""):
        with pytest.raises(Refused):
            join([wrong, two])


def test_a_secret_of_another_length_is_not_split() -> None:
    with pytest.raises(ValueError):
        split(b"short")


def test_officers_make_a_key_and_get_it_back_from_two_papers() -> None:
    made = CliRunner().invoke(election_group, ["key", "make"]).stdout.split("\n")
    public, shares = made[1], [line for line in made if len(line.split()) == 24]
    assert len(shares) == 3
    done = CliRunner().invoke(election_group, ["key", "join", public], input=f"{shares[2]}\n\n{shares[0]}\n")
    assert done.exit_code == 0 and len(done.stdout.strip()) == 64
    other = fresh_tally_key()[1].hex()
    wrong = CliRunner().invoke(election_group, ["key", "join", other], input="\n".join(shares))
    assert isinstance(wrong.exception, Refused) and wrong.stdout == ""
    assert CliRunner().invoke(election_group, ["key", "join", "xyz"]).exit_code == 2
