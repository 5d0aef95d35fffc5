"""The door out against peers that lie, drip, loop, flood or point inwards."""

import gzip
import itertools
import resource
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pycurl
import pytest
import requests

from commons import limits
from commons.config import Config, use
from commons.outbound import (
    Answer,
    Budget,
    Unreachable,
    exchange,
    fetch,
    hang_up,
    permitted,
    prepare,
    transfer,
)
from tests.commons.peers import Authority, Peer, answering, http, listening, saying

ANYTHING = "*/*"
OK = http(body=b"fine", content_type="text/plain")
PUBLIC = "127.0.0.9"


@pytest.fixture(autouse=True)
def _no_connections_left() -> Iterator[None]:
    yield
    hang_up()


@pytest.fixture
def canary() -> Iterator[Peer]:
    """Where nobody may ever connect."""
    with listening(OK) as peer:
        yield peer


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


Dial = Callable[..., None]


@pytest.fixture
def dial(monkeypatch: pytest.MonkeyPatch) -> Dial:
    """``dial("news.example", peer, …)``: on port 443 of that name are these peers, as its DNS would say."""
    places: dict[str, tuple[str, str]] = {}
    load = transfer.Transfer.load

    def load_and_dial(self: transfer.Transfer, request: requests.PreparedRequest) -> None:
        load(self, request)
        self.curl.setopt(pycurl.CONNECT_TO, [detour for detour, _ in places.values()])
        self.curl.setopt(pycurl.RESOLVE, [answer for _, answer in places.values()])

    def add(name: str, peer: Peer, *addresses: str) -> None:
        # CONNECT_TO only moves the port; the name is still resolved, checked and verified.
        found = ",".join(addresses or [peer.host])
        places[name] = (f"{name}:443:{name}:{peer.port}", f"{name}:{peer.port}:{found}")

    monkeypatch.setattr(transfer.Transfer, "load", load_and_dial)
    return add


@pytest.fixture
def production(settings: Config, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings as on a real server, in a world where 127.0.0.9 is the only public address."""
    use(replace(settings, origin="https://ours.example", private_peers=False, ca_file=str(authority.file)))

    def also(address: str, *, private: bool) -> bool:
        return address == PUBLIC or permitted(address, private=private)

    monkeypatch.setattr(transfer, "permitted", also)


def refusal(url: str, **options: object) -> str:
    with pytest.raises(Unreachable) as caught:
        fetch(url, accept=ANYTHING, **options)  # type: ignore[arg-type]
    return caught.value.kind


# --- What a good peer gives ------------------------------------------------------------


def test_an_answer_has_status_final_address_headers_and_body(settings: Config) -> None:
    answer = http(
        404, b"gone", Content_Type='Application/LD+JSON; profile="https://a/b"; charset=utf-8', X="1"
    )
    with listening(answer) as peer:
        found = fetch(peer.url("/a?b=c#d"), accept="application/activity+json")
    assert (found.status, found.url, found.body) == (404, peer.url("/a?b=c"), b"gone")
    assert found.headers["x"] == "1"
    assert found.content_type == ("application/ld+json", {"profile": "https://a/b", "charset": "utf-8"})


def test_no_content_type_is_an_empty_one() -> None:
    assert Answer(200, "", {}, b"").content_type == ("", {})


def test_the_request_is_exactly_what_was_prepared(settings: Config) -> None:
    with listening(OK) as peer:
        fetch(peer.url("/a/../b/%2E%2e/ü?q=[1]&r=%7e"), accept="application/activity+json")
    assert peer.requests == [
        (
            "GET /a/../b/%2E%2e/%C3%BC?q=[1]&r=%7e HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{peer.port}\r\n"
            "Accept: application/activity+json\r\n"
            "User-Agent: Rostra/0.1 (+http://127.0.0.1:8000)\r\n"
            "Accept-Encoding: identity\r\n\r\n"
        ).encode()
    ]


def test_what_a_signer_sees_is_what_the_peer_gets(settings: Config) -> None:
    seen: list[tuple[str | None, str]] = []

    def sign(request: requests.PreparedRequest) -> None:
        seen.append((request.method, request.path_url))
        request.headers["Signature"] = "s"

    with listening(OK) as peer:
        fetch(peer.url("/ä/../x?y=ö"), accept=ANYTHING, sign=sign)
    assert seen == [("GET", "/%C3%A4/../x?y=%C3%B6")]
    assert peer.requests[0].startswith(b"GET /%C3%A4/../x?y=%C3%B6 HTTP/1.1\r\n")
    assert b"\r\nSignature: s\r\n" in peer.requests[0]


def test_a_header_cannot_smuggle_another(settings: Config) -> None:
    with listening(OK) as peer:
        request = prepare("GET", peer.url(), {"Accept": "a\r\nX-Evil: 1"})
        with pytest.raises(ValueError, match="line break"):
            exchange(request, cap=10, seconds=5)
    assert peer.connections == 0


def test_connections_are_kept_alive(settings: Config) -> None:
    with listening(OK) as peer:
        for _ in range(3):
            fetch(peer.url(), accept=ANYTHING)
    assert (peer.connections, len(peer.requests)) == (1, 3)


def test_a_post_carries_its_body_and_follows_nothing(settings: Config) -> None:
    with listening(http(302, location="/elsewhere")) as peer:
        request = prepare("POST", peer.url("/inbox"), {"Content-Type": "application/activity+json"}, b"{}")
        answer = exchange(request, cap=10, seconds=5)
    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    (asked,) = peer.requests
    assert asked.startswith(b"POST /inbox HTTP/1.1\r\n")
    assert b"Content-Length: 2\r\n" in asked
    assert asked.endswith(b"\r\n\r\n{}")


def test_of_interim_answers_and_trailers_only_the_final_head_counts(settings: Config) -> None:
    answer = (
        b"HTTP/1.1 103 Early Hints\r\nX: early\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nX: first\r\nX: last\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\nX: trailer\r\nContent-Type: text/html\r\n\r\n"
    )
    with listening(answer) as peer:
        found = fetch(peer.url(), accept=ANYTHING)
    assert (found.status, found.body, found.headers["x"]) == (200, b"hi", "last")
    assert "link" not in found.headers
    assert "content-type" not in found.headers


def test_encoded_answers_are_decoded(settings: Config) -> None:
    with listening(http(body=gzip.compress(b"hello"), content_encoding="gzip")) as peer:
        assert fetch(peer.url(), accept=ANYTHING).body == b"hello"


# --- Inward addresses --------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "127.1", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]", "localhost"],
)
def test_no_spelling_of_loopback_is_connected_to(
    production: None, canary: Peer, dial: Dial, host: str
) -> None:
    dial(host, canary, "127.0.0.1")
    assert refusal(f"https://{host}/") == "address"
    assert canary.connections == 0


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:{port}/", "https://localhost:{port}/", "https://2130706433:{port}/"]
)
def test_the_socket_itself_is_refused_even_where_the_address_was_not_checked(
    production: None, canary: Peer, url: str
) -> None:
    request = prepare("GET", "https://news.example/", {})
    request.url = url.format(port=canary.port)
    with pytest.raises(Unreachable) as caught:
        exchange(request, cap=100, seconds=5)
    assert caught.value.kind == "address"
    assert canary.connections == 0


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"]
)
def test_a_name_that_resolves_inwards_is_not_connected_to(
    production: None, canary: Peer, dial: Dial, address: str
) -> None:
    dial("news.example", canary, address)
    assert refusal("https://news.example/") == "address"
    assert canary.connections == 0


def test_a_public_address_after_a_private_one_does_not_help(
    production: None, authority: Authority, dial: Dial
) -> None:
    with listening(OK, host=PUBLIC, tls=authority.server("news.example")) as peer:
        dial("news.example", peer, "127.0.0.1", PUBLIC)
        assert refusal("https://news.example/") == "address"
    assert peer.connections == 0


def test_a_private_address_is_not_tried_after_a_dead_public_one(
    production: None, canary: Peer, dial: Dial
) -> None:
    dial("news.example", canary, PUBLIC, "127.0.0.1")
    assert refusal("https://news.example/") == "address"
    assert canary.connections == 0


def test_only_the_first_few_addresses_are_tried(settings: Config, canary: Peer, dial: Dial) -> None:
    dead = [f"127.0.1.{number}" for number in range(1, limits.ADDRESSES_TRIED + 1)]
    dial("news.example", canary, *dead, "127.0.0.1")
    assert refusal("https://news.example/") == "connect"
    assert canary.connections == 0


def test_a_connection_made_under_other_settings_is_not_used_again(settings: Config, canary: Peer) -> None:
    fetch(canary.url(), accept=ANYTHING)
    use(replace(settings, private_peers=False))
    request = prepare("GET", "https://news.example/", {})
    request.url = canary.url()
    with pytest.raises(Unreachable):
        exchange(request, cap=100, seconds=5)
    assert len(canary.requests) == 1


def test_a_name_without_address_is_said_to_be_so(settings: Config) -> None:
    assert refusal("https://does-not-exist.invalid/") == "dns"


def test_nobody_listening_is_said_to_be_so(settings: Config) -> None:
    with listening(OK) as peer:
        pass
    assert refusal(peer.url()) == "connect"


def test_proxies_of_the_environment_are_not_used(
    settings: Config, canary: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, canary.url())
    monkeypatch.setenv("no_proxy", "")
    with listening(OK, host="127.0.0.2") as peer:
        assert fetch(peer.url(), accept=ANYTHING).status == 200
    assert canary.connections == 0


def test_passwords_of_a_netrc_file_are_not_sent(
    settings: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text(
        "machine 127.0.0.1 login me password secret\ndefault login me password secret\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with listening(OK) as peer:
        fetch(peer.url(), accept=ANYTHING)
    assert b"authorization" not in peer.requests[0].lower()


# --- Redirects ---------------------------------------------------------------------------


def redirecting(path_to: dict[bytes, str]) -> Callable[[bytes], bytes]:
    def answer(asked: bytes) -> bytes:
        path = asked.split(b" ")[1]
        return http(302, location=path_to[path], set_cookie="a=b") if path in path_to else OK

    return answer


def test_two_redirects_are_followed_each_hop_signed_anew(settings: Config) -> None:
    signed: list[str] = []

    def sign(request: requests.PreparedRequest) -> None:
        assert "Signature" not in request.headers
        signed.append(str(request.headers["Host"]) + request.path_url)
        request.headers["Signature"] = str(len(signed))

    with listening(OK, host="127.0.0.2") as last:
        hops = redirecting({b"/1": "2?x=ü", b"/2?x=%C3%BC": last.url("/3")})
        with listening(answering(hops)) as first:
            budget = Budget(3)
            answer = fetch(first.url("/1"), accept=ANYTHING, sign=sign, budget=budget)
    assert (answer.url, answer.body, budget.left) == (last.url("/3"), b"fine", 0)
    here, there = f"127.0.0.1:{first.port}", f"127.0.0.2:{last.port}"
    assert signed == [f"{here}/1", f"{here}/2?x=%C3%BC", f"{there}/3"]
    (final,) = last.requests
    assert b"\r\nSignature: 3\r\n" in final
    assert b"cookie" not in final.lower()


def test_a_third_redirect_is_refused(settings: Config) -> None:
    with listening(answering(redirecting({b"/1": "/2", b"/2": "/3", b"/3": "/4"}))) as peer:
        assert refusal(peer.url("/1")) == "redirect"
    assert len(peer.requests) == 3


@pytest.mark.parametrize("back", ["/1", "", "#again", "/1#again", "HTTP://127.0.0.1.:{port}/1"])
def test_a_redirect_to_where_one_was_is_refused(settings: Config, back: str) -> None:
    def answer(_asked: bytes) -> bytes:
        return http(301, location=back.format(port=peer.port))

    with listening(answering(answer)) as peer:
        assert refusal(peer.url("/1")) == "redirect"
    assert len(peer.requests) == 1


def test_a_circle_of_two_is_refused(settings: Config) -> None:
    with listening(answering(redirecting({b"/1": "/2", b"/2": "/1"}))) as peer:
        assert refusal(peer.url("/1")) == "redirect"
    assert len(peer.requests) == 2


INWARD = [
    ("https://127.0.0.1/", "address"),
    ("https://2130706433/", "address"),
    ("https://0177.0.0.1/", "address"),
    ("https://127.1/", "address"),
    ("https://0x7f.1/", "address"),
    ("https://0/", "address"),
    ("https://[::1]/", "address"),
    ("https://[::ffff:7f00:1]/", "address"),
    ("https://[64:ff9b::7f00:1]/", "address"),
    ("https://localhost./", "address"),
    ("https://①②⑦.⓪.⓪.①/", "address"),
    ("https://a@127.0.0.1/", "address"),
    ("https://h\\@127.0.0.1/", "scheme"),
    ("https://169.254.169.254/latest/meta-data/", "address"),
    ("https://inward.example/", "address"),
    ("https://ours.example/actor", "address"),
    ("https://news.example:8443/", "address"),
    ("//127.0.0.1/", "address"),
    ("//inward.example/", "address"),
    ("http://news.example/", "redirect"),
    ("http://127.0.0.1/", "redirect"),
    ("file:///etc/passwd", "redirect"),
    ("data:application/activity+json,{}", "redirect"),
    ("gopher://127.0.0.1/", "redirect"),
    ("javascript:alert(1)", "redirect"),
    ("https://[::1/", "redirect"),
    ("https://", "redirect"),
]


@pytest.mark.parametrize(("location", "kind"), INWARD)
def test_a_redirect_inwards_or_away_from_https_is_refused(
    production: None, authority: Authority, canary: Peer, dial: Dial, location: str, kind: str
) -> None:
    play = answering(http(302, location=location))
    with listening(play, host=PUBLIC, tls=authority.server("news.example")) as peer:
        dial("news.example", peer)
        dial("inward.example", canary)
        assert refusal("https://news.example/") == kind
    assert (len(peer.requests), canary.connections) == (1, 0)


def test_a_redirect_without_location_and_other_3xx_are_answers(settings: Config) -> None:
    for head in (http(302), http(304, location="/x"), http(300, location="/x")):
        with listening(head) as peer:
            assert fetch(peer.url(), accept=ANYTHING).status in (300, 302, 304)
        assert len(peer.requests) == 1


def test_a_signer_that_refuses_a_host_ends_the_fetch(settings: Config) -> None:
    def sign(request: requests.PreparedRequest) -> None:
        if request.path_url == "/blocked":
            raise PermissionError

    with listening(answering(redirecting({b"/1": "/blocked"}))) as peer, pytest.raises(PermissionError):
        fetch(peer.url("/1"), accept=ANYTHING, sign=sign)
    assert len(peer.requests) == 1


def test_without_budget_nothing_is_asked(settings: Config) -> None:
    budget = Budget(1)
    with listening(OK) as peer:
        fetch(peer.url(), accept=ANYTHING, budget=budget)
        assert refusal(peer.url(), budget=budget) == "budget"
    assert len(peer.requests) == 1


def test_redirects_use_up_the_budget(settings: Config) -> None:
    with listening(answering(redirecting({b"/1": "/2"}))) as peer:
        assert refusal(peer.url("/1"), budget=Budget(1)) == "budget"
    assert len(peer.requests) == 1


# --- Time and size -----------------------------------------------------------------------


def dripping(piece: bytes) -> Iterator[bytes]:
    while True:
        time.sleep(0.02)
        yield piece


def slowly_heading() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX: "
    yield from dripping(b"x")


def slowly_embodied() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    yield from dripping(b"x")


def slowly_interim() -> Iterator[bytes]:
    yield from dripping(b"HTTP/1.1 102 Processing\r\n\r\n")


def slowly_chunked() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from dripping(b"1\r\nx\r\n")


def silent() -> Iterator[bytes]:
    time.sleep(30)
    yield b""


@pytest.mark.parametrize("parts", [slowly_heading, slowly_embodied, slowly_interim, slowly_chunked, silent])
def test_a_peer_that_drips_or_hangs_is_left_at_the_deadline(
    settings: Config, parts: Callable[[], Iterator[bytes]]
) -> None:
    with listening(saying(parts)) as peer:
        began = time.monotonic()
        assert refusal(peer.url(), seconds=0.4) == "timeout"
        assert time.monotonic() - began < 5


def test_a_peer_that_never_finishes_the_tls_handshake_is_left_at_the_deadline(settings: Config) -> None:
    with listening(saying(silent)) as peer:
        began = time.monotonic()
        assert refusal(peer.url().replace("http:", "https:"), seconds=0.4) == "timeout"
        assert time.monotonic() - began < 5


def test_connecting_has_a_shorter_deadline(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECT_SECONDS", 0.3)
    with listening(saying(silent)) as peer:
        began = time.monotonic()
        assert refusal(peer.url().replace("http:", "https:"), seconds=25) == "timeout"
        assert time.monotonic() - began < 10


def test_one_deadline_covers_all_redirects(settings: Config) -> None:
    def answer(asked: bytes) -> bytes:
        time.sleep(0.3)
        return redirecting({b"/1": "/2", b"/2": "/3"})(asked)

    with listening(answering(answer)) as peer:
        assert refusal(peer.url("/1"), seconds=0.5) == "timeout"
    assert len(peer.requests) == 2


def test_no_time_left_is_a_timeout(settings: Config, canary: Peer) -> None:
    assert refusal(canary.url(), seconds=0) == "timeout"
    assert canary.connections == 0


def test_a_body_of_exactly_the_cap_passes_and_one_byte_more_does_not(settings: Config) -> None:
    with listening(http(body=b"x" * 1000)) as peer:
        assert len(fetch(peer.url(), accept=ANYTHING, cap=1000).body) == 1000
        assert refusal(peer.url(), cap=999) == "too_large"


def endless_chunks() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from itertools.repeat(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def endless_without_length() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    yield from itertools.repeat(b"x" * 4096)


@pytest.mark.parametrize("parts", [endless_chunks, endless_without_length])
def test_a_body_without_end_is_cut_off_at_the_cap(
    settings: Config, parts: Callable[[], Iterator[bytes]]
) -> None:
    with listening(saying(parts)) as peer:
        assert refusal(peer.url(), cap=100_000) == "too_large"


def test_a_declared_length_over_the_cap_is_refused_before_the_body(settings: Config) -> None:
    def parts() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n"
        yield from silent()

    with listening(saying(parts)) as peer:
        assert refusal(peer.url()) == "too_large"


def zeros(megabytes: int, format: int) -> bytes:
    squeeze = zlib.compressobj(1, zlib.DEFLATED, format)
    chunk = bytes(1024 * 1024)
    return b"".join(squeeze.compress(chunk) for _ in range(megabytes)) + squeeze.flush()


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", lambda: zeros(200, 31)),
        ("deflate", lambda: zeros(200, 15)),
        ("gzip, gzip", lambda: gzip.compress(zeros(200, 31))),
    ],
    ids=["gzip", "deflate", "nested"],
)
def test_a_compression_bomb_stops_at_the_cap_of_what_it_unpacks_to(
    settings: Config, encoding: str, bomb: Callable[[], bytes]
) -> None:
    body = bomb()
    assert len(body) < limits.DOCUMENT_BODY
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with listening(http(body=body, content_encoding=encoding)) as peer:
        assert refusal(peer.url()) == "too_large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024, "KiB of memory"


def many_headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    yield from itertools.repeat(b"X: " + b"x" * 1000 + b"\r\n")


def one_long_header() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200 * 1024 + b"\r\nContent-Length: 0\r\n\r\n"


def interim_flood() -> Iterator[bytes]:
    yield from itertools.repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")


def trailer_flood() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    yield from itertools.repeat(b"X: " + b"x" * 1000 + b"\r\n")


@pytest.mark.parametrize("parts", [many_headers, one_long_header, interim_flood, trailer_flood])
def test_headers_over_their_cap_are_refused(settings: Config, parts: Callable[[], Iterator[bytes]]) -> None:
    with listening(saying(parts)) as peer:
        assert refusal(peer.url()) == "headers"


BROKEN = {
    "a body shorter than it says": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    "a chunked body that breaks off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a head that breaks off": b"HTTP/1.1 200 OK\r\nX:",
    "nothing": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.9\r\n",
    "HTTP/0.9": b"<html>hello</html>",
    "a broken gzip body": http(body=b"not gzip at all", content_encoding="gzip"),
    "an unknown encoding": http(body=b"x", content_encoding="zip"),
    "too many encodings": http(body=b"x", content_encoding=", ".join(["gzip"] * 20)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_is_not_whole_and_proper_http_is_no_answer(settings: Config, name: str) -> None:
    with listening(saying(lambda: [BROKEN[name]])) as peer:
        assert refusal(peer.url(), seconds=5) == "network"


def test_the_door_works_at_once_after_each_misbehaviour(settings: Config) -> None:
    with listening(OK) as good:
        for parts in (endless_chunks, many_headers, slowly_heading, interim_flood):
            with listening(saying(parts)) as bad, pytest.raises(Unreachable):
                fetch(bad.url(), accept=ANYTHING, seconds=0.5)
            assert fetch(good.url(), accept=ANYTHING).body == b"fine"


# --- TLS ---------------------------------------------------------------------------------


def tls_refusal(dial: Dial, context: ssl.SSLContext) -> str:
    with listening(OK, host=PUBLIC, tls=context) as peer:
        dial("news.example", peer)
        kind = refusal("https://news.example/")
    assert peer.requests == []
    return kind


def test_a_certificate_of_a_known_authority_for_the_name_is_accepted(
    production: None, authority: Authority, dial: Dial
) -> None:
    with listening(OK, host=PUBLIC, tls=authority.server("news.example")) as peer:
        dial("news.example", peer)
        assert fetch("https://News.Example./", accept=ANYTHING).body == b"fine"
    assert b"\r\nHost: news.example\r\n" in peer.requests[0]


def test_a_certificate_for_another_name_is_refused(
    production: None, authority: Authority, dial: Dial
) -> None:
    assert tls_refusal(dial, authority.server("other.example")) == "tls"


def test_a_certificate_for_the_ip_address_only_is_refused(
    production: None, authority: Authority, dial: Dial
) -> None:
    assert tls_refusal(dial, authority.server(PUBLIC)) == "tls"


def test_an_expired_certificate_is_refused(production: None, authority: Authority, dial: Dial) -> None:
    assert tls_refusal(dial, authority.server("news.example", days=-1)) == "tls"


def test_a_certificate_of_an_unknown_authority_is_refused(
    production: None, dial: Dial, tmp_path: Path
) -> None:
    assert tls_refusal(dial, Authority(tmp_path).server("news.example")) == "tls"


def test_without_a_ca_file_the_usual_authorities_are_trusted_and_ours_is_not(
    settings: Config, production: None, authority: Authority, dial: Dial
) -> None:
    use(replace(settings, origin="https://ours.example", private_peers=False))
    assert tls_refusal(dial, authority.server("news.example")) == "tls"


def test_private_peers_over_https_are_verified_too(settings: Config, authority: Authority) -> None:
    with listening(OK, tls=authority.server("127.0.0.1")) as peer:
        assert refusal(peer.url()) == "tls"
        use(replace(settings, ca_file=str(authority.file)))
        assert fetch(peer.url(), accept=ANYTHING).body == b"fine"


def test_tls_before_1_2_is_refused(production: None, authority: Authority, dial: Dial) -> None:
    context = authority.server("news.example")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert tls_refusal(dial, context) == "tls"
