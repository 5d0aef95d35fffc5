"""The one place where HTML is made safe.

nh3 is the last to touch whatever comes from outside or goes out. Links and pictures
keep only absolute addresses whose scheme is http, https or mailto; nothing else that
a browser could follow or run gets through. Every cap is in ``commons.limits``.
"""

import html
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import bleach
import nh3
from bleach.linkifier import TLDS

from commons import limits, nesting, storage
from commons.language import N_
from commons.refusal import Refused

_TEXT = {
    *("p", "br", "a", "em", "strong", "s", "del", "code", "sup", "sub"),
    *("pre", "blockquote", "ul", "ol", "li"),
}
REMOTE_ELEMENTS = _TEXT | {"b", "i", "u", "span", "div", "ruby", "rt", "rp"}
STORY_ELEMENTS = _TEXT | {
    *("h2", "h3", "h4", "hr", "abbr", "figure", "figcaption", "img"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
REMOTE_REL = "nofollow noopener noreferrer ugc"
STORY_REL = "noopener"

# What Mastodon and its relatives put on links, and what lists count from.
_CLASSES = {"a": {"mention", "hashtag", "u-url"}, "span": {"h-card", "invisible", "ellipsis"}}
_ALIGN = {"align": {"left", "center", "right"}}

# bleach's own list of endings is older than most of the fediverse, its own pattern cubic on hostile text.
_ENDINGS = {
    *TLDS,
    *(
        "app",
        "art",
        "berlin",
        "blog",
        "cafe",
        "cloud",
        "club",
        "community",
        "dev",
        "eco",
        "garden",
        "hamburg",
    ),
    *(
        "media",
        "network",
        "news",
        "online",
        "page",
        "press",
        "pub",
        "site",
        "social",
        "space",
        "tech",
        "today",
    ),
    *("town", "wien", "wiki", "works", "world", "xyz", "zone"),
}
_ADDRESS = re.compile(
    r"(?<![\w@.:/-])(?:https?://)?+[\w-]++(?:\.[\w-]++)++(?::[0-9]{1,5})?+(?:[/?#][^\s<>\"{}|\\^`]*+)?+(?!@)",
    re.IGNORECASE,
)

_Attributes = dict[tuple[str | None, str] | str, str]
_MARKUP = re.compile("<[^<>]*+>")
_TAG = re.compile("</?[a-zA-Z][^<>]*+>")
_HEADING = re.compile(r"<(/?)h[1-6](?=[\s>/])", re.IGNORECASE)

# Bytes that no HTML and no database takes: controls, lone surrogates.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_UNSEEN = re.compile(
    # Turns the direction of what follows
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    # Takes no room, or hides other text
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U000e0000-\U000e0fff]"
    # Joiners belong into emoji and into Persian or Indic words; beside ASCII they only deceive.
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


def remote_html(text: str) -> str:
    """What a peer wrote, as HTML that our pages may hold.

    Whatever is too long, has too many tags or nests too deeply becomes plain text, cut;
    nothing is ever refused or passed on raw. A second pass changes nothing.
    """
    clean = _UNSAFE.sub("", text)
    if _fits(clean):
        # A heading of a peer would break the outline of our page.
        first = _REMOTE.clean(_HEADING.sub(r"<\1p", clean))
        settled = _settled(_REMOTE, first) if _fits(first) else None
        if settled is not None and _fits(settled) and nesting.depth(settled) <= limits.HTML_DEPTH:
            return settled
    # A character takes at most six bytes once it is escaped.
    words = plain(html.unescape(_MARKUP.sub(" ", text[: limits.REMOTE_HTML])), limits.REMOTE_HTML // 6)
    return _REMOTE.clean(html.escape(words, quote=False))


def story_html(text: str) -> str:
    """Our own rendered story, well nested, as HTML that may go out.

    ``Refused`` with status 413 beyond ``STORY_HTML`` bytes, 422 for elements nested deeper
    than ``HTML_DEPTH`` or not well nested: nh3's time grows with the square of the depth.
    """
    clean = _UNSAFE.sub("", text)
    if len(clean.encode()) > limits.STORY_HTML:
        raise Refused(
            N_("The story is too long: %(size)s MB of HTML at most."), 413, size=limits.STORY_HTML >> 20
        )
    try:
        depth = nesting.depth(clean)
    except nesting.Tangled:
        raise Refused(N_("The story's HTML is not well nested.")) from None
    if depth > limits.HTML_DEPTH:
        raise Refused(N_("The story nests too deeply: %(depth)s levels at most."), depth=limits.HTML_DEPTH)
    settled = _settled(_STORY, clean)
    if settled is None:
        raise Refused(N_("The story's HTML is not well nested."))
    return settled


def linked_text(text: str) -> str:
    """A reader's short plain text as HTML: lines kept, bare addresses made links."""
    lines = [plain(line, limits.SUMMARY_CHARS) for line in text[: limits.SUMMARY_CHARS].splitlines()]
    written = html.escape("\n".join(lines).strip(), quote=False).replace("\n", "<br>")
    return _REMOTE.clean(_LINKER.linkify(written))


def plain(text: str, chars: int) -> str:
    """``text`` on one line, without control, direction and invisible characters, at most ``chars`` long.

    For names, titles and everything else that is not HTML; the page still escapes it.
    """
    words = " ".join(_UNSEEN.sub("", _UNSAFE.sub(" ", text)).split())
    return words if len(words) <= chars else words[: chars - 1].rstrip() + "…"


def text_of(markup: str, chars: int) -> str:
    """What HTML of another server says, on one line, at most ``chars`` long; for what is shown as text.

    Plain text stays as it is, but for what looks like a tag: a summary may be either.
    """
    return plain(html.unescape(_TAG.sub(" ", markup[: limits.REMOTE_HTML])), chars)


def safe_url(address: str) -> str | None:
    """``address`` without spaces around it if it is an absolute http, https or mailto one, else None."""
    address = address.strip(" \t\r\n\f")
    if len(address) > limits.URL_CHARS or re.search(r"[\s\\]", address):
        return None
    if _UNSAFE.search(address) or _UNSEEN.search(address):
        return None
    if re.match(r"mailto:[^/]", address, re.IGNORECASE):
        return address
    try:
        parts = urlsplit(address)
        named = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return address if named else None


def _settled(cleaner: nh3.Cleaner, text: str) -> str | None:
    """``text`` cleaned until cleaning changes nothing; None where it never comes to rest.

    Tables and links that cross may read differently once written down: mutation is
    how HTML has slipped through cleaners.
    """
    for _pass in range(4):
        clean = _UNSAFE.sub("", cleaner.clean(text))
        if clean == text:
            return clean
        text = clean
    return None


def _fits(text: str) -> bool:
    return len(text.encode()) <= limits.REMOTE_HTML and text.count("<") <= limits.REMOTE_TAGS


def _remote_attribute(element: str, name: str, value: str) -> str | None:
    if name == "href":
        return safe_url(value)
    return _number(value) if name == "start" else value


def _story_attribute(element: str, name: str, value: str) -> str | None:
    if name == "href":
        return safe_url(value)
    if name == "src":
        picture = safe_url(value)
        return picture if picture and picture.startswith(("https://", storage.address())) else None
    return _number(value) if name in ("start", "width", "height") else value


def _number(value: str) -> str | None:
    return value if re.fullmatch("[0-9]{1,5}", value) else None


def _cleaner(
    elements: set[str],
    attributes: dict[str, set[str]],
    rel: str,
    decide: Callable[[str, str, str], str | None],
) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=elements,
        clean_content_tags={"script", "style"},
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}, **attributes},
        attribute_filter=decide,
        allowed_classes={name: classes for name, classes in _CLASSES.items() if name in elements},
        tag_attribute_values={name: _ALIGN for name in ("th", "td") if name in elements},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=rel,
    )


def _new_link(attrs: _Attributes, new: bool = False) -> _Attributes | None:
    """A callback of bleach: without a scheme, only a known ending makes a link, which then speaks https."""
    written = attrs["_text"]
    if re.match("https?://", written, re.IGNORECASE):
        return attrs
    address = "https://" + written
    ending = (urlsplit(address).hostname or "").rpartition(".")[2]
    attrs[(None, "href")] = address
    return attrs if ending in _ENDINGS else None


_REMOTE = _cleaner(REMOTE_ELEMENTS, {}, REMOTE_REL, _remote_attribute)
_STORY = _cleaner(
    STORY_ELEMENTS,
    {"img": {"src", "alt", "width", "height"}, "abbr": {"title"}},
    STORY_REL,
    _story_attribute,
)
_LINKER = bleach.Linker(callbacks=[_new_link], url_re=_ADDRESS)
