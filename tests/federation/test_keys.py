import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from commons import config
from commons.config import Config
from federation import keys
from federation.keys import BadKey
from tests.services.signing import KEY_ID, ed25519_key, rsa_key


def exponent_one() -> str:
    """A key that verifies whatever its owner likes; no library would make it."""
    numbers = rsa.RSAPublicNumbers(3, (1 << 2047) + 1)
    der = numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    body = base64.b64encode(der[:-1] + b"\x01").decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


ALL_KINDS = pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])


def pem(key: object) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def rsa_of(bits: int, exponent: int = 65537) -> str:
    """A public key of that size; nobody has its private key."""
    return pem(rsa.RSAPublicNumbers(exponent, (1 << (bits - 1)) + 1).public_key())


@ALL_KINDS
def test_a_private_key_comes_back_from_its_wrapping_and_is_kept(
    settings: Config, key: keys.PrivateKey
) -> None:
    wrapped = keys.wrap(key, KEY_ID)
    opened = keys.unwrap(wrapped, KEY_ID)
    assert keys.verifies(key.public_key(), keys.sign(opened, b"said"), b"said")
    assert keys.unwrap(wrapped, KEY_ID) is opened


def test_a_wrapping_shows_nothing_and_is_never_the_same(settings: Config) -> None:
    wrapped = keys.wrap(ed25519_key(), KEY_ID)
    assert wrapped != keys.wrap(ed25519_key(), KEY_ID)
    assert settings.key_secret not in wrapped
    version, secret_id, _ = wrapped.split(".")
    assert version == "rostra-1"
    assert keys.wrap(rsa_key(), "other").split(".")[1] == secret_id


def test_a_wrapping_is_bound_to_its_key_id(settings: Config) -> None:
    with pytest.raises(BadKey) as refused:
        keys.unwrap(keys.wrap(ed25519_key(), KEY_ID), KEY_ID + "x")
    assert refused.value.status == 500


def test_a_wrapping_of_another_secret_is_told_apart(settings: Config) -> None:
    wrapped = keys.wrap(ed25519_key(), KEY_ID)
    config.use(replace(settings, key_secret="another secret of enough characters"))
    with pytest.raises(BadKey, match="another ROSTRA_KEY_SECRET"):
        keys.unwrap(wrapped, KEY_ID)


@pytest.mark.parametrize("end", ["AAAAAAA=", "", "!", "AAAA"])
def test_a_damaged_wrapping_is_refused(settings: Config, end: str) -> None:
    wrapped = keys.wrap(ed25519_key(), KEY_ID)
    with pytest.raises(BadKey):
        keys.unwrap(wrapped[:-12] + end, KEY_ID)
    with pytest.raises(BadKey):
        keys.unwrap("", KEY_ID)


@ALL_KINDS
def test_a_public_key_comes_back_from_pem(key: keys.PrivateKey) -> None:
    pem = keys.public_pem(key.public_key())
    loaded = keys.load_public(pem)
    assert loaded == key.public_key()
    assert keys.kind_of(loaded) == keys.kind_of(key.public_key())
    assert keys.load_public(pem) is loaded  # it is read once and not for every signature


def test_our_own_rsa_keys_are_of_the_size_every_peer_reads() -> None:
    assert rsa_key().key_size == 2048
    assert rsa_key().public_key().public_numbers().e == 65537


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_rsa_of_the_allowed_sizes_is_read(bits: int) -> None:
    assert keys.kind_of(keys.load_public(rsa_of(bits))) == "rsa"


@pytest.mark.parametrize(
    "text",
    [
        rsa_of(512),
        rsa_of(1024),
        rsa_of(2047),
        rsa_of(4097),
        rsa_of(16384),
        rsa_of(2048, exponent=3),
        rsa_of(2048, exponent=17),
        exponent_one(),
        pem(dsa.generate_private_key(1024).public_key()),
        pem(ec.generate_private_key(ec.SECP256R1()).public_key()),
        pem(x25519.X25519PrivateKey.generate().public_key()),
        ed25519_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "a shared secret",
        "",
        "ключ",
        "-----BEGIN PUBLIC KEY-----\n" + "A" * 5000 + "\n-----END PUBLIC KEY-----\n",
    ],
)
def test_every_other_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey) as refused:
        keys.load_public(text)
    assert refused.value.status == 401


def test_an_ed25519_key_is_a_multikey_as_in_fep_521a() -> None:
    """The example of did:key (W3C CCG), whose form FEP-521a takes over."""
    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    encoded = keys.multikey(Ed25519PublicKey.from_public_bytes(raw))
    assert encoded == "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
