"""The ballot as it is cast: what the box must refuse, part by part; sealing and receipts."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from commons.refusal import Refused
from membership.elections.protocol import ed25519, envelope, receipt, sealing
from membership.elections.protocol.board import leaf
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.envelope import Envelope
from tests.membership.elections.protocol.forgeries import FORGERIES, flipped
from tests.membership.elections.protocol.keys import ODD_KEYS
from tests.membership.elections.protocol.world import World, counted, numbered, signer, world


@pytest.fixture(scope="module")
def made() -> World:
    return counted()


@pytest.fixture(scope="module")
def mine(made: World) -> Credential:
    return Credential.from_seed(numbered("envelope", 1, 16), made.manifest)


@pytest.fixture(scope="module")
def good(mine: Credential) -> Envelope:
    token = mine.token(signer().sign(mine.blinded))
    return envelope.read(envelope.make(mine, token, [2, 1]), mine.manifest)


def test_a_genuine_ballot_is_taken_and_has_one_encoding(made: World, good: Envelope) -> None:
    assert envelope.read(good.encoded(), made.manifest) == good
    assert len(good.encoded()) == envelope.size(made.manifest) == 32 + 32 + 32 + 384 + 53 + 64


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_ballot_is_refused_with_its_reason(
    name: str, made: World, mine: Credential, good: Envelope
) -> None:
    forge, reason = FORGERIES[name]
    with pytest.raises(Refused, match=reason):
        envelope.read(forge(good, mine).encoded(), made.manifest)


@pytest.mark.parametrize("place", range(0, 597, 11))
def test_no_bit_of_a_ballot_can_change(place: int, made: World, good: Envelope) -> None:
    with pytest.raises(Refused):
        envelope.read(flipped(good.encoded(), place), made.manifest)


@pytest.mark.parametrize("key", [key for key in ODD_KEYS if len(key) == 32], ids=bytes.hex)
def test_odd_keys_are_refused(key: bytes, made: World, good: Envelope) -> None:
    with pytest.raises(Refused, match="key is not allowed"):
        envelope.read(replace(good, key=key).encoded(), made.manifest)
    assert not ed25519.verify(key, bytes(64), b"")


def test_wrong_lengths_are_refused(made: World, good: Envelope) -> None:
    for data in (b"", good.encoded()[:-1], good.encoded() + b"\0"):
        with pytest.raises(Refused, match="length"):
            envelope.read(data, made.manifest)


# --- Sealing -----------------------------------------------------------------------------


def open_paper(
    made: World, paper: bytes, key: bytes = b"k" * 32, sealed_to: bytes = b"k" * 32
) -> tuple[int, ...]:
    info = sealing.LABEL + made.manifest.hash + sealed_to
    tally = sealing.tally_secret(made.tally_secret, made.manifest)
    return sealing.opened(sealing.SUITE.encrypt(paper, tally.public_key(), info), made.manifest, key, tally)


def test_rankings_come_out_as_they_went_in(made: World) -> None:
    assert open_paper(made, bytes([2, 3, 1, 0, 0])) == (3, 1)
    assert open_paper(made, bytes(5)) == ()


@pytest.mark.parametrize(
    ("paper", "reason"),
    [
        (bytes([2, 1, 1, 0, 0]), "twice"),
        (bytes([1, 5, 0, 0, 0]), "does not exist"),
        (bytes([2, 1, 0, 0, 0]), "does not exist"),
        (bytes([5, 1, 2, 3, 4]), "more candidates"),
        (bytes([255, 1, 2, 3, 4]), "more candidates"),
        (bytes([1, 1, 2, 0, 0]), "other than a ranking"),
        (bytes([0, 0, 0, 0, 9]), "other than a ranking"),
        (bytes([1, 1, 0, 0]), "other than a ranking"),
        (bytes([1, 1, 0, 0, 0, 0]), "other than a ranking"),
    ],
)
def test_what_is_no_ranking_is_invalid_with_its_reason(made: World, paper: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        open_paper(made, paper)


def test_a_sealed_ranking_opens_for_its_own_ballot_only(made: World) -> None:
    with pytest.raises(Refused, match="does not open"):
        open_paper(made, bytes(5), key=b"o" * 32)
    tally = sealing.tally_secret(made.tally_secret, made.manifest)
    with pytest.raises(Refused, match="does not open"):
        sealing.opened(bytes(sealing.sealed_size(made.manifest)), made.manifest, b"k" * 32, tally)


@pytest.mark.parametrize("ranking", [[1, 1], [0], [5], [1, 2, 3, 4, 1]])
def test_the_client_seals_no_ranking_that_would_not_count(made: World, ranking: list[int]) -> None:
    with pytest.raises(Refused):
        sealing.seal(ranking, made.manifest, b"k" * 32)


def test_sealing_twice_gives_two_texts_of_one_length(made: World) -> None:
    texts = {sealing.seal(ranking, made.manifest, b"k" * 32) for ranking in ([], [], [1], [4, 3, 2, 1])}
    assert len(texts) == 4 and {len(text) for text in texts} == {sealing.sealed_size(made.manifest)}


def test_only_the_manifests_tally_key_in_its_one_form_is_taken(made: World) -> None:
    other, public = sealing.fresh_tally_key()
    assert X25519PrivateKey.from_private_bytes(other).public_key().public_bytes_raw() == public
    loose = [bytes([made.tally_secret[0] | bit]) + made.tally_secret[1:] for bit in (1, 2, 4)]
    loose += [made.tally_secret[:31] + bytes([made.tally_secret[31] ^ bit]) for bit in (0x80, 0x40)]
    for secret in (other, b"", made.tally_secret + b"\0", *loose):
        with pytest.raises(Refused, match="tally key"):
            sealing.tally_secret(secret, made.manifest)


# --- Receipts ----------------------------------------------------------------------------


def test_a_receipt_is_the_same_again_and_for_one_ballot_only(made: World) -> None:
    one, other = made.envelopes[:2]
    slip = receipt.sign(made.box, made.manifest, one)
    assert slip == receipt.sign(made.box, made.manifest, one)
    assert receipt.holds(made.manifest, one, slip) and not receipt.holds(made.manifest, other, slip)
    assert not receipt.holds(world().manifest, one, slip)


def test_a_code_has_100_bits_in_five_groups(made: World) -> None:
    codes = {receipt.code(each) for each in made.envelopes}
    assert len(codes) == 7 and all(len(code) == 24 and code.count("-") == 4 for code in codes)
    assert receipt.code(b"") == "4OYM-IQUY-7QOB-JGX3-6TEJ"


def test_a_receipt_whose_ballot_is_not_on_the_board_is_proof(made: World) -> None:
    dropped = made.envelopes[0]
    slip = receipt.sign(made.box, made.manifest, dropped)
    board = {leaf(each) for each in made.envelopes}
    assert not receipt.complaint(made.manifest, dropped, slip, board)
    assert receipt.complaint(made.manifest, dropped, slip, board - {leaf(dropped)})
    with pytest.raises(Refused, match="not the ballot box's"):
        receipt.complaint(made.manifest, dropped, bytes(64), board)
