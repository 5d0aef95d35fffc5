"""From a journalist's Markdown to the HTML of the page and of the ActivityPub article."""

import html as entities
import json
import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from commons import limits, nesting, sanitize, storage
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused

WORDS_A_MINUTE = 238
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*+")
_MARKUP = re.compile("<[^<>]*+>")
_HEADING = re.compile("<h[2-4]>")


def render(markdown: str) -> str:
    """Markdown (CommonMark, tables, strikethrough; no HTML) as safe HTML.

    The page's only h1 is the title, so the text's highest heading becomes h2, and none
    leaves out a level. A picture that stands alone is a figure, its title the caption.
    Paths from the root (``/about``) become addresses of this newsroom.
    ``Refused`` beyond ``MARKDOWN_NESTING`` and the caps of ``sanitize.story_html``.
    """
    return sanitize.story_html(_MARKDOWN.render(markdown)).strip()


def excerpt(html: str, max_bytes: int, link_html: str) -> str:
    """``html`` if it fits, else its first outermost blocks and ``link_html``.

    ``max_bytes`` counts UTF-8 as it stands between the quotes of a JSON string.
    No excerpt ends on a heading. ``ValueError`` if not even the link fits.
    """
    if _json_bytes(html) <= max_bytes:
        return html
    room = max_bytes - _json_bytes(link_html)
    if room < 0:
        raise ValueError(f"{max_bytes} bytes are too few for the link alone")
    kept = list[str]()
    for block in nesting.blocks(html):
        room -= _json_bytes(block)
        if room < 0:
            break
        kept.append(block)
    while kept and (not kept[-1].strip() or _HEADING.match(kept[-1].strip())):
        kept.pop()
    return "".join([*kept, link_html])


def word_count(html: str) -> int:
    """How many words a reader sees."""
    return len(_WORD.findall(entities.unescape(_MARKUP.sub(" ", html))))


def reading_minutes(words: int) -> int:
    """Whole minutes of silent reading, at least one (238 words a minute: Brysbaert 2019)."""
    return max(1, round(words / WORDS_A_MINUTE))


def _json_bytes(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def _nesting(state: StateCore) -> None:
    """The parser leaves out what nests deeper than it may; a newsroom loses no words."""
    for token in state.tokens:
        if token.type in ("blockquote_open", "list_item_open") and token.level >= limits.MARKDOWN_NESTING - 1:
            raise Refused(N_("The story nests lists or quotations too deeply."))


def _outline(state: StateCore) -> None:
    """Headings from h2 to h4, each at most one level below the one before it."""
    headings = [token for token in state.tokens if token.type in ("heading_open", "heading_close")]
    top = min((int(token.tag[1]) for token in headings), default=1)
    above = 1
    for token in headings:
        if token.type == "heading_open":
            above = min(int(token.tag[1]) - top + 2, above + 1, 4)
        token.tag = f"h{above}"


def _figures(state: StateCore) -> None:
    """A paragraph that is one picture becomes a figure."""
    for start, token in enumerate(state.tokens):
        inside = token.children or []
        if token.type != "inline" or [child.type for child in inside] != ["image"]:
            continue
        before, after = state.tokens[start - 1], state.tokens[start + 1]
        if before.type != "paragraph_open" or before.hidden:
            continue
        before.tag = after.tag = "figure"
        caption = str(inside[0].attrs.pop("title", ""))
        if caption:
            inside += [
                Token("figcaption_open", "figcaption", 1),
                Token("text", "", 0, content=caption),
                Token("figcaption_close", "figcaption", -1),
            ]


def _addresses(state: StateCore) -> None:
    """Paths from our root become whole addresses: readers elsewhere get the same links."""
    for token in state.tokens:
        for child in token.children or []:
            for name in ("href", "src"):
                if name in child.attrs:
                    child.attrs[name] = _absolute(str(child.attrs[name]))


def _absolute(address: str) -> str:
    if address.startswith("/media/"):
        return storage.address() + address.removeprefix("/media/")
    if address.startswith("/") and not address.startswith("//"):
        return settings().origin + address
    return address


def _columns(state: StateCore) -> None:
    """Alignment as an attribute: a style would not get past the page's policy."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs["align"] = str(token.attrs.pop("style")).removeprefix("text-align:")


def _markdown() -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "maxNesting": limits.MARKDOWN_NESTING}
    reader = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    for rule in (_nesting, _outline, _figures, _addresses, _columns):
        reader.core.ruler.push(rule.__name__, rule)
    return reader


_MARKDOWN = _markdown()
