import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import ContentDigest, HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519, HMAC_SHA256, RSA_PSS_SHA512, RSA_V1_5_SHA256

from commons import clock, config, limits
from commons.config import Config
from federation import keys, rfc9421
from federation.keys import BadKey
from federation.messages import BadSignature, Message
from tests.services.signing import (
    BODY,
    HOST,
    KEY_ID,
    TAMPERING,
    Outgoing,
    ed25519_key,
    received,
    rsa_key,
    signed,
    with_header,
)

PUBLISHED = json.loads((Path(__file__).parent.parent / "data" / "signatures" / "rfc9421.json").read_text())
MASTODON = ("@method", "@target-uri", "content-digest")
FEDIFY = ("@method", "@target-uri", "@authority", "host", "date", "content-digest")
SPLIT = ("@method", "@authority", "@path", "content-digest")

pytestmark = pytest.mark.usefixtures("settings")


def refused(message: Message, key: keys.PublicKey | None = None) -> BadSignature:
    with pytest.raises(BadSignature) as error:
        rfc9421.verify(message, key or rsa_key().public_key())
    return error.value


class AnyDigest(ContentDigest):
    """Leaves the digest as the test wrote it."""

    @classmethod
    def prepare(cls, headers: object, body: object, *, use_existing_digest: bool) -> None:
        pass


class Signer(HTTPMessageSigner):
    content_digest_class = AnyDigest


@dataclass
class Peer:
    """How another implementation signs: these components, these parameters, this algorithm."""

    components: tuple[str, ...] = MASTODON
    algorithm: Any = RSA_V1_5_SHA256
    key: Any = None
    label: str = "sig1"
    ago: float = 0
    include_alg: bool = True
    lives: float | None = None

    def sends(self, request: Outgoing | None = None, digest: str | None = None) -> Message:
        request = request or Outgoing()
        body = request.body or b""
        sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if body:
            request.headers["Content-Digest"] = digest or f"sha-256=:{sha256}:"
        request.headers["Date"] = "Tue, 24 Nov 2026 05:58:00 GMT"
        created = clock.now() - timedelta(seconds=self.ago)
        resolver = MappingKeyResolver(public_keys={}, private_keys={KEY_ID: self.key or rsa_key()})
        Signer(signature_algorithm=self.algorithm, key_resolver=resolver).sign(
            request,
            key_id=KEY_ID,
            created=created,
            expires=None if self.lives is None else created + timedelta(seconds=self.lives),
            label=self.label,
            include_alg=self.include_alg,
            covered_component_ids=self.components,
            append_if_signature_exists=True,
        )
        return received(request)


# --- The published vectors ----------------------------------------------------------------


@pytest.fixture
def in_2021(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "shift", datetime.fromtimestamp(1618884500, UTC) - clock.now())


def published(settings: Config, request: dict[str, Any], signature: dict[str, Any]) -> Message:
    config.use(replace(settings, origin=request["origin"]))
    lines = [(name, value) for name, value in request["headers"]]
    lines += [("Signature-Input", signature["signature_input"]), ("Signature", signature["signature"])]
    return Message(request["method"], request["target"], tuple(lines), request["body"].encode())


def public(name: str) -> Any:
    return load_pem_public_key(PUBLISHED["keys"][name].encode())


@pytest.mark.usefixtures("in_2021")
def test_b_2_6_verifies_where_it_covers_all_there_is(settings: Config) -> None:
    """It covers neither query nor body, so it proves a request that has neither."""
    whole = published(settings, PUBLISHED["request"], PUBLISHED["signatures"]["B.2.6"])
    bare = replace(with_header(whole, "Content-Digest"), target="/foo", body=b"")
    key = public("test-key-ed25519")
    rfc9421.verify(bare, key)
    assert rfc9421.key_id_of(whole) == "test-key-ed25519"
    assert refused(whole, key).status == 401
    assert refused(replace(bare, target="/foo?param=Value"), key).status == 401
    assert refused(with_header(bare, "Content-Length", "19"), key).status == 401


@pytest.mark.usefixtures("in_2021")
def test_the_signature_of_section_4_3_is_chosen_and_verifies(settings: Config) -> None:
    """Of the two there, only the proxy's names an algorithm of ours; it covers no query."""
    whole = published(settings, PUBLISHED["proxied"], PUBLISHED["proxied"])
    key = public("test-key-rsa")
    message = replace(whole, target="/foo")
    rfc9421.verify(message, key)
    assert rfc9421.key_id_of(message) == "test-key-rsa"
    assert refused(whole, key).status == 401
    assert refused(replace(message, body=b'{"hello": "mars"}'), key).status == 401
    assert refused(with_header(message, "Forwarded", "for=192.0.2.124"), key).status == 401


def test_the_signature_of_section_4_3_expires(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "shift", datetime.fromtimestamp(1618884541, UTC) - clock.now())
    message = published(settings, PUBLISHED["proxied"], PUBLISHED["proxied"])
    assert "expired" in str(refused(replace(message, target="/foo"), public("test-key-rsa")))


@pytest.mark.usefixtures("in_2021")
@pytest.mark.parametrize("vector", ["B.2.1", "B.2.3", "B.2.5"])
def test_published_signatures_by_other_algorithms_are_refused(settings: Config, vector: str) -> None:
    """RSA-PSS and HMAC are not spoken here, not even where everything is covered (B.2.3)."""
    signature = PUBLISHED["signatures"][vector]
    message = published(settings, PUBLISHED["request"], signature)
    assert refused(message, public(signature["key"])).status == 401


def test_a_published_key_of_a_curve_that_we_do_not_use_is_refused(settings: Config) -> None:
    with pytest.raises(BadKey):
        keys.load_public(PUBLISHED["keys"]["test-key-ecc-p256"])


# --- What we send, and what others send -----------------------------------------------------


def test_a_post_says_what_it_signs_and_signs_that() -> None:
    message = signed("rfc9421", url=f"http://{HOST}/inbox?a=1")
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    label, _, parameters = message.only("signature-input").partition("=")
    assert label == "sig1"
    assert parameters.startswith('("@method" "@target-uri" "content-digest" "content-type");created=')
    assert parameters.endswith(f';keyid="{KEY_ID}";alg="rsa-v1_5-sha256"')
    assert message.only("digest") == f"SHA-256={digest}"
    base = "\n".join(
        [
            '"@method": POST',
            f'"@target-uri": http://{HOST}/inbox?a=1',
            f'"content-digest": sha-256=:{digest}:',
            '"content-type": application/activity+json',
            f'"@signature-params": {parameters}',
        ]
    )
    proof = base64.b64decode(message.only("signature").removeprefix("sig1=:").removesuffix(":"))
    rsa_key().public_key().verify(proof, base.encode(), PKCS1v15(), SHA256())


@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])
def test_what_we_sign_we_verify(key: keys.PrivateKey) -> None:
    rfc9421.verify(signed("rfc9421", key), key.public_key())
    get = signed("rfc9421", key, method="GET", body=None, headers={"Host": HOST})
    rfc9421.verify(get, key.public_key())
    assert "digest" not in get.fields


@pytest.mark.parametrize("components", [MASTODON, FEDIFY, SPLIT], ids=["Mastodon", "Fedify", "split"])
@pytest.mark.parametrize("include_alg", [True, False])
def test_a_post_of_each_known_shape_is_taken(components: tuple[str, ...], include_alg: bool) -> None:
    rfc9421.verify(Peer(components, include_alg=include_alg).sends(), rsa_key().public_key())


@pytest.mark.parametrize("components", [MASTODON, FEDIFY, SPLIT], ids=["Mastodon", "Fedify", "split"])
def test_a_get_of_each_known_shape_is_taken(components: tuple[str, ...]) -> None:
    components = tuple(name for name in components if name != "content-digest")
    request = Outgoing("GET", body=None, headers={"Host": HOST})
    rfc9421.verify(Peer(components).sends(request), rsa_key().public_key())


def test_a_query_may_be_covered_on_its_own() -> None:
    request = Outgoing(url=f"http://{HOST}/inbox?a=1")
    rfc9421.verify(Peer((*SPLIT, "@query")).sends(request), rsa_key().public_key())


def test_sha_512_of_the_body_is_taken() -> None:
    digest = f"sha-512=:{base64.b64encode(hashlib.sha512(BODY).digest()).decode()}:"
    rfc9421.verify(Peer().sends(digest=digest), rsa_key().public_key())


def test_ed25519_is_taken() -> None:
    message = Peer(algorithm=ED25519, key=ed25519_key()).sends()
    rfc9421.verify(message, ed25519_key().public_key())


@pytest.mark.parametrize("order", ["ours first", "ours last"])
def test_of_several_signatures_the_only_one_of_ours_is_chosen(order: str) -> None:
    ours, other = Peer(), Peer(algorithm=HMAC_SHA256, key=b"secret", label="sig2")
    request = Outgoing()
    for peer in (ours, other) if order == "ours first" else (other, ours):
        message = peer.sends(request)
    rfc9421.verify(message, rsa_key().public_key())
    assert refused(replace(message, body=b"{}")).status == 401


# --- What is refused --------------------------------------------------------------------------

CHANGES: dict[str, Callable[[Message], Message]] = TAMPERING | {
    "another query": lambda m: replace(m, target="/inbox?x=1"),
    "no content digest": lambda m: with_header(m, "Content-Digest"),
    "two content digests": lambda m: with_header(
        m, "Content-Digest", m.only("content-digest"), m.only("content-digest")
    ),
    "a later creation": lambda m: with_header(
        m, "Signature-Input", m.only("signature-input").replace("created=1", "created=2")
    ),
    "one component fewer": lambda m: with_header(
        m, "Signature-Input", m.only("signature-input").replace(' "content-digest"', "")
    ),
    "no signature": lambda m: with_header(m, "Signature"),
    "another label": lambda m: with_header(m, "Signature", m.only("signature").replace("sig1", "sig2")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_whatever_is_changed_or_dropped_on_the_way_is_noticed(change: Callable[[Message], Message]) -> None:
    message = signed("rfc9421")
    rfc9421.verify(message, rsa_key().public_key())
    assert refused(change(message)).status in (400, 401)


@pytest.mark.parametrize("left_out", ["@method", "@target-uri", "content-digest"])
def test_everything_that_matters_has_to_be_covered(left_out: str) -> None:
    components = tuple(name for name in MASTODON if name != left_out)
    assert refused(Peer(components).sends()).status == 401


@pytest.mark.parametrize("left_out", ["@method", "@authority", "@path", "content-digest", "@query"])
def test_in_the_split_shape_too(left_out: str) -> None:
    components = tuple(name for name in (*SPLIT, "@query") if name != left_out)
    assert refused(Peer(components).sends(Outgoing(url=f"http://{HOST}/inbox?a=1"))).status == 401


@pytest.mark.parametrize(
    "digest",
    [
        f"sha=:{base64.b64encode(hashlib.sha1(BODY).digest()).decode()}:",
        f"md5=:{base64.b64encode(hashlib.md5(BODY).digest()).decode()}:",
        f"sha-256=:{base64.b64encode(hashlib.sha256(b'other').digest()).decode()}:",
        f"sha-256={hashlib.sha256(BODY).hexdigest()}",
        "sha-256=:AAAA:",
    ],
)
def test_a_digest_that_is_weak_wrong_or_malformed_is_refused(digest: str) -> None:
    assert refused(Peer().sends(digest=digest)).status == 401


def test_a_signed_digest_does_not_vouch_for_another_body() -> None:
    message = Peer().sends()
    other = base64.b64encode(hashlib.sha256(b"{}").digest()).decode()
    assert (
        refused(replace(with_header(message, "Content-Digest", f"sha-256=:{other}:"), body=b"{}")).status
        == 401
    )


@pytest.mark.parametrize("seconds", [-limits.SIGNATURE_AHEAD + 60, 0, limits.SIGNATURE_AGE - 60])
def test_a_creation_within_the_window_is_taken(seconds: int) -> None:
    rfc9421.verify(Peer(ago=seconds).sends(), rsa_key().public_key())


@pytest.mark.parametrize(
    "seconds", [-13 * 3600, -limits.SIGNATURE_AHEAD - 60, limits.SIGNATURE_AGE + 60, 13 * 3600]
)
def test_a_creation_outside_the_window_is_refused(seconds: int) -> None:
    assert refused(Peer(ago=seconds).sends()).status == 401


def test_the_year_9999_is_refused() -> None:
    seconds = (datetime(9999, 12, 31, tzinfo=UTC) - clock.now()).total_seconds()
    assert refused(Peer(ago=-seconds).sends()).status == 401


def test_expires_is_honoured() -> None:
    rfc9421.verify(Peer(ago=30, lives=60).sends(), rsa_key().public_key())
    assert refused(Peer(ago=30, lives=20).sends()).status == 401


def input_with(parameters: str) -> Message:
    return with_header(signed("rfc9421"), "Signature-Input", f'sig1=("@method" "@target-uri"){parameters}')


@pytest.mark.parametrize(
    "parameters",
    [
        f';keyid="{KEY_ID}"',
        f';created="1618884473";keyid="{KEY_ID}"',
        f';created=?1;keyid="{KEY_ID}"',
        f';created=1.5;keyid="{KEY_ID}"',
        f';created=1618884473;expires=?0;keyid="{KEY_ID}"',
    ],
)
def test_a_signature_has_to_say_when_it_was_made(parameters: str) -> None:
    assert refused(input_with(parameters)).status == 401


@pytest.mark.parametrize("parameters", [";created=1618884473", ";created=1618884473;keyid=abc", ';keyid=""'])
def test_a_signature_has_to_name_its_key(parameters: str) -> None:
    with pytest.raises(BadSignature):
        rfc9421.key_id_of(input_with(parameters))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage",
        "sig1",
        'sig1="text";keyid="k"',
        "sig1=(@method);created=1",
        'sig1=("@method"',
        'sig1=("@method");keyid="k",',
        'sig1=("@method");keyid="k", sig1=("@method");keyid="k"',
        "sig1=(\"@method\");keyid='k'",
        'sig1=("@method");keyid="снег"',
    ],
)
def test_a_malformed_input_is_refused(value: str) -> None:
    assert refused(with_header(signed("rfc9421"), "Signature-Input", value)).status in (400, 401)


@pytest.mark.parametrize(
    "value", ["", "sig1", "sig1=abc", "sig1=:!:", 'sig1="abc"', "sig1=:AAAA:, sig1=:AAAA:"]
)
def test_a_malformed_signature_is_refused(value: str) -> None:
    assert refused(with_header(signed("rfc9421"), "Signature", value)).status in (400, 401)


def test_a_component_may_not_be_covered_twice() -> None:
    text = signed("rfc9421").only("signature-input").replace('("@method"', '("@method" "@method"')
    assert refused(with_header(signed("rfc9421"), "Signature-Input", text)).status == 401


@pytest.mark.parametrize("parameter", [";req", ";sf", ";unknown"])
def test_a_qualified_component_does_not_stand_for_the_plain_one(parameter: str) -> None:
    text = signed("rfc9421").only("signature-input").replace('"@method"', f'"@method"{parameter}')
    assert refused(with_header(signed("rfc9421"), "Signature-Input", text)).status == 401


def test_two_signatures_of_ours_are_one_too_many() -> None:
    request = Outgoing()
    Peer().sends(request)
    assert refused(Peer(label="sig2").sends(request)).status == 401


def test_of_several_signatures_one_has_to_name_an_algorithm_of_ours() -> None:
    request = Outgoing()
    Peer(include_alg=False).sends(request)
    assert refused(Peer(include_alg=False, label="sig2").sends(request)).status == 401


def test_a_forwarded_host_does_not_count(settings: Config) -> None:
    request = Outgoing(url="http://other.example/inbox")
    request.headers |= {"Host": "other.example", "X-Forwarded-Host": HOST}
    message = replace(Peer().sends(request), target="/inbox")
    assert refused(message).status == 401
    assert refused(with_header(message, "Host", HOST)).status == 401


def test_the_key_decides_the_algorithm() -> None:
    for algorithm, key in ((RSA_PSS_SHA512, rsa_key()), (HMAC_SHA256, b"secret"), (ED25519, ed25519_key())):
        assert refused(Peer(algorithm=algorithm, key=key).sends()).status == 401
        assert refused(Peer(algorithm=algorithm, key=key, include_alg=False).sends()).status == 401
    assert refused(Peer().sends(), ed25519_key().public_key()).status == 401


def test_a_public_key_is_not_a_shared_secret() -> None:
    secret = keys.public_pem(rsa_key().public_key()).encode()
    assert refused(Peer(algorithm=HMAC_SHA256, key=secret, include_alg=False).sends()).status == 401


@pytest.mark.parametrize(("bits", "exponent"), [(512, 65537), (1024, 65537), (16384, 65537), (2048, 3)])
def test_a_weak_or_huge_key_proves_nothing(bits: int, exponent: int) -> None:
    with pytest.raises(BadKey) as error:
        rfc9421.verify(signed("rfc9421"), RSAPublicNumbers(exponent, (1 << (bits - 1)) + 1).public_key())
    assert error.value.status == 401
