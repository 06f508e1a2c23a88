"""P3: submissions handled in verification, in our batches and in FastStream's single messages."""

from dataclasses import dataclass, field
from functools import partial

import asyncpg
from uuid_utils.compat import uuid7

from shared.bus import outbox
from shared.bus.publishing import Letter, open_publisher
from shared.events import SubmissionReceived
from shared.values import clock
from tests.bench import queues
from tests.bench.rounds import interleave
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report
from tests.samples import SAMPLES

EVENTS_A_SECOND = 1200
CHUNK = 500
INBOX = "inbox, a transaction a batch"
FASTSTREAM = "FastStream, a transaction a message"
SERVICE = "verification"


@dataclass
class Course:
    """Runs one way: empty tables, a filled queue, a fresh process, the recount."""

    lab: Lab
    count: int
    wrong: list[str] = field(default_factory=list)

    async def run(self, name: str, way: str) -> float:
        """Events per second from the first delivery to the last commit."""
        env = await self.lab.env(SERVICE)
        await self.lab.truncate(SERVICE, "cases", "outbox", "inbox", "inbox_pending")
        connection = await asyncpg.connect(self.lab.owner_url(SERVICE))
        await self._fill()
        consumer = self.lab.module("consume", "tests.bench.consume", way, str(self.count), env=env)
        await self.lab.finish(consumer)
        await self._recount(name, connection)
        await connection.close()
        return self.count / float(self.lab.last_line(consumer))

    async def _fill(self) -> None:
        url = self.lab.rabbitmq.amqp_url
        async with queues.channel(url) as channel:
            await queues.empty(channel, SubmissionReceived)
        letters = [_letter() for _ in range(self.count)]
        async with open_publisher(url, "intake") as publisher:
            for start in range(0, self.count, CHUNK):
                await publisher.publish(letters[start : start + CHUNK])

    async def _recount(self, name: str, connection: asyncpg.Connection) -> None:
        cases, events, pending = [
            await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("cases", "outbox", "inbox_pending")
        ]
        if (cases, events, pending) != (self.count, self.count, 0):
            self.wrong.append(
                f"{name}: {self.count} heard, {cases} cases, {events} events, {pending} pending"
            )


def _letter() -> Letter:
    sample = next(event for event in SAMPLES if isinstance(event, SubmissionReceived))
    fresh = {"submission_id": uuid7(), "received_at": clock.now()}
    return outbox.letter(sample.model_copy(update=fresh), "intake")


async def measure(lab: Lab, seconds: float, rounds: int) -> Report:
    """Both ways with on_submissions_received."""
    course = Course(lab, int(seconds * EVENTS_A_SECOND))
    ways = {INBOX: "inbox", FASTSTREAM: "faststream"}
    contestants = {name: partial(course.run, name, way) for name, way in ways.items()}
    series = await interleave(contestants, rounds, lab.say)
    return Report(
        "pipeline",
        "P3  submissions/s handled in verification, a case opened for each",
        series,
        (Aim("inbox / FastStream", INBOX, FASTSTREAM, 5.0),),
        (f"{course.count:,} submissions a run; every case, event and acknowledgement counted",),
        tuple(course.wrong),
    )
