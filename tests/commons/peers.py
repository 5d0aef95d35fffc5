"""Small servers on loopback that answer however a test wants, however badly."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Play = Callable[["Connection"], None]


class Connection:
    """One connection that a client opened, over TLS or not."""

    def __init__(self, plug: socket.socket, requests: list[bytes]) -> None:
        self._plug = plug
        self._requests = requests
        self._rest = b""

    def request(self) -> bytes:
        """The next request, head and body; empty when the client has gone."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return b""
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(self._rest) < length:
            if not self._more():
                return b""
        body, self._rest = self._rest[:length], self._rest[length:]
        self._requests.append(head + b"\r\n\r\n" + body)
        return self._requests[-1]

    def say(self, part: bytes) -> None:
        self._plug.sendall(part)

    def _more(self) -> bool:
        chunk = self._plug.recv(65536)
        self._rest += chunk
        return bool(chunk)


class Peer:
    """A listener that hands each connection to ``play`` and remembers what it was asked."""

    def __init__(self, play: Play, host: str, tls: ssl.SSLContext | None) -> None:
        self.host = host
        self.connections = 0
        self.requests: list[bytes] = []
        self._play = play
        self._tls = tls
        self._plugs: list[socket.socket] = []
        self._ear = socket.create_server((host, 0), backlog=200)
        self.port: int = self._ear.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}{path}"

    def close(self) -> None:
        # shutdown() wakes accept() and recv(); close() alone would leave the threads waiting.
        for plug in [self._ear, *self._plugs]:
            with suppress(OSError):
                plug.shutdown(socket.SHUT_RDWR)
            plug.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                plug, _ = self._ear.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(plug,), daemon=True).start()

    def _serve(self, plug: socket.socket) -> None:
        # The client hanging up in the middle is what most of these plays are about.
        with suppress(OSError):
            if self._tls:
                plug = self._tls.wrap_socket(plug, server_side=True)
            self._plugs.append(plug)
            self._play(Connection(plug, self.requests))
        plug.close()


@contextmanager
def listening(
    play: Play | bytes, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Peer]:
    """A running ``Peer``; bytes are its answer to everything."""
    peer = Peer(play if callable(play) else answering(play), host, tls)
    try:
        yield peer
    finally:
        peer.close()


def answering(answer: bytes | Callable[[bytes], bytes]) -> Play:
    """Give every request on a connection the same raw answer, or the one made from it."""

    def play(connection: Connection) -> None:
        while asked := connection.request():
            connection.say(answer(asked) if callable(answer) else answer)

    return play


def saying(parts: Callable[[], Iterable[bytes]]) -> Play:
    """Answer the first request piece by piece, then hang up."""

    def play(connection: Connection) -> None:
        connection.request()
        for part in parts():
            connection.say(part)

    return play


def http(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """A well-formed answer; ``content_type="…"`` becomes ``content-type``."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Authority:
    """A certificate authority of our own. ``file`` is what trusts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, folder.name)])
        certificate = self._sign(self._name, self._key.public_key(), names=(), days=2)
        self.file = folder / "ca.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, *names: str, days: int = 2) -> ssl.SSLContext:
        """TLS for a server that is all of ``names``, until ``days`` from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._sign(subject, key.public_key(), names, days)
        file = self._folder / "server.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, names: tuple[str, ...], days: int
    ) -> x509.Certificate:
        today = datetime.datetime.fromtimestamp(self._folder.stat().st_mtime, datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=5))
            .not_valid_after(today + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        )
        if names:
            alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
