"""A relay to a server of this machine, which adds latency and counts requests.

python benchmarks/relay.py --to 127.0.0.1:7480 --latency-ms 30

Prints the port where it listens. Answers each line on standard input with the number of requests since the
last one.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import sys
import threading

REQUEST = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) /[^ \r\n]* HTTP/1\.1\r\n")
PIECE = 1 << 16


class Relay:
    """Every piece of bytes leaves half the latency after it came, in either direction."""

    def __init__(self, host: str, port: int, latency_s: float) -> None:
        self.host, self.port, self.half_s = host, port, latency_s / 2
        self.requests = 0
        self.tasks: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self.tasks.add(task)  # or else it is collected as garbage
        try:
            await self.connect(reader, writer)
        except OSError:
            writer.close()
        finally:
            self.tasks.discard(task)

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self.host, self.port)
        for one in (writer, there_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.sleep(2 * self.half_s)  # as long as it takes to shake hands
        there = self.carry(reader, there_writer, is_counted=True)
        await asyncio.gather(there, self.carry(there_reader, writer, is_counted=False))

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_counted: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        while piece := await reader.read(PIECE):
            self.requests += len(REQUEST.findall(piece)) if is_counted else 0
            loop.call_later(self.half_s, writer.write, piece) if self.half_s else writer.write(piece)
        loop.call_later(self.half_s, writer.close)


async def relay(to: str, latency_s: float) -> None:
    """Until standard input ends."""
    host, _, port = to.partition(":")
    carrying = Relay(host, int(port), latency_s)
    server = await asyncio.start_server(carrying.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    over = asyncio.get_running_loop().create_future()
    threading.Thread(target=answer, args=(carrying, over), daemon=True).start()
    await over


def answer(carrying: Relay, over: asyncio.Future[None]) -> None:
    """Tells the count, line by line."""
    for _ in sys.stdin:
        print(carrying.requests, flush=True)
        carrying.requests = 0
    over.get_loop().call_soon_threadsafe(over.set_result, None)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", required=True, metavar="HOST:PORT")
    parser.add_argument("--latency-ms", type=float, default=0)
    options = parser.parse_args()
    asyncio.run(relay(options.to, options.latency_ms / 1000))


if __name__ == "__main__":
    main()
