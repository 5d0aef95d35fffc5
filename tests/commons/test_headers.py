"""What every answer tells browsers to refuse."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from commons import config, page_parts
from commons.config import Config
from commons.db import Database
from tests.commons import site

TEMPLATES = Path(__file__).parent.parent.parent / "templates"


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/nothing", "/broken", "/machine/refused", "/static/rostra.css"]
)
def test_every_answer_has_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_https_is_remembered_for_a_year(db: Database, settings: Config) -> None:
    config.use(replace(settings, origin="https://news.example", media_origin="https://media.example"))
    headers = site.build().test_client().get("/").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "img-src 'self' https://media.example;" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(("private", "allowed"), [(False, "'self' https:"), (True, "'self' https: http:")])
def test_only_a_page_with_the_follow_form_lets_forms_lead_elsewhere(
    db: Database, settings: Config, private: bool, allowed: str
) -> None:
    config.use(replace(settings, private_peers=private))
    client = site.build().test_client()
    assert f"form-action {allowed};" in client.get("/leads-away").headers["Content-Security-Policy"]
    assert "form-action 'self';" in client.get("/").headers["Content-Security-Policy"]


class _Inline(HTMLParser):
    """Collects code and style written into a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        data = str(named.get("type", "")).endswith("json")
        if tag == "style" or (tag == "script" and "src" not in named and not data):
            self.found.append(f"<{tag}>")
        self.found.extend(name for name in named if name == "style" or name.startswith("on"))
        self.found.extend(
            value for value in named.values() if (value or "").lstrip().startswith("javascript:")
        )


def inline_code(html: str) -> list[str]:
    parser = _Inline()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize(
    "bad", ["<p style=a>", "<a onclick=b>", "<script>1</script>", "<style>", "<a href='javascript:1'>"]
)
def test_the_search_for_inline_code_finds_it(bad: str) -> None:
    assert inline_code(bad)


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_no_template_has_inline_code_or_style(path: Path) -> None:
    assert inline_code(re.sub(r"\{#.*?#\}|\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)) == []


def test_the_style_sheet_is_small_and_loads_nothing_from_elsewhere() -> None:
    css = (page_parts.STATIC / "rostra.css").read_text()
    assert not re.search(r"url\(|@import|https?://", css)
