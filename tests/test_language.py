"""Every word that people read is in the catalogue, and every language of the catalogue is complete."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from commons.language import FOLDER, LANGUAGES

ROOT = FOLDER.parent
ROOMS = ("commons", "federation", "newsroom", "membership")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Commands speak English, as do answers about signatures, which only programs read.
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if path.name != "commands.py")
TRANSLATED = [code for code in LANGUAGES if code != "en"]
MARKERS = {"_", "N_", "ngettext", "gettext", "Refused"}
NOT_SHOWN = {"BadSignature", "text", "compile", "debug", "info", "warning", "error", "exception"}
PLACE = re.compile(r"%\((\w+)\)([sd])|%%")


@cache
def extracted() -> Catalog:
    """What ``pybabel extract`` finds in code and templates by ``babel.cfg``."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        ROOT,
        method_map=methods,
        options_map=options,
        keywords={**DEFAULT_KEYWORDS, "Refused": None},
        directory_filter=lambda folder: not Path(folder).name.startswith((".", "_", "node_modules", "var")),
    )
    catalogue = Catalog()
    for _file, _line, message, _comments, _context in found:
        catalogue.add(message)
    return catalogue


@cache
def translated(code: str) -> Catalog:
    with (FOLDER / code / "LC_MESSAGES" / "rostra.po").open("rb") as file:
        return read_po(file, locale=code)


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def test_the_search_finds_words_of_code_templates_and_refusals() -> None:
    known = {text for message in messages(extracted()) for text in ids(message)}
    assert {"Sign in", "There is nothing here", "There is no such file.", "%(num)s minutes to read"} <= known


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_word_is_translated_and_none_is_left_over(code: str) -> None:
    wanted = {ids(message)[0] for message in messages(extracted())}
    present = {ids(message)[0] for message in messages(translated(code)) if all(strings(message))}
    assert wanted - present == set(), "not translated"
    assert present - wanted == set(), "no longer used"


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_fill_the_same_places(code: str) -> None:
    for message in messages(translated(code)):
        assert not message.fuzzy, message.id
        wanted = set(PLACE.findall(ids(message)[-1]))
        for text in strings(message):
            assert set(PLACE.findall(text)) == wanted, f"{message.id!r}: {text!r}"


# Templates


class _Text(HTMLParser):
    """Collects what a reader would read: text, and the attributes that are read out or shown."""

    READ = frozenset({"alt", "title", "placeholder", "aria-label", "aria-description", "label"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_code = 0  # commands and file names are the same in every language

    def handle_data(self, data: str) -> None:
        if not self.in_code:
            self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_code -= tag == "code"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.in_code += tag == "code"
        self.found.extend(value for name, value in attributes if name in self.READ and value)


def unwrapped(source: str) -> list[str]:
    """Human text of a template that goes past the catalogue."""
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(source)
    parser = _Text()
    parser.feed("".join(_data(tree)))
    parser.close()
    words = [" ".join(text.split()) for text in parser.found] + list(_constants(tree))
    return [text for text in words if re.search(r"[^\W\d_]{2}", text)]


def _data(node: nodes.Node) -> Iterator[str]:
    """The text between the tags of the template language, in order; 0 stands for what they print."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.TemplateData):
            yield child.data
        elif isinstance(child, nodes.Expr):
            yield "0"
        else:
            yield from _data(child)


def _constants(tree: nodes.Template) -> Iterator[str]:
    """String constants that are printed, and not given to a function or filter, and read as words."""
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            yield from (text for text in _printed(node) if re.search(r"^[A-Z]\w|\w \w", text))


def _printed(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        for branch in (node.expr1, node.expr2):
            if branch is not None:
                yield from _printed(branch)
    elif isinstance(node, nodes.Concat):
        for part in node.nodes:
            yield from _printed(part)


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        "{% if x %}Hello{% endif %}",
        '<img alt="A boat">',
        '<input placeholder="Your name">',
        "{{ 'Hello' if x else '' }}",
        "{{ 'so many ' ~ x }}",
        "{% block title %}Front{% endblock %}",
        "{% macro m() %}<b>Hello</b>{% endmacro %}",
    ],
)
def test_the_check_of_templates_finds_unwrapped_words(source: str) -> None:
    assert unwrapped(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ _('Hello') }}",
        "{% trans %}Hello{% endtrans %}",
        "<a class='quiet' href='/About us'>1 · {{ x }}</a>",
        "<code>rostra count</code>",
    ],
)
def test_the_check_of_templates_lets_wrapped_words_pass(source: str) -> None:
    assert unwrapped(source) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_has_words_past_the_catalogue(path: Path) -> None:
    assert unwrapped(path.read_text()) == []


# Code


each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


def unmarked(source: str) -> list[str]:
    """Sentences in code that are neither marked, logged, nor an error for programmers."""
    tree = ast.parse(source)
    passed = set(_not_shown(tree))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in passed
        and re.fullmatch(r"[A-Z][a-z]*( [\w%()-]+)+[.!?:…]?", node.value)
    ]


def _not_shown(tree: ast.AST) -> Iterator[int]:
    """Nodes in marked calls, logging, errors for programmers and docstrings."""
    for node in ast.walk(tree):
        aside = (
            (isinstance(node, ast.Call) and _called(node) in MARKERS | NOT_SHOWN)
            or (isinstance(node, ast.Raise) and _raised(node) != "Refused")
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            or isinstance(node, ast.Assert)
        )
        if aside:
            yield from (id(inner) for inner in ast.walk(node))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _raised(node: ast.Raise) -> str:
    return _called(node.exc) if isinstance(node.exc, ast.Call) else ""


@pytest.mark.parametrize(
    "source", ["x = 'Nothing was found.'", "Field('First name')", "abort(404, 'No such thing')"]
)
def test_the_check_of_code_finds_unmarked_sentences(source: str) -> None:
    assert unmarked(source)


@pytest.mark.parametrize(
    "source", ["N_('Not here')", "log.info('Not here')", "raise ValueError('Not here')", "'''Not here.'''"]
)
def test_the_check_of_code_lets_marked_sentences_pass(source: str) -> None:
    assert unmarked(source) == []


@each_module
def test_no_module_has_sentences_past_the_catalogue(path: Path) -> None:
    assert unmarked(path.read_text()) == []


def refusals(source: str) -> list[str]:
    """Calls of ``Refused`` whose reason is put together, so that no catalogue can know it."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and _called(node) == "Refused"
        and (not node.args or isinstance(node.args[0], (ast.JoinedStr, ast.BinOp)))
    ]


@pytest.mark.parametrize(
    "source", ["Refused(f'No {x}')", "Refused('No ' + x)", "Refused('No %s' % x)", "Refused()"]
)
def test_the_check_of_refusals_finds_reasons_put_together(source: str) -> None:
    assert refusals(source)


@each_module
def test_every_refusal_has_a_reason_that_the_catalogue_can_know(path: Path) -> None:
    assert refusals(path.read_text()) == []
