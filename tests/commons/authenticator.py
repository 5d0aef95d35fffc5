"""A passkey device in software: it signs what a real one would, and what none should, if told to."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

UP, UV, AT = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV, AuthenticatorData.FLAG.AT


@dataclass
class Device:
    """One key for one site. ``counter`` is what it sends next; ``verified`` whether it knows its owner."""

    origin: str
    host: str = "localhost"
    counter: int = 0
    verified: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user: bytes = b""

    def make(self, options: dict[str, Any], **client: Any) -> str:
        """The browser's answer to the options for a new passkey."""
        self.user = websafe_decode(options["publicKey"]["user"]["id"])
        said = self._client("webauthn.create", options, client)
        public = ES256.from_cryptography_key(self.key.public_key())
        data = self._data(AT, AttestedCredentialData.create(Aaguid(bytes(16)), self.id, public))
        attested = AttestationObject.create("none", data, {})
        return self._answer(clientDataJSON=said, attestationObject=attested)

    def show(self, options: dict[str, Any], **client: Any) -> str:
        """The browser's answer to the options for showing one."""
        said, data = self._client("webauthn.get", options, client), self._data()
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        handle = {"userHandle": self.user} if self.user else {}
        return self._answer(clientDataJSON=said, authenticatorData=data, signature=signature, **handle)

    def _client(self, kind: str, options: dict[str, Any], more: dict[str, Any]) -> bytes:
        challenge = options["publicKey"]["challenge"]
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **more}
        return CollectedClientData(json.dumps(said).encode())

    def _data(self, flags: int = 0, credential: AttestedCredentialData | None = None) -> AuthenticatorData:
        flags |= UP | (UV if self.verified else 0)
        host = hashlib.sha256(self.host.encode()).digest()
        return AuthenticatorData.create(host, flags, self.counter, credential or b"")

    def _answer(self, **response: bytes) -> str:
        written = {name: websafe_encode(value) for name, value in response.items()}
        name = websafe_encode(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": written})
