"""RSABSSA against the published vectors, and a signer that answers nothing else."""

import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest

from commons.refusal import Refused
from membership.elections.protocol import blind_rsa, signing_key
from membership.elections.protocol.blind_rsa import PublicKey
from membership.elections.protocol.signing_key import SigningFault, SigningKey
from tests.membership.elections.protocol.vectors import VECTORS, number, octets
from tests.membership.elections.protocol.world import signer

Vector = dict[str, str]
Power = Callable[[int, int, int], int]
each = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])


def keys(vector: Vector) -> SigningKey:
    public = PublicKey(number(vector["n"]), number(vector["e"]))
    return SigningKey(public, number(vector["d"]), number(vector["p"]), number(vector["q"]))


@each
def test_the_encoding_is_the_published_one(vector: Vector) -> None:
    encoded = blind_rsa.encode(octets(vector["input_msg"]), octets(vector["salt"]), 4095)
    if "encoded_msg" in vector:
        assert encoded == octets(vector["encoded_msg"])
    r = pow(number(vector["inv"]), -1, number(vector["n"]))
    product = int.from_bytes(encoded) * pow(r, 65537, number(vector["n"])) % number(vector["n"])
    assert product == number(vector["blinded_msg"])


@pytest.mark.parametrize("power", [signing_key.secret_power, pow], ids=["gmpy2", "pow"])
@each
def test_every_step_gives_the_published_values(
    vector: Vector, power: Power, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_key, "secret_power", power)
    key, message, salt = keys(vector), octets(vector["input_msg"]), octets(vector["salt"])
    r = pow(number(vector["inv"]), -1, key.public.n)
    blinded, inverse = blind_rsa.blind(key.public, message, salt, r)
    assert (blinded, inverse) == (octets(vector["blinded_msg"]), number(vector["inv"]))
    answer = key.sign(blinded)
    assert answer == octets(vector["blind_sig"])
    assert blind_rsa.finalize(key.public, message, answer, inverse, len(salt)) == octets(vector["sig"])


@each
def test_the_published_signature_holds_for_its_message_only(vector: Vector) -> None:
    key, message, signature = keys(vector).public, octets(vector["input_msg"]), octets(vector["sig"])
    length = len(octets(vector["salt"]))
    assert message == octets(vector["msg_prefix"]) + octets(vector["msg"])
    assert blind_rsa.verify(key, message, signature, length)
    assert not blind_rsa.verify(key, message + b"\0", signature, length)
    assert not blind_rsa.verify(key, message, signature[:-1] + bytes([signature[-1] ^ 1]), length)
    assert not blind_rsa.verify(key, message, signature, 48 - length)


@pytest.mark.parametrize("value", ["zero", "one", "n - 1", "n", "n + 1", "short", "long", "empty"])
def test_the_signer_refuses_what_no_client_computes(value: str) -> None:
    key = signer()
    n, size = key.public.n, key.public.size
    sent = {
        "zero": bytes(size),
        "one": (1).to_bytes(size),
        "n - 1": (n - 1).to_bytes(size),
        "n": n.to_bytes(size),
        "n + 1": (n + 1).to_bytes(size),
        "short": secrets.token_bytes(size - 1),
        "long": bytes(1) + (n // 2).to_bytes(size),
        "empty": b"",
    }[value]
    with pytest.raises(Refused) as refused:
        key.sign(sent)
    assert refused.value.status == 400


def test_a_faulty_computation_gives_no_answer() -> None:
    broken = replace(signer(), d=signer().d ^ 2)
    with pytest.raises(SigningFault):
        broken.sign((12345).to_bytes(broken.public.size))


def test_the_same_blinded_value_gets_the_same_bytes() -> None:
    blinded = secrets.token_bytes(383).rjust(384, b"\0")
    assert signer().sign(blinded) == signer().sign(blinded)


def test_finalizing_refuses_a_signer_who_cheats() -> None:
    key, message, salt = signer(), b"p" * 32 + b"message", b"s" * 48
    blinded, inverse = blind_rsa.blind(key.public, message, salt, 3**1500)
    answer = key.sign(blinded)
    assert blind_rsa.verify(key.public, message, blind_rsa.finalize(key.public, message, answer, inverse))
    for wrong in (answer[:-1] + bytes([answer[-1] ^ 1]), answer[1:], b"\0" + answer):
        with pytest.raises(Refused):
            blind_rsa.finalize(key.public, message, wrong, inverse)


def test_a_factor_without_inverse_is_not_used() -> None:
    key = signer()
    with pytest.raises(ValueError):
        blind_rsa.blind(key.public, b"message", b"s" * 48, key.p)


def test_a_key_survives_its_file_and_shows_no_secret() -> None:
    key = signer()
    assert SigningKey.from_pem(key.pem()) == key
    assert str(key.d) not in repr(key) and str(key.p) not in repr(key)
    assert key.public.n.bit_length() == blind_rsa.BITS
    with pytest.raises(ValueError):
        SigningKey.from_pem(b"not a key")


def test_the_power_in_use_is_the_one_whose_time_does_not_depend_on_the_key() -> None:
    assert signing_key.secret_power is not pow
