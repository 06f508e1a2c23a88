"""Queues that nobody reads any more: found by name, removed only by typing it."""

import asyncio
from collections.abc import AsyncIterator

import aio_pika
import pytest

from deploy.cli.main import main
from deploy.local.rabbitmq import RabbitMQ
from shared import flows
from shared.bus import broker, orphans
from shared.events import CallbackLogged, wrap
from tests.samples import SAMPLES

ORPHAN = "notifications.callback.logged.v1"
RETIRED = "payroll.case.verified.v1"


@pytest.fixture
async def left_over(rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Two queues of yesterday's FLOWS, one of a service that is gone, with messages in one."""
    monkeypatch.setenv("AMQP_URL", rabbitmq.amqp_url)
    monkeypatch.setattr(flows, "RETIRED", (RETIRED,))
    await broker.set_up(rabbitmq.amqp_url)
    async with await aio_pika.connect(rabbitmq.amqp_url) as connection:
        channel = await connection.channel()
        for name in (ORPHAN, RETIRED):
            queue = await channel.declare_queue(name, durable=True)
            await queue.bind(flows.EXCHANGE, name.partition(".")[2])
        event = next(event for event in SAMPLES if isinstance(event, CallbackLogged))
        for body in (wrap(event, "verification")[1].encode(),) * 2 + (b"{}",):
            await channel.default_exchange.publish(aio_pika.Message(body), ORPHAN)
        yield
        for name in (ORPHAN, RETIRED):
            await channel.queue_delete(name)


def test_no_queue_of_flows_is_ever_a_candidate() -> None:
    """What a service reads cannot be listed, let alone removed."""
    assert not {queue for queue, _ in flows.bindings()} & set(orphans.candidates())
    with pytest.raises(ValueError, match="no orphan"):
        asyncio.run(orphans.remove("amqp://nowhere", next(queue for queue, _ in flows.bindings())))


@pytest.mark.usefixtures("left_over")
async def test_they_are_listed_with_what_is_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Name and messages, and how many there are."""
    assert 0 == await asyncio.to_thread(main, ["broker", "orphans"])
    said = capsys.readouterr().out.splitlines()
    assert [f"{ORPHAN}  3 messages", f"{RETIRED}  0 messages"] == said[:2]
    assert said[2].startswith("2 queues")


@pytest.mark.usefixtures("left_over")
@pytest.mark.parametrize(
    ("queue", "typed", "code", "left"),
    [
        (ORPHAN, ORPHAN, 0, [RETIRED]),
        (ORPHAN, "yes", 1, [ORPHAN, RETIRED]),
        (RETIRED, RETIRED, 0, [ORPHAN]),
        ("rewards.case.verified.v1", "rewards.case.verified.v1", 1, [ORPHAN, RETIRED]),
        ("no.such.queue", "no.such.queue", 1, [ORPHAN, RETIRED]),
    ],
)
async def test_one_is_removed_when_its_name_is_typed(
    rabbitmq: RabbitMQ,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    queue: str,
    typed: str,
    code: int,
    left: list[str],
) -> None:
    """Anything else removes nothing; what will be lost is said before."""
    monkeypatch.setattr("typer.prompt", lambda _: typed)
    assert code == await asyncio.to_thread(main, ["broker", "orphans", "--remove", queue])
    assert left == list(await orphans.find(rabbitmq.amqp_url))
    said = capsys.readouterr()
    assert ("holds 3 messages" in said.out) == (queue == ORPHAN)
    assert ("2 × callback.logged.v1, from 20" in said.out) == (queue == ORPHAN)
    assert ("1 × unreadable" in said.out) == (queue == ORPHAN)
    assert queue == typed or 3 == (await orphans.find(rabbitmq.amqp_url))[ORPHAN]
    assert code == len(said.err.splitlines())
