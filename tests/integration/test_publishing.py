"""Publishing on a real RabbitMQ whose answers get lost: what is not confirmed was not sent."""

import pytest
from uuid_utils.compat import uuid7

from deploy.local.rabbitmq import RabbitMQ
from shared import flows
from shared.bus import publishing
from shared.bus.broker import AWAY
from shared.bus.publishing import Letter
from shared.events import CaseVerified, wrap
from tests.proxy import proxy
from tests.samples import SAMPLES

VERIFIED = next(event for event in SAMPLES if isinstance(event, CaseVerified))


def letters(number: int) -> list[Letter]:
    """The same verdict under so many ids."""
    _, body = wrap(VERIFIED, flows.producer_of(CaseVerified))
    return [Letter(uuid7(), CaseVerified.TYPE, body) for _ in range(number)]


@pytest.mark.parametrize("number", [1, publishing.CHUNK + 1])
async def test_a_broker_that_falls_silent_has_confirmed_nothing(
    rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """No answer in time is no confirmation, for none of the letters; the outbox keeps them."""
    async with proxy(rabbitmq.port) as network:
        url = network.through(rabbitmq.amqp_url)
        async with publishing.open_publisher(url, "test") as publisher:
            monkeypatch.setattr(publishing, "PUBLISH_SECONDS", 0.3)
            network.freeze()
            outcomes = await publisher.publish(letters(number))
            network.thaw()
    assert {TimeoutError} == {type(outcome) for outcome in outcomes}
    assert number == len(outcomes)


async def test_a_connection_that_breaks_has_confirmed_nothing(rabbitmq: RabbitMQ) -> None:
    """A letter on its way when the connection breaks is not known to have arrived."""
    async with proxy(rabbitmq.port) as network:
        url = network.through(rabbitmq.amqp_url)
        async with publishing.open_publisher(url, "test") as publisher:
            network.drop()
            outcomes = await publisher.publish(letters(3))
    assert [True, True, True] == [isinstance(outcome, AWAY) for outcome in outcomes]
