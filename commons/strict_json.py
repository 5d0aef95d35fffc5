"""JSON from strangers: RFC 8259 as I-JSON (RFC 7493), bounded before it is parsed.

The parser in the standard library takes more than JSON (NaN, UTF-16, duplicate names, lone
surrogates) and recurses; everything it takes too much is refused here with status 400.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import NoReturn

from commons import limits
from commons.refusal import Refused

SAFE_INTEGER = 2**53 - 1
_STRING = re.compile(rb'"(?>[^"\\]+|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_RISKY_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class BadJson(Refused):
    """The body is not JSON that we read. Peers see the reason, so it is not translated."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, status=400)


def loads(body: bytes, *, depth: int = limits.JSON_DEPTH, nodes: int = limits.JSON_NODES) -> object:
    """The value in ``body`` (UTF-8, without a byte order mark).

    ``depth`` counts brackets open at once; ``nodes`` counts opening brackets and commas, of
    which there are as many as values, or one fewer. ``BadJson`` for everything that is not
    I-JSON or is too large.
    """
    _require_modest(body, depth, nodes)
    try:
        value: object = _DECODER.decode(body.decode("utf-8"))
    except ValueError as error:
        raise BadJson("This is not JSON in UTF-8.") from error
    if _RISKY_ESCAPE.search(body):
        for text in _strings(value):
            _require_storable(text)
    return value


def loads_object(
    body: bytes, *, depth: int = limits.JSON_DEPTH, nodes: int = limits.JSON_NODES
) -> dict[str, object]:
    """The JSON object in ``body``; ``BadJson`` also where the value is of another kind."""
    value = loads(body, depth=depth, nodes=nodes)
    if not isinstance(value, dict):
        raise BadJson("This is JSON, but not an object.")
    return value


def dumps(value: object) -> bytes:
    """``value`` as compact UTF-8; ``ValueError`` for NaN, infinity and lone surrogates."""
    return _ENCODER.encode(value).encode("utf-8")


def _require_modest(body: bytes, depth: int, nodes: int) -> None:
    """Refuse what is too deep or too large, in linear time and without recursion."""
    # Brackets and commas inside strings only make these counts larger, so that
    # an ordinary document passes without looking at its strings.
    if _opened(body) <= depth and _nodes(body) <= nodes:
        return
    structure = _STRING.sub(b"", body)
    if _nodes(structure) > nodes:
        raise BadJson("This JSON has too many values.")
    if _opened(structure) > depth:
        _require_shallow(structure, depth)


def _opened(text: bytes) -> int:
    return text.count(b"{") + text.count(b"[")


def _nodes(text: bytes) -> int:
    return _opened(text) + text.count(b",")


def _require_shallow(structure: bytes, depth: int) -> None:
    level = 0
    for bracket in _BRACKET.finditer(structure):
        level += 1 if bracket.group() in b"[{" else -1
        if not 0 <= level <= depth:
            raise BadJson("This JSON is nested too deeply.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadJson("This JSON has the same name twice in one object.")
    return members


def _integer(digits: str) -> int:
    value = int(digits)
    if abs(value) > SAFE_INTEGER:
        raise BadJson("This JSON has an integer that is too large.")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise BadJson("This JSON has a number that is too large.")
    return value


def _constant(name: str) -> NoReturn:
    raise BadJson("NaN and Infinity are not JSON.")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _strings(member)


def _require_storable(text: str) -> None:
    """NUL does not fit into PostgreSQL, a lone surrogate not into UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadJson("This JSON has a lone surrogate.") from error
    if "\0" in text:
        raise BadJson("This JSON has a NUL character.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
