import json
import time

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from commons import limits, strict_json
from commons.strict_json import BadJson

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
@budget(deadline=None)
def test_every_ordinary_value_survives(value: object) -> None:
    assert strict_json.loads(strict_json.dumps(value)) == value
    assert strict_json.loads(json.dumps(value, indent=1).encode()) == value


def test_what_is_written_is_compact_utf_8() -> None:
    assert strict_json.dumps({"a": ["ü", 1]}) == '{"a":["ü",1]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_is_not_json_is_not_written(value: object) -> None:
    with pytest.raises(ValueError):
        strict_json.dumps(value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{} {}",
        b"[1,]",
        b'{"a":1,}',
        b"{'a':1}",
        b"[01]",
        b'["\x09"]',
        b'["\\x00"]',
        b'["\xff"]',
        b'["\xc0\x80"]',
        b'["\xed\xa0\x80"]',
        b'"unclosed',
        b'"\\',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32-be"),
        b'["a\0"]',
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[-1e999]",
        b"[" + b"1" * 4000 + b"]",
        b"[" + b"1" * 5000 + b"]",
        b"[9007199254740992]",
        b"[-9007199254740992]",
        b'{"actor":"a","actor":"b"}',
        b'{"actor":"a","\\u0061ctor":"b"}',
        b'[{"x":{"y":1,"y":1}}]',
        b'["\\ud800"]',
        b'["\\udc00\\ud800"]',
        b'{"\\uD800":1}',
        b'{"a":[{"b":"\\udfff"}]}',
        b'["\\u0000"]',
        b'{"\\u0000":1}',
    ],
)
def test_what_is_not_strictly_json_is_refused_with_400(body: bytes) -> None:
    with pytest.raises(BadJson) as refused:
        strict_json.loads(body)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"9007199254740991", 2**53 - 1),
        (b"-0", 0),
        (b"1e-999", 0.0),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
        (b'["{{{{[[[[,,,,"]', ["{{{{[[[[,,,,"]),
        (b" \t\r\n[] ", []),
    ],
)
def test_what_only_looks_bad_is_read(body: bytes, value: object) -> None:
    assert strict_json.loads(body, depth=1, nodes=2) == value


def test_depth_is_allowed_to_the_limit_and_no_further() -> None:
    deepest = b"[" * limits.JSON_DEPTH + b"]" * limits.JSON_DEPTH
    strict_json.loads(deepest)
    with pytest.raises(BadJson):
        strict_json.loads(b"[" + deepest + b"]")
    with pytest.raises(BadJson):
        strict_json.loads(b'{"a":' * 40 + b"1" + b"}" * 40)
    many_but_flat = b"[" + b",".join([b"[]"] * 100) + b"]"
    assert strict_json.loads(many_but_flat) == [[]] * 100


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 33 + b"]" * 500_000,
        b"[" + b"{}," * 300_000 + b"{}]",
        b"{" + b",".join(b'"%d":1' % number for number in range(90_000)) + b"}",
        b"[" * 33 + b'"' + b'\\"' * 250_000,
        b"[" * 33 + b'"' * 250_000,
        b"[" * 33 + b'"' + b"\\" * 500_000,
    ],
    ids=["deep list", "deep object", "closing", "objects", "names", "escapes", "quotes", "backslashes"],
)
def test_bombs_are_refused_quickly(body: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(BadJson):
        strict_json.loads(body)
    assert time.process_time() - begun < 0.15


def test_the_caller_may_set_other_bounds() -> None:
    with pytest.raises(BadJson):
        strict_json.loads(b"[[1]]", depth=1)
    with pytest.raises(BadJson):
        strict_json.loads(b"[1,2,3]", nodes=2)
    assert strict_json.loads(b"[1,2,3]", nodes=3) == [1, 2, 3]


def test_an_object_is_asked_for() -> None:
    assert strict_json.loads_object(b'{"a":1}') == {"a": 1}
    for body in (b"[]", b'"a"', b"1", b"null"):
        with pytest.raises(BadJson):
            strict_json.loads_object(body)
