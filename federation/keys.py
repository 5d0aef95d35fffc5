"""Keys of actors: made, wrapped, read, and kept as objects, since parsing costs more than signing."""

import base64
import os
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_public_key,
)

from commons import limits
from commons.config import settings
from commons.refusal import Refused

Kind = Literal["rsa", "ed25519"]
PrivateKey = RSAPrivateKey | Ed25519PrivateKey
PublicKey = RSAPublicKey | Ed25519PublicKey

EXPONENT = 65537
_PADDING = PKCS1v15()
_HASH = SHA256()
_NONCE = 12
_WRAPPING = "rostra-1"
_ED25519_MULTICODEC = b"\xed\x01"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class BadKey(Refused):
    """A key that we do not use. Servers and operators see the reason; it is not translated."""

    def __init__(self, reason: str, status: int = 401) -> None:
        super().__init__(reason, status)


def generate(kind: Kind) -> PrivateKey:
    """A new key: RSA of 2048 bits, which every peer reads, or Ed25519."""
    if kind == "ed25519":
        return Ed25519PrivateKey.generate()
    return generate_private_key(public_exponent=EXPONENT, key_size=limits.RSA_BITS[0])


def kind_of(key: object) -> Kind:
    """The kind of a public key; ``BadKey`` unless it is RSA of 2048 to 4096 bits, or Ed25519."""
    if isinstance(key, Ed25519PublicKey):
        return "ed25519"
    smallest, largest = limits.RSA_BITS
    if not isinstance(key, RSAPublicKey) or not smallest <= key.key_size <= largest:
        raise BadKey("Only keys of RSA with 2048 to 4096 bits and of Ed25519 are accepted.")
    if key.public_numbers().e != EXPONENT:
        raise BadKey("The RSA key has an unusual exponent.")
    return "rsa"


def public_pem(key: PublicKey) -> str:
    """``publicKeyPem`` of an actor: SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


@lru_cache(maxsize=limits.KEYS_KEPT)
def load_public(pem: str) -> PublicKey:
    """The public key in ``pem``, kept for the next time.

    ``BadKey`` for all that ``kind_of`` refuses, and for garbage.
    """
    if len(pem) > limits.KEY_PEM_CHARS:
        raise BadKey("This is too long for a public key.")
    try:
        key = load_pem_public_key(pem.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("This is not a public key in PEM.") from error
    kind_of(key)
    assert isinstance(key, RSAPublicKey | Ed25519PublicKey)
    return key


def multikey(key: Ed25519PublicKey) -> str:
    """``publicKeyMultibase`` of a Multikey (FEP-521a): ``z6Mk…``, base58btc of multicodec ed25519-pub."""
    number = int.from_bytes(_ED25519_MULTICODEC + key.public_bytes_raw())
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "z" + digits


def wrap(key: PrivateKey, key_id: str) -> str:
    """``key`` encrypted by AES-256-GCM under ``ROSTRA_KEY_SECRET``, bound to ``key_id``.

    The text is ``rostra-1.SECRET.DATA``: SECRET names the wrapping secret without telling it,
    so that a later secret can be told from an earlier one; DATA is nonce and ciphertext.
    """
    secret_id, cipher = _wrapping(settings().key_secret)
    nonce = os.urandom(_NONCE)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sealed = nonce + cipher.encrypt(nonce, der, _bound_to(secret_id, key_id))
    return f"{_WRAPPING}.{secret_id}.{base64.urlsafe_b64encode(sealed).decode('ascii')}"


def unwrap(wrapped: str, key_id: str) -> PrivateKey:
    """The key object in ``wrapped``, kept for the next time.

    ``BadKey`` (500) if it was wrapped under another secret, for another ``key_id``, or is damaged.
    """
    return _unwrap(wrapped, key_id, settings().key_secret)


def sign(key: PrivateKey, data: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, _PADDING, _HASH)


def verifies(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether ``signature`` is ``sign`` of ``data`` by the owner of ``key``."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, data)
        else:
            key.verify(signature, data, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=limits.KEYS_KEPT)
def _unwrap(wrapped: str, key_id: str, secret: str) -> PrivateKey:
    secret_id, cipher = _wrapping(secret)
    prefix = f"{_WRAPPING}.{secret_id}."
    if not wrapped.startswith(prefix):
        raise BadKey("This private key was wrapped under another ROSTRA_KEY_SECRET.", 500)
    try:
        sealed = base64.urlsafe_b64decode(wrapped.removeprefix(prefix))
        der = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound_to(secret_id, key_id))
    except (ValueError, InvalidTag) as error:
        raise BadKey("This wrapped private key is damaged or belongs to another key id.", 500) from error
    # Checking the primes of a key that we made costs more than a hundred signatures.
    key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey | Ed25519PrivateKey)
    return key


@lru_cache(maxsize=4)
def _wrapping(secret: str) -> tuple[str, AESGCM]:
    """The name of ``secret`` and the cipher under it; neither leads to the other."""
    name = _derive(secret, b"rostra name of the wrapping secret", 6)
    return name.hex(), AESGCM(_derive(secret, b"rostra wrapping of actor keys", 32))


def _derive(secret: str, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=purpose).derive(secret.encode())


def _bound_to(secret_id: str, key_id: str) -> bytes:
    return f"{_WRAPPING}.{secret_id}.{key_id}".encode()
