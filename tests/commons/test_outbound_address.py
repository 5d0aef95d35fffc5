"""Which addresses the door out speaks to."""

from dataclasses import replace

import pytest

from commons.config import Config, use
from commons.outbound import Unreachable, check_url, permitted


@pytest.fixture
def public(settings: Config) -> None:
    use(replace(settings, origin="https://ours.example", private_peers=False))


SPECIAL = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "1fff::1",
    "2001::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "",
    "localhost",
    "127.1",
    "2130706433",
]


@pytest.mark.parametrize("address", SPECIAL)
def test_no_special_address_is_permitted(address: str) -> None:
    assert not permitted(address, private=False)


NEIGHBOURS = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "3ffe::1",
]


@pytest.mark.parametrize("address", NEIGHBOURS)
def test_public_addresses_beside_the_special_ones_are_permitted(address: str) -> None:
    assert permitted(address, private=False)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.0.1", "::1", "fd00::1"]
)
def test_private_peers_open_loopback_and_private_networks(address: str) -> None:
    assert permitted(address, private=True)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "0.0.0.0",
        "::",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1",
        "224.0.0.1",
        "100.64.0.1",
    ],
)
def test_private_peers_open_nothing_else(address: str) -> None:
    assert not permitted(address, private=True)


HOSTS = [
    "2130706433",
    "0",
    "017700000001",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1",
    "127.0.0.1.",
    "127.0.0.01",
    "127.0.0.0x1",
    "127.0.0.1.0x",
    "1.2.3.4.5",
    "256.1.1.1",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "news.example.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "１２７.0.0.1",
    "[::1]",
    "[::]",
    "[::ffff:7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fd00::1]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "a.localhost",
    "printer.local",
    "printer.LOCAL.",
    "db.internal",
    "router.home.arpa",
    "abcdef.onion",
    "abcdef.i2p",
    "intranet",
    "com",
    "a..example",
    ".example",
    "news.example..",
    "ex%61mple.org",
    "exa<mple.org",
    "exa'mple.org",
    "exa,mple.org",
    "*.example",
    "a" * 64 + ".example",
    ("a" * 60 + ".") * 5 + "example",
    "\u0300a.example",
    "user@news.example",
    "user:secret@news.example",
    "a@127.0.0.1",
    "news.example@127.0.0.1",
    "@news.example",
    "ours.example",
    "OURS.example.",
    "ours.example:443",
    "news.example:8443",
    "news.example:80",
    "news.example:22",
    "",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_not_a_public_name_or_address_is_refused(public: None, host: str) -> None:
    with pytest.raises(Unreachable) as refusal:
        check_url(f"https://{host}/actor")
    assert refusal.value.kind == "address"


MALFORMED = [
    "",
    "news.example",
    "//news.example/a",
    "/actor",
    "http://news.example/",
    "ftp://news.example/",
    "file:///etc/passwd",
    "gopher://news.example/",
    "data:text/plain,hi",
    "javascript:alert(1)",
    "https:/\\news.example",
    "https://news.example\\@127.0.0.1/",
    "https://h\\@127.0.0.1/",
    " https://news.example/",
    "https://news.example/a b",
    "https://news.example/\r\nHost: x",
    "https://news.example/\x00",
    "https://ne\tws.example/",
    "https://news.example/\x7f",
    "https://news.example:port/",
    "https://news.example:99999/",
    "https://news.example:-1/",
    "https://[::1/",
    "https://news.example/\ud800",
    "https://news.example/" + "a" * 2048,
    "https://news.example/" + "ü" * 400,
]


@pytest.mark.parametrize("url", MALFORMED)
def test_what_is_not_a_short_plain_https_address_is_refused(public: None, url: str) -> None:
    with pytest.raises(Unreachable) as refusal:
        check_url(url)
    assert refusal.value.kind == "scheme"


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///path",
        "https://?q",
        "https:news.example",
        "https://[news.example]/",
        "https://[fe80::1%25eth0]/",
        "https://[2606:4700::1%25eth0]/",
        "https://[::1]evil.example/",
        "https://[127.0.0.1]/",
        "https://[v1.x]/",
    ],
)
def test_a_host_that_is_missing_or_oddly_bracketed_is_refused(public: None, url: str) -> None:
    with pytest.raises(Unreachable):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://News.Example", "https://news.example/"),
        ("HTTPS://news.example./a", "https://news.example/a"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("https://news.example:/a", "https://news.example/a"),
        ("https://bücher.example/ü?ß=ö#ä", "https://xn--bcher-kva.example/%C3%BC?%C3%9F=%C3%B6#%C3%A4"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://news.example/users/a#main-key", "https://news.example/users/a#main-key"),
        ("https://news.example/a/../b/%2e%2e/?x=1&y=[2]", "https://news.example/a/../b/%2e%2e/?x=1&y=[2]"),
        ("https://news.example/@a/$1;b=(2)!*'", "https://news.example/@a/$1;b=(2)!*'"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700:4700:0::1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://my_host.example/", "https://my_host.example/"),
    ],
)
def test_a_good_address_has_one_form(public: None, url: str, normal: str) -> None:
    assert check_url(url) == normal
    assert check_url(normal) == normal


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("http://localhost:3000/a", "http://localhost:3000/a"),
        ("http://127.0.0.2:80/", "http://127.0.0.2/"),
        ("https://127.0.0.2:8443/", "https://127.0.0.2:8443/"),
        ("http://[::1]:3000/", "http://[::1]:3000/"),
        ("http://peer:3000/", "http://peer:3000/"),
    ],
)
def test_private_peers_may_have_any_name_and_port(settings: Config, url: str, normal: str) -> None:
    assert check_url(url) == normal


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://0.0.0.0:8000/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://[::ffff:7f00:1]/",
        "http://a@127.0.0.2/",
        "http://127.0.0.1:8000/own",
    ],
)
def test_private_peers_open_neither_odd_spellings_nor_ourselves(settings: Config, url: str) -> None:
    with pytest.raises(Unreachable) as refusal:
        check_url(url)
    assert refusal.value.kind == "address"


def test_private_peers_of_an_https_origin_are_not_asked_over_http(settings: Config) -> None:
    use(replace(settings, origin="https://127.0.0.1:8000"))
    with pytest.raises(Unreachable) as refusal:
        check_url("http://127.0.0.2/")
    assert refusal.value.kind == "scheme"
