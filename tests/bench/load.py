"""The citizens: a process that posts submissions over kept-alive connections as fast as it can.

    python -m tests.bench.load PORT SECONDS CONNECTIONS BODIES

BODIES holds one JSON body a line. Requests are assembled from prepared bytes and answers are only
measured, so that the generator takes as little as possible of the processors that it shares with
the measured. It prints one JSON object: the Outcome.
"""

import asyncio
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

LOOPBACK = "127.0.0.1"
PATH = "/api/v1/submissions"
WARM_UP = 0.5
GIVE_UP = 15.0


@dataclass(frozen=True)
class Outcome:
    """`accepted` counts every 201 ever given; `rate` only those of the measured seconds.

    At most `unheard` more were accepted whose answers nobody waited for.
    """

    rate: float
    accepted: int
    refused: dict[str, int]
    p50_ms: float
    p99_ms: float
    unheard: int = 0


class Crowd:
    """What the connections share: prepared requests, the clock and the tally."""

    def __init__(self, port: int, seconds: float, bodies: list[bytes]) -> None:
        heads = [_head(port, len(body)) for body in bodies]
        self._parts: Iterator[tuple[bytes, bytes]] = cycle(
            [(head, b"\r\n\r\n" + body) for head, body in zip(heads, bodies, strict=True)]
        )
        self._run, self._number = secrets.token_hex(8).encode(), 0
        self.begins = time.perf_counter() + WARM_UP
        self.ends = self.begins + seconds
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.left: list[asyncio.Future[None]] = []

    def request(self) -> bytes:
        """The next request, under a key that was never used."""
        self._number += 1
        head, tail = next(self._parts)
        return b"%s%s%016d%s" % (head, self._run, self._number, tail)

    def answered(self, status: str, sent: float, now: float) -> None:
        """Count an answer, and time it if it fell into the measured seconds."""
        self.statuses[status] += 1
        if status == "201" and self.begins <= now < self.ends:
            self.latencies.append(now - sent)

    def outcome(self) -> Outcome:
        """The tally."""
        accepted = self.statuses.pop("201", 0)
        times = sorted(self.latencies) or [0.0]
        return Outcome(
            rate=len(self.latencies) / (self.ends - self.begins),
            accepted=accepted,
            refused=dict(self.statuses),
            p50_ms=round(times[len(times) // 2] * 1000, 2),
            p99_ms=round(times[len(times) * 99 // 100] * 1000, 2),
        )


class Citizen(asyncio.Protocol):
    """One connection: a request, its answer, the next request, until the time is over."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._received, self._sent = crowd, b"", 0.0
        self._left = asyncio.get_running_loop().create_future()
        crowd.left.append(self._left)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is none by type
        self._send()

    def data_received(self, data: bytes) -> None:
        """Go on as soon as one whole answer is there."""
        self._received += data
        if not _complete(self._received):
            return
        now = time.perf_counter()
        self._crowd.answered(self._received[9:12].decode(), self._sent, now)
        self._received = b""
        if now < self._crowd.ends:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, orderly or not."""
        if exc or time.perf_counter() < self._crowd.ends:
            self._crowd.statuses["disconnected"] += 1
        if not self._left.done():
            self._left.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._crowd.request())


def _head(port: int, length: int) -> bytes:
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\nIdempotency-Key: "
    ).encode()


def _complete(answer: bytes) -> bool:
    head, gap, body = answer.partition(b"\r\n\r\n")
    if not gap:
        return False
    _, _, rest = head.lower().partition(b"content-length:")
    return len(body) >= int(rest.split(b"\r\n", 1)[0])


async def main(port: int, seconds: float, connections: int, bodies: list[bytes]) -> Outcome:
    """Let the crowd run; answers still on their way at the end are waited for."""
    crowd, loop = Crowd(port, seconds, bodies), asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Citizen(crowd), LOOPBACK, port)
    await asyncio.wait(crowd.left, timeout=WARM_UP + seconds + GIVE_UP)
    return crowd.outcome()


if __name__ == "__main__":
    _, to, lasting, many, file = sys.argv
    lines = Path(file).read_bytes().splitlines()
    print(json.dumps(asdict(uvloop.run(main(int(to), float(lasting), int(many), lines)))))
