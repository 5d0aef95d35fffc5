from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from commons.refusal import Refused
from federation import signatures
from federation.messages import Message
from federation.signatures import BadSignature, Dialect
from tests.services.signing import HOST, KEY_ID, Outgoing, received, rsa_key, signed, with_header

BOTH = pytest.mark.parametrize("dialect", ["cavage", "rfc9421"])
UNSIGNED = Message("POST", "/inbox", (("Host", HOST), ("Content-Type", "application/activity+json")), b"{}")
FIELDS = ("Signature", "Signature-Input", "Digest", "Content-Digest", "Date", "Host")

PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)

pytestmark = pytest.mark.usefixtures("settings")


def verify(message: Message) -> None:
    signatures.verify(message, rsa_key().public_key())


@BOTH
def test_each_dialect_is_signed_named_and_verified(dialect: Dialect) -> None:
    message = signed(dialect)
    assert signatures.key_id_of(message) == KEY_ID
    verify(message)


@pytest.mark.parametrize(
    ("first", "then"), [("cavage", "rfc9421"), ("rfc9421", "cavage"), ("cavage", "cavage")]
)
def test_signing_again_leaves_nothing_of_the_first_signature(first: Dialect, then: Dialect) -> None:
    request, fresh = Outgoing(), Outgoing()
    signatures.sign(request, "https://peer.example/old", rsa_key(), first)
    signatures.sign(request, KEY_ID, rsa_key(), then)
    signatures.sign(fresh, KEY_ID, rsa_key(), then)
    assert request.headers.keys() == fresh.headers.keys()
    assert signatures.key_id_of(received(request)) == KEY_ID
    verify(received(request))


def test_an_unsigned_request_is_refused() -> None:
    for call in (signatures.key_id_of, verify):
        with pytest.raises(BadSignature) as refused:
            call(UNSIGNED)
        assert refused.value.status == 401


def test_two_signature_headers_are_refused() -> None:
    message = signed("cavage")
    both = with_header(message, "Signature", message.only("signature"), message.only("signature"))
    for call in (signatures.key_id_of, verify):
        with pytest.raises(BadSignature) as refused:
            call(both)
        assert refused.value.status == 401


def test_two_signatures_joined_into_one_header_are_malformed() -> None:
    message = signed("cavage")
    joined = with_header(message, "Signature", message.only("signature") + ", " + message.only("signature"))
    with pytest.raises(BadSignature) as refused:
        signatures.key_id_of(joined)
    assert refused.value.status == 400


def test_a_good_old_signature_does_not_save_a_bad_new_one() -> None:
    """With Signature-Input there, the older dialect is never tried."""
    message = signed("cavage")
    verify(message)
    newer = signed("rfc9421").fields
    mixed = with_header(message, "Signature-Input", *newer["signature-input"])
    with pytest.raises(BadSignature):
        verify(mixed)
    with pytest.raises(BadSignature):
        signatures.key_id_of(mixed)
    with pytest.raises(BadSignature):
        verify(with_header(mixed, "Signature", *message.fields["signature"], *newer["signature"]))


def test_an_empty_signature_input_is_not_passed_over() -> None:
    with pytest.raises(BadSignature):
        verify(with_header(signed("cavage"), "Signature-Input", ""))


def test_a_new_signature_without_its_input_is_malformed() -> None:
    with pytest.raises(BadSignature) as refused:
        signatures.key_id_of(with_header(signed("rfc9421"), "Signature-Input"))
    assert refused.value.status == 400


def test_a_digest_of_the_older_dialect_does_not_hide_another_body() -> None:
    """Content-Digest counts; a fitting Digest beside it proves nothing."""
    message = signed("rfc9421")
    other = signed("cavage", body=b"{}").only("digest")
    with pytest.raises(BadSignature):
        verify(replace(with_header(message, "Digest", other), body=b"{}"))


@BOTH
@pytest.mark.parametrize("target", [".other.example/inbox", "@other.example/inbox", "*", "", "/inbox#part"])
def test_what_is_not_a_path_here_is_refused(dialect: Dialect, target: str) -> None:
    """After our origin these would name another server, or the same path in other words."""
    with pytest.raises(BadSignature) as refused:
        verify(replace(signed(dialect), target=target))
    assert refused.value.status == 400


@BOTH
def test_header_names_are_read_in_any_case(dialect: Dialect) -> None:
    message = signed(dialect)
    verify(replace(message, headers=tuple((name.upper(), value) for name, value in message.headers)))


@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.text(st.characters(max_codepoint=255), max_size=60))))
@budget(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_header_makes_verification_break_down(lines: list[tuple[str, str]]) -> None:
    message = replace(UNSIGNED, headers=(*UNSIGNED.headers, *lines))
    for call in (signatures.key_id_of, verify):
        with pytest.raises(Refused) as refused:
            call(message)
        assert refused.value.status in (400, 401)


@BOTH
@given(data=st.data())
@budget(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_damaged_proof_makes_verification_break_down(dialect: Dialect, data: st.DataObject) -> None:
    message = signed(dialect)
    name = data.draw(st.sampled_from([name for name in FIELDS if name.lower() in message.fields]))
    value = message.only(name.lower())
    place = data.draw(st.integers(0, len(value) - 1))
    damaged = with_header(message, name, value[:place] + data.draw(PRINTABLE) + value[place + 1 :])
    with suppress(Refused):
        verify(damaged)
    with pytest.raises(Refused):
        verify(replace(damaged, body=b"{}"))


@BOTH
@given(place=st.integers(0, 30), character=PRINTABLE)
@budget(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_other_target_or_body_passes(dialect: Dialect, place: int, character: str) -> None:
    message = signed(dialect, url=f"http://{HOST}/users/anna/inbox?page=1&of=twelve")
    target = message.target[:place] + character + message.target[place + 1 :]
    body = message.body[:place] + character.encode() + message.body[place + 1 :]
    for changed in (replace(message, target=target), replace(message, body=body)):
        if changed != message:
            with pytest.raises(BadSignature):
                verify(changed)
