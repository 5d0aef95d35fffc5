"""One libcurl handle, set up so that no answer can hurt, and used again and again.

The address is judged in the call in which libcurl asks for a socket, on the very
sockaddr that it is about to connect to: a name that resolves differently a second later, a
redirect or an odd spelling all end there. Of several addresses each is judged when its turn
comes: a refused one ends the attempt, even if a public one would follow, and one behind a
public address that works is never looked at, nor connected to.
"""

import socket

import certifi
import pycurl
import requests

from commons import limits
from commons.config import Config
from commons.outbound.address import permitted
from commons.outbound.message import Answer
from commons.outbound.unreachable import Kind, Unreachable

# Two numbers of curl.h for which pycurl has no name. CURLE_TOO_LARGE: a header line over a fixed size.
# CURLOPT_QUICK_EXIT: closing does not wait for a name look-up that hangs.
TOO_LARGE = 100
QUICK_EXIT = 322

KINDS: dict[int, Kind] = {
    pycurl.E_COULDNT_RESOLVE_HOST: "dns",
    pycurl.E_COULDNT_CONNECT: "connect",
    pycurl.E_SSL_CONNECT_ERROR: "tls",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls",
    pycurl.E_SSL_CERTPROBLEM: "tls",
    pycurl.E_SSL_CIPHER: "tls",
    pycurl.E_SSL_CACERT_BADFILE: "tls",
    pycurl.E_SSL_ISSUER_ERROR: "tls",
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_FILESIZE_EXCEEDED: "too_large",
    TOO_LARGE: "headers",
}
REFUSE: int = pycurl.SOCKET_BAD


class Lent(socket.socket):
    """pycurl takes a duplicate of the descriptor; this one closes as soon as it has."""

    def __del__(self) -> None:
        self.close()


class Transfer:
    """A reusable easy handle and what its present answer has brought so far.

    With ``cut`` an answer's body over the cap is cut there instead of refused: for
    a delivery the status is what matters.
    """

    def __init__(self, config: Config, *, cut: bool = False) -> None:
        self.curl = pycurl.Curl()
        self._private = config.private_peers
        self._cut = cut
        self._cap = 0
        self._url = ""
        self._start_over()
        plain = pycurl.PROTO_HTTP if config.private_peers and not config.https else 0
        for option, value in {
            pycurl.PROTOCOLS: pycurl.PROTO_HTTPS | plain,
            pycurl.FOLLOWLOCATION: 0,
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            # libcurl would take a proxy from the environment, past every check of the address.
            pycurl.PROXY: "",
            pycurl.NETRC: 0,
            pycurl.NOSIGNAL: 1,
            QUICK_EXIT: 1,
            pycurl.DNS_CACHE_TIMEOUT: limits.DNS_SECONDS,
            pycurl.CONNECTTIMEOUT_MS: int(limits.CONNECT_SECONDS * 1000),
            pycurl.SSL_VERIFYPEER: 1,
            pycurl.SSL_VERIFYHOST: 2,
            pycurl.CAINFO: config.ca_file or certifi.where(),
            # Each request asks for identity; what comes encoded all the same is decoded, so that
            # the cap counts what would fill our memory.
            pycurl.ACCEPT_ENCODING: "",
            pycurl.OPENSOCKETFUNCTION: self._on_socket,
            pycurl.HEADERFUNCTION: self._on_header,
            pycurl.WRITEFUNCTION: self._on_body,
        }.items():
            self.curl.setopt(option, value)
        # With a folder beside the file libcurl reads the CA bundle again for each host (30 ms).
        self.curl.unsetopt(pycurl.CAPATH)

    def load(self, request: requests.PreparedRequest) -> None:
        """Make ready to send ``request``, of ``message.prepare``."""
        assert request.url is not None
        self._start_over()
        self._url = request.url
        lines = [f"{name}: {_text(value)}" for name, value in request.headers.items()]
        if any("\n" in line or "\r" in line for line in lines):
            raise ValueError("a line break in a header")
        if request.method == "POST":
            self.curl.setopt(pycurl.POSTFIELDS, request.body or b"")
        else:
            self.curl.setopt(pycurl.HTTPGET, 1)
        self.curl.setopt(pycurl.URL, request.url)
        # libcurl would resolve dots and write %2e as %2E: not what was signed.
        self.curl.setopt(pycurl.REQUEST_TARGET, request.path_url)
        self.curl.setopt(pycurl.HTTPHEADER, lines)

    def bound(self, cap: int, seconds: float) -> None:
        """At most ``cap`` bytes of decoded body, within ``seconds`` from name look-up to last byte."""
        self._cap = cap
        self.curl.setopt(pycurl.TIMEOUT_MS, max(1, int(seconds * 1000)))
        if not self._cut:
            self.curl.setopt(pycurl.MAXFILESIZE, cap)

    def outcome(self, code: int = 0, detail: str = "") -> Answer | Unreachable:
        """What came of it, given libcurl's error ``code`` (0: none) and words."""
        if code and not (self._cut and self._fault == "too_large"):
            return Unreachable(self._fault or KINDS.get(code, "network"), detail)
        headers = _headers(self._head)
        if headers is None:
            return Unreachable("network", "the head breaks off")
        return Answer(self.curl.getinfo(pycurl.RESPONSE_CODE), self._url, headers, b"".join(self._body))

    def close(self) -> None:
        self.curl.close()

    def _start_over(self) -> None:
        self._fault: Kind | None = None
        self._sockets = 0
        self._head: list[bytes] = []
        self._head_size = 0
        self._body: list[bytes] = []
        self._body_size = 0

    def _on_socket(
        self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]
    ) -> socket.socket | int:
        """Refuse, or open, the socket for the address that libcurl is about to connect to."""
        family, kind, protocol, where = address
        self._sockets += 1
        if self._fault or self._sockets > limits.ADDRESSES_TRIED:
            return REFUSE
        if family not in (socket.AF_INET, socket.AF_INET6) or not permitted(where[0], private=self._private):
            self._fault = "address"
            return REFUSE
        return Lent(family, kind, protocol)

    def _on_header(self, line: bytes) -> int:
        """Also called for interim answers and trailers: all of them count."""
        self._head_size += len(line)
        if self._head_size > limits.HEADER_BYTES:
            self._fault = "headers"
            return 0
        self._head.append(line)
        return len(line)

    def _on_body(self, chunk: bytes) -> int:
        room = self._cap - self._body_size
        if len(chunk) > room:
            self._fault = "too_large"
            self._body.append(chunk[:room])
            return 0
        self._body_size += len(chunk)
        self._body.append(chunk)
        return len(chunk)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")


def _headers(lines: list[bytes]) -> dict[str, str] | None:
    """The final answer's headers, None if its head has no end.

    Interim answers (1xx) before it and trailers after it do not count.
    """
    headers: dict[str, str] = {}
    interim, starting = False, True
    for line in lines:
        if starting:
            interim = line.partition(b" ")[2].startswith(b"1")
            headers, starting = {}, False
        elif line.strip():
            name, colon, value = line.decode("utf-8", "replace").partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
        elif not interim:
            return headers
        else:
            starting = True
    return None
