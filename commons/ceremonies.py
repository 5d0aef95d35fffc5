"""The two ceremonies of Web Authentication: a passkey is made, or shown (sections 7.1 and 7.2).

Each begins with a challenge of ours that is good for one purpose and one account, once, within
``limits.CHALLENGE_SECONDS``; the table holds its SHA-256. The device verifies its owner (by finger, face
or code) each time. The library checks origin, host, flags and signature; here are the rest of the checks.
"""

import hashlib
import ipaddress
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from commons import limits, passkeys, strict_json
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import Base, database, rows_changed
from commons.language import N_
from commons.passkeys import NewKey, Passkey
from commons.refusal import Refused

ALGORITHMS: tuple[type[CoseKey], ...] = (ES256, EdDSA, RS256)
CREDENTIAL_ID_BYTES = 1023  # Web Authentication 7.1, step 25
REQUIRED = UserVerificationRequirement.REQUIRED
NO_ID = bytes(16)


class Purpose(StrEnum):
    """What a passkey is made or shown for."""

    SIGN_IN = "sign in"
    PROVE = "prove"
    ADD = "add"
    RECOVER = "recover"


class Challenge(Base):
    """A challenge that was given out and not used yet."""

    __tablename__ = "challenge"

    hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    made_at: Mapped[datetime]


Answer = TypeVar("Answer", RegistrationResponse, AuthenticationResponse)


def possible() -> bool:
    """Whether browsers make passkeys for our address: for a name they do, for an IP address they do not."""
    try:
        ipaddress.ip_address(_host())
    except ValueError:
        return True
    return False


# A passkey is made


def ask_for_new(session: Session, purpose: Purpose, account: Account) -> dict[str, Any]:
    """What the browser is told (in JSON) to have a passkey made for ``account``."""
    _require_possible()
    personal = account.personal
    if personal is None:
        raise Refused(N_("This account is closed."), status=409)
    options, _state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=account.id.bytes, name=personal.email, display_name=personal.name),
        credentials=_descriptors(session, account),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=REQUIRED,
        challenge=_challenge(session, purpose, account),
    )
    return dict(options)


def made(text: str, purpose: Purpose, account_id: uuid.UUID) -> NewKey:
    """The key in the browser's answer, once its challenge is spent; refuses whatever does not fit."""
    answer = _read(RegistrationResponse, text)
    challenge = answer.response.client_data.challenge
    _spend(challenge, purpose, account_id)
    _require_not_embedded(answer)
    try:
        data = _server().register_complete(_state(challenge), answer)
    except (ValueError, TypeError, KeyError, AssertionError) as error:
        raise _does_not_fit() from error
    kept = data.credential_data
    if kept is None or kept.public_key.ALGORITHM not in [each.ALGORITHM for each in ALGORITHMS]:
        raise _does_not_fit()
    if not 1 <= len(kept.credential_id) <= CREDENTIAL_ID_BYTES:
        raise _does_not_fit()
    return NewKey(kept.credential_id, cbor.encode(kept.public_key), data.counter)


# A passkey is shown


def ask_to_show(session: Session, purpose: Purpose, account: Account | None) -> dict[str, Any]:
    """What the browser is told (in JSON) to have a passkey shown: of ``account``, or of whoever comes."""
    _require_possible()
    options, _state = _server().authenticate_begin(
        credentials=_descriptors(session, account) if account is not None else None,
        user_verification=REQUIRED,
        challenge=_challenge(session, purpose, account),
    )
    return dict(options)


def shown(text: str, purpose: Purpose, account_id: uuid.UUID | None) -> uuid.UUID:
    """Whose passkey the browser's answer shows, once its challenge is spent.

    ``account_id`` is the one it must be, or None when anybody may come. Refuses whatever does not fit,
    and a passkey whose counter did not grow.
    """
    answer = _read(AuthenticationResponse, text)
    challenge = answer.response.client_data.challenge
    _spend(challenge, purpose, account_id)
    _require_not_embedded(answer)
    with database().transaction() as session:
        passkey = passkeys.find(session, answer.raw_id)
        if passkey is None or not _may_show(passkey, account_id, answer.response.user_handle):
            raise Refused(N_("This passkey is not known here."), status=403)
        key = AttestedCredentialData.create(
            NO_ID,
            passkey.credential_id,
            CoseKey.parse(cast(Mapping[int, Any], cbor.decode(passkey.public_key))),
        )
        try:
            _server().authenticate_complete(_state(challenge), [key], answer)
        except (ValueError, TypeError, KeyError) as error:
            raise _does_not_fit() from error
        passkeys.note_use(session, passkey, answer.response.authenticator_data.counter)
        return passkey.account_id


def _credential(passkey: Passkey) -> AttestedCredentialData:
    key = cast(Mapping[int, Any], cbor.decode(passkey.public_key))
    return AttestedCredentialData.create(NO_ID, passkey.credential_id, CoseKey.parse(key))


def _may_show(passkey: Passkey, account_id: uuid.UUID | None, user_handle: bytes | None) -> bool:
    if passkey.account.closed_at is not None or (account_id or passkey.account_id) != passkey.account_id:
        return False
    return user_handle is None or user_handle == passkey.account_id.bytes


# Both


def _challenge(session: Session, purpose: Purpose, account: Account | None) -> bytes:
    challenge = secrets.token_bytes(32)
    session.add(
        Challenge(
            hash=hashlib.sha256(challenge).hexdigest(),
            purpose=purpose.value,
            account_id=account.id if account is not None else None,
            made_at=db_now(session),
        )
    )
    return challenge


def _spend(challenge: bytes, purpose: Purpose, account_id: uuid.UUID | None) -> None:
    """Use the challenge up, for good, before anything else is looked at; refuses (410) one that is gone."""
    with database().transaction() as session:
        since = db_now(session) - timedelta(seconds=limits.CHALLENGE_SECONDS)
        mine = Challenge.account_id == account_id if account_id else Challenge.account_id.is_(None)
        spent = session.execute(
            delete(Challenge).where(
                Challenge.hash == hashlib.sha256(challenge).hexdigest(),
                Challenge.purpose == purpose.value,
                Challenge.made_at > since,
                mine,
            )
        )
        if rows_changed(spent) != 1:
            raise Refused(
                N_("That took too long, or was used already. Press the button once more."), status=410
            )


def sweep_old() -> bool:
    """Timer job: forget challenges that nobody answered."""
    with database().transaction() as session:
        before = db_now(session) - timedelta(seconds=limits.CHALLENGE_SECONDS)
        return bool(rows_changed(session.execute(delete(Challenge).where(Challenge.made_at <= before))))


def erase(session: Session, account: Account) -> None:
    """Forget the challenges of ``account``: part of an erasure."""
    session.execute(delete(Challenge).where(Challenge.account_id == account.id))


def _read(kind: type[Answer], text: str) -> Answer:
    """The browser's answer. The library does not say what it raises for bytes that are none."""
    if len(text) > limits.PASSKEY_BODY:
        raise _does_not_fit()
    value = strict_json.loads_object(text.encode("utf-8", "replace"))
    try:
        return kind.from_dict(value)
    except Exception as error:
        raise _does_not_fit() from error


def _require_not_embedded(answer: RegistrationResponse | AuthenticationResponse) -> None:
    """No page of another site around ours has a say (section 7.2, step 10)."""
    if answer.response.client_data.cross_origin:
        raise _does_not_fit()


def _require_possible() -> None:
    if not possible():
        raise Refused(
            N_("Browsers make passkeys for a name such as localhost, not for a number."), status=409
        )


def _descriptors(session: Session, account: Account) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=each.credential_id)
        for each in passkeys.of(session, account)
    ]


def _server() -> Fido2Server:
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=_host(), name=settings().name),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == settings().origin,
    )
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=each.ALGORITHM)
        for each in ALGORITHMS
    ]
    return server


def _state(challenge: bytes) -> dict[str, str]:
    """What the library keeps between the two halves; ours is kept by ``Challenge``."""
    return {"challenge": websafe_encode(challenge), "user_verification": REQUIRED}


def _host() -> str:
    return urlsplit(settings().origin).hostname or ""


def _does_not_fit() -> Refused:
    return Refused(N_("The answer of your device does not fit. Try once more."))
