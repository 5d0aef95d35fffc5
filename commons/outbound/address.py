"""Which addresses we speak to: the form of a URL, and the IP address behind a name.

``ipaddress.is_global`` is not asked: it lets multicast, 6to4 and NAT64 forms of private
addresses pass. The table is explicit (IANA special-purpose registries, RFC 6890).
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import idna

from commons import limits
from commons.config import host_of, settings
from commons.outbound.unreachable import Unreachable

REFUSED_V4 = [
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
ALLOWED_V6 = ip_network("2000::/3")
REFUSED_V6 = [
    ip_network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]
# What ROSTRA_PRIVATE_PEERS opens. Link-local stays shut: cloud providers hand out secrets there.
PRIVATE = [
    ip_network(block)
    for block in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
]

REFUSED_SUFFIXES = (".local", ".internal", ".localhost", ".onion", ".i2p", ".home.arpa")
UNWELCOME = re.compile(r"[\x00-\x20\x7f\\]")
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
# A last label that some resolvers read as a number (WHATWG URL, "ends in a number").
NUMERIC = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
SAFE = "!#$%&'()*+,/:;=?@[]~"


def permitted(address: str, *, private: bool) -> bool:
    """Whether we may connect to this IP address; ``private`` adds loopback and private networks."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if private and any(ip in block for block in PRIVATE):
        return True
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in REFUSED_V4)
    return ip in ALLOWED_V6 and not ip.scope_id and not any(ip in block for block in REFUSED_V6)


def check_url(url: str, *, own_host: bool = False) -> str:
    """The one normal form of ``url``, or ``Unreachable`` (``scheme`` or ``address``).

    https on port 443 with a public host; with private peers any port and host, and http where
    our own origin is http. Host in lower-case ASCII (IDNA 2008, UTS 46) without a trailing dot, no
    default port, no user, a path, other characters percent-encoded. A fragment stays: it is
    part of an id, though it never travels. Our own host is refused, since it is served, not fetched;
    but ``own_host`` lets the doctor see us as others do.
    """
    config = settings()
    plain = config.private_peers and not config.https
    return _normal(url, private=config.private_peers, plain=plain, own="" if own_host else config.origin)


@lru_cache(maxsize=4096)
def _normal(url: str, *, private: bool, plain: bool, own: str) -> str:
    if len(url) > limits.URL_CHARS or UNWELCOME.search(url):
        raise Unreachable("scheme", "too long, or a character that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
        rest = [quote(part, SAFE) for part in (parts.path or "/", parts.query, parts.fragment)]
    except ValueError as error:
        raise Unreachable("scheme", "not an address") from error
    if parts.scheme != "https" and not (plain and parts.scheme == "http"):
        raise Unreachable("scheme", "only https")
    if "@" in parts.netloc:
        raise Unreachable("address", "a user in the address")
    host = _host(parts, private=private)
    if port == {"https": 443, "http": 80}[parts.scheme]:
        port = None
    if port is not None and not private:
        raise Unreachable("address", "only port 443")
    place = host if port is None else f"{host}:{port}"
    if place == host_of(own):
        raise Unreachable("address", "our own host")
    normal = urlunsplit((parts.scheme, place, *rest))
    if len(normal) > limits.URL_CHARS:
        raise Unreachable("scheme", "too long")
    return normal


def _host(parts: SplitResult, *, private: bool) -> str:
    """The host as it goes into the URL: a name, an IPv4 address or a bracketed IPv6 address."""
    name = _ascii(parts.hostname or "")
    if "[" in parts.netloc:
        return f"[{_literal(IPv6Address, name, private=private)}]"
    if NUMERIC.fullmatch(name):
        return _literal(IPv4Address, name, private=private)
    if not HOST.fullmatch(name):
        raise Unreachable("address", "not a host name")
    # A name that is private by its form; what a public name resolves to is checked when connecting.
    if not private and ("." not in name or name.endswith(REFUSED_SUFFIXES)):
        raise Unreachable("address", "a private name")
    return name


def _ascii(name: str) -> str:
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True, std3_rules=True).decode()
        except idna.IDNAError as error:
            raise Unreachable("address", "not a host name") from error
    return name.lower().removesuffix(".")


def _literal(version: type[IPv4Address] | type[IPv6Address], name: str, *, private: bool) -> str:
    """An IP address in its one canonical spelling; every other spelling of a number is refused."""
    try:
        address = str(version(name))
    except AddressValueError as error:
        raise Unreachable("address", "not the usual form of an IP address") from error
    if not permitted(address, private=private):
        raise Unreachable("address", "not a public IP address")
    return address
