"""The story file of ``rostra story publish``: YAML front matter, then Markdown. Pure.

Reading checks that every key is known and every value of its kind. How long each may be
is asked by ``drafts.tidy``, for whatever way a story comes in.
"""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from commons import limits, sanitize
from commons.language import N_
from commons.refusal import Refused
from newsroom.drafts import Source

_FILE = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)(.*)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Author:
    """Who took part, by handle, and in what role."""

    handle: str
    role: str = ""


@dataclass(frozen=True)
class LeadImage:
    """The picture beside the story file. ``alt`` is empty only where the picture says nothing."""

    file: str
    alt: str
    credit: str = ""
    licence: str = ""


@dataclass(frozen=True)
class StoryFile:
    """A story as its file says it; texts that were left out are empty."""

    title: str
    summary: str
    body: str
    slug: str = ""
    section: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[Author, ...] = ()
    lead_image: LeadImage | None = None
    content_warning: str = ""
    sources: tuple[Source, ...] = ()
    method: str = ""


_LISTS = {"authors": Author, "sources": Source}
_MAY_BE_EMPTY = {"alt"}
Kind = TypeVar("Kind", Author, LeadImage, Source)


def parse(text: str) -> StoryFile:
    """Read a story file; ``Refused`` names the first thing that is wrong."""
    head, body = _parts(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    values = _mapping(head)
    _check_keys(values, StoryFile, "")
    fields: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        if name == "tags":
            fields[name] = tuple(_line(tag, "tags") for tag in _list(value, name))
        elif name in _LISTS:
            fields[name] = tuple(_item(item, _LISTS[name], name) for item in _list(value, name))
        elif name == "lead_image":
            fields[name] = _lead_image(value)
        elif name == "method":
            fields[name] = _text(value, name).strip()
        else:
            fields[name] = _line(value, name)
    _check_whole(fields, StoryFile, "")
    return StoryFile(body=body, **fields)


def _parts(text: str) -> tuple[str, str]:
    parts = _FILE.match(text)
    if not parts:
        raise Refused(N_("A story file starts with a line of three dashes, its data, and another such line."))
    head, body = parts[1], parts[2].strip("\n")
    if len(head) > limits.FRONT_MATTER_CHARS:
        raise Refused(
            N_("The data above the story has at most %(most)s characters."), most=limits.FRONT_MATTER_CHARS
        )
    if not body.strip():
        raise Refused(N_("A story needs a text."))
    return head, body


class _Loader(yaml.SafeLoader):
    """SafeLoader without what a story never needs: aliases, keys that come twice, keys that are no words."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not taken", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set[str]()
        for key, _value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be one word", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} comes twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _mapping(head: str) -> dict[Any, Any]:
    try:
        loaded = _Loader(head).get_single_data()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise Refused(
            N_("Line %(line)s of the story file is not valid YAML: %(problem)s."),
            line=line,
            problem=error.problem,
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Refused(N_("The data above the story is not valid YAML.")) from error
    if not isinstance(loaded, dict):
        raise Refused(N_("The data above the story must be lines such as “title: …”."))
    return loaded


def _check_keys(values: dict[Any, Any], kind: type, inside: str) -> None:
    known = {field.name for field in dataclasses.fields(kind)} - {"body"}
    for key in values:
        if key not in known:
            raise Refused(N_("Unknown key “%(name)s”."), name=f"{inside}{key}"[:100])


def _check_whole(fields: dict[str, Any], kind: type, inside: str) -> None:
    for field in dataclasses.fields(kind):
        if field.default is not dataclasses.MISSING or field.name == "body":
            continue
        if field.name not in fields or not (fields[field.name] or field.name in _MAY_BE_EMPTY):
            raise Refused(N_("“%(name)s” is missing."), name=inside + field.name)


def _item(value: Any, kind: type[Kind], name: str) -> Kind:
    if not isinstance(value, dict):
        raise Refused(N_("“%(name)s” must hold names and values, such as {a: b}."), name=name)
    inside = name + "."
    _check_keys(value, kind, inside)
    fields = {key: _line(text, inside + key) for key, text in value.items() if text is not None}
    _check_whole(fields, kind, inside)
    return kind(**fields)


def _lead_image(value: Any) -> LeadImage:
    image = _item(value, LeadImage, "lead_image")
    if re.search(r"[/\\]", image.file) or image.file.startswith("."):
        raise Refused(N_("“lead_image.file” must be the name of a file beside the story file."))
    return image


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(N_("“%(name)s” must be a list."), name=name)
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise Refused(N_("“%(name)s” must be text; put it in quotes."), name=name)
    return value


def _line(value: Any, name: str) -> str:
    return sanitize.plain(_text(value, name), limits.FRONT_MATTER_CHARS)
