"""What goes out and what comes back: the prepared request, the answer, and why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import requests
from requests.structures import CaseInsensitiveDict
from werkzeug.http import parse_options_header

from commons.config import settings
from commons.outbound.address import check_url

Method = Literal["GET", "POST"]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer of any status. ``url`` is the last one asked, ``body`` is decoded.

    Header names are lower case; of a repeated header the last counts.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> tuple[str, Mapping[str, str]]:
        """``("application/ld+json", {"profile": "…"})``: the media type in lower case, its parameters."""
        media, parameters = parse_options_header(self.headers.get("content-type", ""))
        return media.strip().lower(), parameters


def prepare(
    method: Method, url: str, headers: Mapping[str, str], body: bytes = b"", *, own_host: bool = False
) -> requests.PreparedRequest:
    """The request as it will leave, for a signer to complete. Raises ``Unreachable`` for a bad address.

    ``requests`` would parse the address a second time, its own way; here what is
    signed, checked and sent is the same text.
    """
    request = requests.PreparedRequest()
    request.method = method
    request.url = check_url(url, own_host=own_host).partition("#")[0]
    request.headers = CaseInsensitiveDict(headers)
    request.headers["Host"] = request.url.split("/", 3)[2]
    request.headers["User-Agent"] = f"Rostra/0.1 (+{settings().origin})"
    request.headers["Accept-Encoding"] = "identity"
    request.body = body if method == "POST" else None
    return request
