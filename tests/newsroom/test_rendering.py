"""Markdown becomes the page's HTML, and an excerpt that fits."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from commons import config, limits, sanitize
from commons.config import Config
from commons.refusal import Refused
from newsroom import rendering

pytestmark = pytest.mark.usefixtures("settings")

LINK = '<p><a href="https://news.example/a">Read on</a></p>'


def size(html: str) -> int:
    return len(json.dumps(html, ensure_ascii=False).encode()) - 2


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        (
            "Plain *and* **strong** ~~gone~~ `code`.",
            "<p>Plain <em>and</em> <strong>strong</strong> <s>gone</s> <code>code</code>.</p>",
        ),
        (
            "> said\n\n- a\n- b",
            "<blockquote>\n<p>said</p>\n</blockquote>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
        ),
        ("3. c", '<ol start="3">\n<li>c</li>\n</ol>'),
        ("<b>x</b><script>y</script>", "<p>&lt;b&gt;x&lt;/b&gt;&lt;script&gt;y&lt;/script&gt;</p>"),
        ('[x](https://x.example "t")', '<p><a href="https://x.example" rel="noopener">x</a></p>'),
        ("[x](/about)", '<p><a href="http://127.0.0.1:8000/about" rel="noopener">x</a></p>'),
        ("[x](//x.example)", '<p><a rel="noopener">x</a></p>'),
        ("[x](javascript:steal())", "<p>[x](javascript:steal())</p>"),
        ("```python\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ("text ![a](https://x.example/a.png)", '<p>text <img src="https://x.example/a.png" alt="a"></p>'),
        ("", ""),
    ],
)
def test_markdown_becomes_clean_html(markdown: str, html: str) -> None:
    assert rendering.render(markdown) == html


@pytest.mark.parametrize(
    ("levels", "shown"),
    [
        ("1 2 3", "2 3 4"),
        ("2 3 2", "2 3 2"),
        ("1 4 1", "2 3 2"),
        ("3 1", "2 2"),
        ("1 2 3 4 5 6", "2 3 4 4 4 4"),
    ],
)
def test_headings_start_below_the_title_and_leave_no_level_out(levels: str, shown: str) -> None:
    html = rendering.render("\n\n".join("#" * int(level) + " x" for level in levels.split()))
    assert html == "\n".join(f"<h{level}>x</h{level}>" for level in shown.split())


def test_a_picture_alone_is_a_figure_with_its_title_as_caption(settings: Config) -> None:
    assert rendering.render('![A "b"](/media/x.jpg "By <Ada>")') == (
        '<figure><img src="http://127.0.0.1:8000/media/x.jpg" alt="A &quot;b&quot;">'
        "<figcaption>By &lt;Ada&gt;</figcaption></figure>"
    )
    config.use(replace(settings, media_origin="https://media.example"))
    assert 'src="https://media.example/x.jpg"' in rendering.render("![](/media/x.jpg)")


def test_a_table_keeps_its_alignment_without_a_style() -> None:
    html = rendering.render("a | b\n--|-:\n1 | 2")
    assert '<th align="right">b</th>' in html and '<td align="right">2</td>' in html and "style" not in html


@pytest.mark.parametrize("deep", [">" * 60 + " lost?", "".join("  " * n + "- a\n" for n in range(60))])
def test_what_nests_too_deeply_is_refused_rather_than_lost(deep: str) -> None:
    with pytest.raises(Refused):
        rendering.render(deep)


def test_no_word_is_lost_at_any_depth_that_is_taken() -> None:
    for depth in range(1, limits.MARKDOWN_NESTING + 2):
        for markdown in (
            ">" * depth + " word",
            "".join("  " * n + "- x\n" for n in range(depth)) + "  " * depth + "word",
        ):
            try:
                assert "word" in rendering.render(markdown)
            except Refused:
                assert depth >= limits.MARKDOWN_NESTING / 2


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "![",
        "[[a]",
        "[a\n",
        "*_",
        "**x*_y`",
        "`a",
        "<a ",
        "<!--",
        "&a",
        "# a\n",
        "* a\n",
        "a\n=\n",
        ">a\nb\n",
    ],
)
def test_hostile_text_has_an_answer_that_stays_clean(piece: str, long: bool) -> None:
    hostile = piece * ((100_000 if long else 10_000) // len(piece))
    html = rendering.render(hostile)
    assert sanitize.story_html(html) == html


@pytest.mark.parametrize("piece", ["[", "[[a]", "*_", "`a", "# a\n", "* a\n"])
def test_work_grows_with_length_and_not_with_its_square(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Counter[int]()
    inline = rendering._MARKDOWN.inline
    skip = inline.skipToken
    monkeypatch.setattr(inline, "skipToken", lambda state: (steps.update([len(text)]), skip(state))[1])
    for length in (2_000, 4_000):
        text = piece * (length // len(piece))
        rendering.render(text)
        steps[len(text)] += 1
    assert steps[4_000] <= 2.5 * steps[2_000]


# --- Excerpts -----------------------------------------------------------------------------------


def test_what_fits_is_left_whole() -> None:
    html = '<p>"ä"</p>'
    assert rendering.excerpt(html, size(html), LINK) == html


def test_a_longer_story_ends_at_a_blocks_end_with_the_link() -> None:
    blocks = ["<p>one</p>", "\n<ul>\n<li>two</li>\n<li>three</li>\n</ul>", "\n<p>four</p>"]
    html = "".join(blocks)
    assert rendering.excerpt(html, size(html) - 1, "x") == blocks[0] + blocks[1] + "x"
    assert rendering.excerpt(html, size(blocks[0] + blocks[1]), "x") == blocks[0] + "x"
    assert rendering.excerpt(html, 5, "x") == "x"


def test_an_excerpt_does_not_end_on_a_heading() -> None:
    html = "<p>one</p>\n<h2>Two</h2>\n<h3>Three</h3>\n<p>" + "four " * 100 + "</p>"
    assert rendering.excerpt(html, 100, "x") == "<p>one</p>x"


def test_every_excerpt_fits_and_is_well_nested() -> None:
    html = rendering.render('## "Ä" \\\\ \n\n' + 'Say "ä€😀\\\\".\n\n> - quoted\n\n' * 30)
    for most in range(size(LINK), size(html) + 2, 7):
        cut = rendering.excerpt(html, most, LINK)
        assert size(cut) <= most
        assert cut == html or cut.endswith(LINK)
        assert html.startswith(cut.removesuffix(LINK))
        sanitize.story_html(cut)


def test_a_size_that_holds_not_even_the_link_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="too few"):
        rendering.excerpt("<p>one</p>" * 9, size(LINK) - 1, LINK)


# --- Words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>One two</p><p>three</p>", 3),
        ("<p>It’s a well-known 10&nbsp;000 &amp; more</p>", 6),
        ('<img alt="not these words" src="https://x.example">', 0),
        ("", 0),
    ],
)
def test_words_are_what_a_reader_sees(html: str, words: int) -> None:
    assert rendering.word_count(html) == words


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (238, 1), (500, 2), (2380, 10)])
def test_reading_takes_whole_minutes(words: int, minutes: int) -> None:
    assert rendering.reading_minutes(words) == minutes
