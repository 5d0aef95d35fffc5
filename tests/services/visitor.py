"""Somebody's browser, as far as a form goes: cookies, forms with their hidden fields, redirects by hand."""

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import CookieJar
from typing import Any

from tests.services.instance import PASSWORD, Instance

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are answers, not something to follow."""

    def redirect_request(self, *_: object) -> None:
        return None


@dataclass
class Visitor:
    """A browser at one newsroom."""

    newsroom: Instance
    jar: CookieJar = field(default_factory=CookieJar)

    def __post_init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _Stay())

    def sign_in(self, handle: str) -> "Visitor":
        fields = {"email": f"{handle}@example.org", "password": PASSWORD}
        status, _where = self.post("/sign-in", fields, token=False)
        assert status == 303, status
        return self

    def get(self, path: str) -> tuple[int, str]:
        status, _headers, text = self._ask(urllib.request.Request(self.newsroom.origin + path))
        return status, text

    def post(self, path: str, fields: dict[str, str], *, token: bool = True) -> tuple[int, str]:
        """Fill and send the form at ``path``; the status, and where it leads.

        An ``OSError`` says that no answer came.
        """
        if token:
            fields = fields | {"csrf_token": self.token(path)}
        request = urllib.request.Request(
            self.newsroom.origin + path,
            urllib.parse.urlencode(fields).encode(),
            {"Origin": self.newsroom.origin, "Sec-Fetch-Site": "same-origin"},
        )
        status, headers, _text = self._ask(request)
        return status, headers.get("Location", "").removeprefix(self.newsroom.origin)

    def token(self, path: str) -> str:
        """The hidden token of the form on a page."""
        status, text = self.get(path)
        found = TOKEN.search(text)
        assert found, f"{path}: {status}, and no form"
        return unescape(found[1])

    def draft(self, title: str) -> str:
        """Write a story in the studio and go on to its publication; the path of that page."""
        fields = {
            "title": title,
            "summary": f"{title}, in short.",
            "body": "It left at **midnight**.",
            "language": "en",
            "then": "publish",
        }
        status, where = self.post("/studio/new", fields)
        assert status == 303, status
        return where

    def _ask(self, request: urllib.request.Request) -> tuple[int, Any, str]:
        try:
            with self.opener.open(request, timeout=15) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()
