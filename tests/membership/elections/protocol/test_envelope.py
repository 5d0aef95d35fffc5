"""The ballot as it is cast: what the box must refuse, part by part; sealing and receipts."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from commons.refusal import Refused
from membership.elections.protocol import blind_rsa, ed25519, envelope, receipt, sealing
from membership.elections.protocol.board import leaf
from membership.elections.protocol.credential import Credential, signed_message
from membership.elections.protocol.envelope import Envelope
from tests.membership.elections.protocol.keys import ODD_KEYS
from tests.membership.elections.protocol.world import World, counted, numbered, signer, world

ORDER = 2**252 + 27742317777372353535851937790883648493


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


def signed(unsigned: Envelope, key: Ed25519PrivateKey) -> bytes:
    return replace(unsigned, signature=key.sign(envelope.LABEL + unsigned.body)).encoded()


def test_a_genuine_ballot_is_taken_and_has_one_encoding(made: World, good: Envelope) -> None:
    assert envelope.read(good.encoded(), made.manifest) == good
    assert len(good.encoded()) == envelope.size(made.manifest) == 32 + 32 + 32 + 384 + 53 + 64


def flipped(data: bytes, place: int = 0) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


FORGERIES: dict[str, tuple[Callable[[Envelope, Credential], Envelope], str]] = {
    "another election": (lambda e, _: replace(e, manifest_hash=numbered("H", 1)), "another election"),
    "random token": (lambda e, _: replace(e, token=numbered("t", 1) * 12), "no valid credential"),
    "flipped token": (lambda e, _: replace(e, token=flipped(e.token, 200)), "no valid credential"),
    "flipped prefix": (lambda e, _: replace(e, prefix=flipped(e.prefix)), "no valid credential"),
    "unfinalised token": (lambda e, c: replace(e, token=signer().sign(c.blinded)), "no valid credential"),
    "no token": (lambda e, _: replace(e, token=bytes(384)), "no valid credential"),
    "token above n": (lambda e, _: replace(e, token=b"\xff" * 384), "no valid credential"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_ballot_is_refused_although_its_voter_signed_it(
    name: str, made: World, mine: Credential, good: Envelope
) -> None:
    forge, reason = FORGERIES[name]
    with pytest.raises(Refused, match=reason):
        envelope.read(signed(forge(good, mine), mine.private), made.manifest)


def test_a_token_of_another_role_or_another_key_is_refused(
    made: World, mine: Credential, good: Envelope
) -> None:
    own = signed_message(made.manifest.hash, mine.key, mine.prefix)
    other = own.replace(b"registrar", b"committee")
    for key, message in ((signer(), other), (signer(1), own)):
        blinded, inverse = blind_rsa.blind(key.public, message, b"s" * 48, 3**1500)
        token = blind_rsa.finalize(key.public, message, key.sign(blinded), inverse)
        with pytest.raises(Refused, match="no valid credential"):
            envelope.read(signed(replace(good, token=token), mine.private), made.manifest)


def test_a_stolen_token_does_not_fit_another_key(made: World, good: Envelope) -> None:
    thief = Ed25519PrivateKey.generate()
    stolen = replace(good, key=thief.public_key().public_bytes_raw())
    with pytest.raises(Refused, match="no valid credential"):
        envelope.read(signed(stolen, thief), made.manifest)


def test_a_signature_must_be_the_keys_own_and_canonical(made: World, good: Envelope) -> None:
    scalar = int.from_bytes(good.signature[32:], "little") + ORDER
    wrong = [
        Ed25519PrivateKey.generate().sign(envelope.LABEL + good.body),
        good.signature[:32] + scalar.to_bytes(32, "little"),
        flipped(good.signature, 40),
        bytes(64),
    ]
    for signature in wrong:
        with pytest.raises(Refused, match="signature is wrong"):
            envelope.read(replace(good, signature=signature).encoded(), made.manifest)


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
