"""Sentences for people that stay untranslated here: the edge puts them into its reader's language."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

Value: TypeAlias = int | str | tuple[str, ...]


class Sentence(NamedTuple):
    """An English message id and what fills its ``%(name)s`` places: numbers, texts, lists of names."""

    message: str
    values: Mapping[str, Value]


def say(message: str, **values: Value) -> Sentence:
    return Sentence(message, values)


def N_(message: str) -> str:
    """Mark ``message`` for the catalogue, as commons.language does, which is not for pure code."""
    return message
