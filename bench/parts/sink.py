"""Five hundred inbox hosts in one process: every loopback address takes any POST with 202.

``python -m bench.parts.sink PORT HOSTS [FOLDER]``; with FOLDER it speaks TLS by the certificates there.
"""

import asyncio
import ssl
import sys
from pathlib import Path

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


def addresses(hosts: int) -> list[str]:
    return [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(hosts)]


class Inbox(asyncio.Protocol):
    """Reads POSTs by their Content-Length and answers each."""

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, separator, rest = self.buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            at = head.lower().index(b"content-length:") + 15
            length = int(head[at:].split(b"\r\n", 1)[0])
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(ANSWER)


async def serve(port: int, hosts: int, folder: Path | None) -> None:
    loop = asyncio.get_running_loop()
    for address in addresses(hosts):
        context = None
        if folder is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / f"{address}.pem")
        await loop.create_server(Inbox, address, port, ssl=context)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    place = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), place))
