"""Whatever goes in, a second parser finds only what the allow-list names."""

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons import limits, nesting, sanitize
from commons.config import Config
from commons.refusal import Refused

ATTACKS = json.loads((Path(__file__).parents[1] / "data" / "html" / "attacks.json").read_text())
VECTORS = [vector for kind in ATTACKS.values() for vector in kind]
ATTRIBUTES = {
    "a": {"href", "rel", "class"},
    "span": {"class"},
    "ol": {"start"},
    "img": {"src", "alt", "width", "height"},
    "abbr": {"title"},
    "td": {"align"},
    "th": {"align"},
}
CLASSES = {"mention", "hashtag", "u-url", "h-card", "invisible", "ellipsis"}
SPELLINGS = [
    *(
        "javascript:steal()",
        "JaVaScRiPt:steal()",
        " javascript:steal()",
        "java\tscript:steal()",
        "java\nscript:x",
    ),
    *(
        "\x01javascript:x",
        "javascript\u200b:x",
        "java\u00adscript:x",
        "javascript&colon;x",
        "&#106;avascript:x",
    ),
    *(
        "&#x6A&#x61;vascript:x",
        "javascript&#x3A;x",
        "feed:javascript:x",
        "view-source:javascript:x",
        "javascript:123",
    ),
    *(
        "vbscript:x",
        "livescript:x",
        "mocha:x",
        "data:text/html,<script>x</script>",
        "data:image/svg+xml;base64,AA==",
    ),
    *(
        "blob:https://x.example/1",
        "file:///etc/passwd",
        "about:blank",
        "jar:x!/",
        "//x.example",
        "/\\x.example",
    ),
    *(
        "\\\\x.example",
        "https:\\\\x.example",
        "https:x",
        "http:/x",
        "?x",
        "#x",
        "x",
        ".",
        "https://",
        "http://[x",
    ),
    *("https://x.example/\u202ecod.exe", "ht\ttps://x.example"),
]
LINKS = [
    "<a href='{}'>a</a>",
    '<a href="{}">a</a>',
    "<a href={}>a</a>",
    "<img src='{}'>",
    "<svg><a xlink:href='{}'>a</a>",
]
Clean = Callable[[str], str]

pytestmark = pytest.mark.usefixtures("settings")


def faults(html: str, elements: set[str]) -> Iterator[str]:
    """What a browser would find in ``html`` that nobody allowed."""
    tree = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    for element in tree.iter():
        if element is tree:
            continue
        if element.tag not in elements:
            yield f"element {element.tag}"
            continue
        for name, value in element.attrib.items():
            if name not in ATTRIBUTES.get(element.tag, set()):
                yield f"attribute {element.tag} {name}"
            elif name in ("href", "src"):
                scheme, host = urlsplit(value)[:2]
                if not (scheme == "mailto" or (scheme in ("http", "https") and host)) or re.search(
                    r"[\s\\]", value
                ):
                    yield f"address {value}"
            elif name == "class" and not set(value.split()) <= CLASSES:
                yield f"class {value}"


def story(text: str) -> str:
    """A story made of ``text``, or nothing where it is refused."""
    try:
        return sanitize.story_html(text)
    except Refused:
        return ""


CLEANERS: list[tuple[Clean, set[str]]] = [
    (sanitize.remote_html, sanitize.REMOTE_ELEMENTS),
    (story, sanitize.STORY_ELEMENTS),
    (sanitize.linked_text, sanitize.REMOTE_ELEMENTS),
]


@pytest.mark.parametrize(("clean", "elements"), CLEANERS)
@pytest.mark.parametrize("kind", ATTACKS)
def test_only_what_is_allowed_is_left_of_an_attack(kind: str, clean: Clean, elements: set[str]) -> None:
    left = {vector: list(faults(clean(vector), elements)) for vector in ATTACKS[kind]}
    assert {vector: found for vector, found in left.items() if found} == {}


@pytest.mark.parametrize(("clean", "elements"), CLEANERS)
def test_no_spelling_of_a_foreign_scheme_survives(clean: Clean, elements: set[str]) -> None:
    for link, spelling in product(LINKS, SPELLINGS):
        out = clean(link.format(spelling))
        assert list(faults(out, elements)) == []
        assert clean is sanitize.linked_text or not re.search("href|src", out), out


def test_the_oracle_sees_what_is_not_allowed() -> None:
    hostile = '<p onclick="x"><script>x</script><a href="javascript:x" class="admin">a</a></p>'
    assert set(faults(hostile, sanitize.REMOTE_ELEMENTS)) == {
        "attribute p onclick",
        "element script",
        "address javascript:x",
        "class admin",
    }


@pytest.mark.parametrize("clean", [sanitize.remote_html, story])
def test_a_second_pass_changes_nothing(clean: Clean) -> None:
    for vector in VECTORS:
        once = clean(vector)
        assert clean(once) == once


@given(st.lists(st.sampled_from(VECTORS), min_size=2, max_size=4), st.randoms())
def test_pieces_of_attacks_put_together_are_no_worse(vectors: list[str], random: object) -> None:
    torn = "".join(vector[: getattr(random, "randint")(0, len(vector))] for vector in vectors)  # noqa: B009
    once = sanitize.remote_html(torn)
    assert list(faults(once, sanitize.REMOTE_ELEMENTS)) == []
    assert sanitize.remote_html(once) == once


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_any_text_at_all_has_an_answer(text: str) -> None:
    for clean in (sanitize.remote_html, sanitize.linked_text):
        clean(text).encode()
    sanitize.plain(text, 50).encode()


# --- What is meant to stay ----------------------------------------------------------------


def test_a_post_of_mastodon_keeps_its_mentions_and_hidden_parts() -> None:
    post = (
        '<p><span class="h-card"><a href="https://a.example/@b" class="u-url mention">@b</a></span> '
        '<a href="https://c.example/long"><span class="invisible">https://</span>'
        '<span class="ellipsis">c.example/lo</span></a> '
        '<a href="https://a.example/tags/x" class="mention hashtag" rel="tag">#<span>x</span></a></p>'
    )
    out = sanitize.remote_html(post)
    assert out.replace(' rel="nofollow noopener noreferrer ugc"', "") == post.replace(' rel="tag"', "")
    assert out.count('rel="nofollow noopener noreferrer ugc"') == 3


def test_a_heading_of_a_peer_becomes_a_paragraph() -> None:
    assert sanitize.remote_html("<H1 class=x>Title</H1>Text") == "<p>Title</p>Text"


def test_a_story_keeps_its_figures_and_tables(settings: Config) -> None:
    html = (
        '<h2>A</h2><figure><img src="http://127.0.0.1:8000/media/a.jpg" alt="A &quot;b&quot;" width="10">'
        "<figcaption>c</figcaption></figure>"
        '<table><thead><tr><th align="right">1</th></tr></thead></table>'
        '<p><a href="mailto:desk@news.example" rel="noopener">Write</a>'
        '<abbr title="x">y</abbr><sup>2</sup></p>'
    )
    assert sanitize.story_html(html) == html


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("http://127.0.0.1:8000/media/a.jpg", True),
        ("https://pictures.example/a.jpg", True),
        ("http://pictures.example/a.jpg", False),
        ("http://127.0.0.1:8000/sign-out", False),
        ("/media/a.jpg", False),
    ],
)
def test_a_storys_picture_is_ours_or_comes_over_https(address: str, kept: bool) -> None:
    assert ("src" in sanitize.story_html(f'<img src="{address}" alt="">')) is kept


def test_an_address_keeps_no_space_around_it_and_no_more_than_the_cap() -> None:
    assert sanitize.safe_url("\n https://x.example/ü ") == "https://x.example/ü"
    longest = "https://x.example/".ljust(limits.URL_CHARS, "a")
    assert sanitize.safe_url(longest) == longest
    assert sanitize.safe_url(longest + "a") is None


# --- Caps -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostile",
    [
        "<p>word</p>" + "a" * limits.REMOTE_HTML,
        "<p>word</p>" + "<" * limits.REMOTE_TAGS,
        "<p>word</p>" + "<blockquote>" * (limits.HTML_DEPTH + 1),
        "<p>word</p>" + "<ul><li>" * 2_000,
        "<p>word</p>" + "<b><table></b></table>" * 900,
        "<p>word</p>" + '<a href="https://x.example">a</a>' * 1_900,
        "<p>word</p>" + "&" * limits.REMOTE_HTML,
        "<p>word</p>" + "\u00a0x" * limits.REMOTE_HTML,
        "<p>word</p>" + "<!--" * 20_000,
        "<p>word</p>" + "<p>" + "".join(f"<b {i}>" for i in range(1_000)) + "</p>" + "x<p>" * 2_900,
    ],
)
def test_beyond_a_cap_a_peer_gets_plain_text(hostile: str) -> None:
    out = sanitize.remote_html(hostile)
    assert out.startswith("word") and "<" not in out
    assert len(out.encode()) <= limits.REMOTE_HTML
    assert sanitize.remote_html(out) == out


def test_as_much_as_the_caps_allow_stays_html() -> None:
    for html in (
        "<blockquote>" * (limits.HTML_DEPTH - 1) + "<p>a</p>" + "</blockquote>" * (limits.HTML_DEPTH - 1),
        "<br>" * limits.REMOTE_TAGS,
        "<p>" + "a" * (limits.REMOTE_HTML - 7) + "</p>",
    ):
        assert sanitize.remote_html(html) == html


def test_many_attributes_leave_one_clean_element() -> None:
    assert sanitize.remote_html("<p " + "".join(f"a{i} " for i in range(9_000)) + ">x</p>") == "<p>x</p>"


@pytest.mark.parametrize(
    ("html", "status"),
    [
        ("a" * (limits.STORY_HTML + 1), 413),
        ("<blockquote>" * 101 + "</blockquote>" * 101, 422),
        ("<p><b></p></b>", 422),
        ("<p>", 422),
        ("</p>", 422),
        ("a < b", 422),
        ("<!-- x -->", 422),
        ("<blockquote>" * 170_000, 422),
        ('<a "' * 500_000, 422),
        ("<a" + " a" * 1_000_000, 422),
    ],
)
def test_a_story_beyond_the_caps_or_tangled_is_refused(html: str, status: int) -> None:
    with pytest.raises(Refused) as refusal:
        sanitize.story_html(html)
    assert refusal.value.status == status


def test_blocks_are_the_outermost_elements_and_nothing_is_lost() -> None:
    html = "x<p>a<br>b</p>\n<ul><li>c</li></ul><hr>tail"
    assert nesting.blocks(html) == ["x<p>a<br>b</p>", "\n<ul><li>c</li></ul>", "<hr>", "tail"]
    assert nesting.depth(html) == 2


# --- Text -------------------------------------------------------------------------------------


def test_a_bare_address_in_a_profile_becomes_a_link() -> None:
    rel = 'rel="nofollow noopener noreferrer ugc"'
    assert sanitize.linked_text("I write at example.org/blog\n& <b> http://x.social/?a=1&b=2 </b>") == (
        f'I write at <a href="https://example.org/blog" {rel}>example.org/blog</a><br>&amp; &lt;b&gt; '
        f'<a href="http://x.social/?a=1&amp;b=2" {rel}>http://x.social/?a=1&amp;b=2</a> &lt;/b&gt;'
    )


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("(see https://x.example/a).", "https://x.example/a"),
        ("mastodon.social/@ada, me", "https://mastodon.social/@ada"),
        ("HTTP://X.org", "HTTP://X.org"),
        ("x.org:8080?a=b#c", "https://x.org:8080?a=b#c"),
        ("notes.txt and e.g this", None),
        ("ada@x.org", None),
        ("@ada@x.org", None),
        ("ftp://x.org", None),
        ("javascript:x.org/%0Asteal()", None),
        ("http://", None),
    ],
)
def test_what_is_written_is_linked_only_if_it_is_an_address(written: str, address: str | None) -> None:
    found = re.search('href="([^"]*)"', sanitize.linked_text(written))
    assert (found and unescape(found[1])) == address


@pytest.mark.parametrize(
    "killer",
    [
        "a.",
        "a-",
        "a.a-",
        "http://",
        "http:/",
        "(",
        ")",
        "a@",
        "a.b@",
        "www.",
        ".com",
        "&",
        "https://a.example/(",
        "-",
    ],
)
def test_a_long_profile_is_cut_and_answered(killer: str) -> None:
    out = sanitize.linked_text(killer * 100_000)
    assert len(re.sub("<[^>]*>", "", out).replace("&amp;", "&")) <= limits.SUMMARY_CHARS


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada\r\nBcc: x@evil.example", "Ada Bcc: x@evil.example"),
        ("pay\u200dpal \u200bcom\u2060\ufeff", "paypal com"),
        ("\u202egpj.exe\u2066 \u061c\u200f", "gpj.exe"),
        ("a\x00b\x1b[31mc\x9b", "a b [31mc"),
        ("\ud800x\uffff", "x"),
        ("\u3164\u115f", ""),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("  two   words ", "two words"),
        ("0123456789x", "012345678…"),
        ("<b>&amp;", "<b>&amp;"),
    ],
)
def test_plain_text_is_one_honest_line(text: str, shown: str) -> None:
    assert sanitize.plain(text, 10 if text.startswith("0") else 100) == shown


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<p>The passenger&#x27;s clock.</p><p>Two &lt; three</p>", "The passenger's clock. Two < three"),
        ("a < b & c > d", "a < b & c > d"),
        ("<scr<b>ipt>alert(1)</scr</b>ipt>", "<scr ipt>alert(1)</scr ipt>"),
        ("<p>" + "x" * 200 + "</p>", "x" * 99 + "…"),
    ],
)
def test_the_words_of_a_peers_html_are_one_line_of_text(markup: str, shown: str) -> None:
    assert sanitize.text_of(markup, 100) == shown
