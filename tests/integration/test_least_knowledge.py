"""With one service's environment in hand, what can be done? Its own work, and nothing else."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiormq
import asyncpg
import pytest
from aiormq.abc import AbstractChannel
from aiormq.exceptions import AMQPError, ChannelAccessRefused

from deploy.local import Ports
from deploy.local.databases import database_of, make_databases
from deploy.local.keys import Keys
from deploy.local.settings import service_env
from deploy.local.stack import Stack
from shared import config, flows
from shared.bus import broker
from shared.events import CaseVerified
from shared.flows import SERVICES
from shared.values.seal import Seal
from tests.conftest import ROOT

THIEF = "scoring"
EXCHANGE = flows.EXCHANGE
TYPES = sorted(flows.EVENTS)
QUEUES = sorted(queue for queue, _ in flows.bindings())
VERIFIED = CaseVerified.TYPE

Attempt = Callable[[AbstractChannel], Awaitable[object]]


@dataclass(frozen=True)
class House:
    """Both servers as the launcher sets them up, and what it tells each service."""

    stack: Stack

    def env(self, service: str) -> dict[str, str]:
        """The environment that the service's process gets."""
        return self.stack.env(service)

    @property
    def keys(self) -> Keys:
        """All secrets, as only the launcher knows them."""
        return self.stack.keys

    async def allows(self, service: str, attempt: Attempt) -> bool:
        """Whether the broker lets the service's own log-in do that."""
        connection = await aiormq.connect(self.env(service)["AMQP_URL"])
        try:
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            await attempt(channel)
        except ChannelAccessRefused:
            return False
        finally:
            await connection.close()
        return True


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The launcher's own servers, with its users and databases, and no service running."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.delenv("AMQP_URL", raising=False)
        stack = Stack(tmp_path_factory.mktemp("house"), Ports.free(), fsync=False, quiet=True)
    assert stack.postgres
    assert stack.rabbitmq
    async with stack.postgres, stack.rabbitmq:
        await make_databases(stack.admin_url, stack.keys)
        yield House(stack)


def publish(routing_key: str, exchange: str = EXCHANGE) -> Attempt:
    """Send a message that must arrive in a queue."""
    return lambda channel: channel.basic_publish(
        b"{}", exchange=exchange, routing_key=routing_key, mandatory=True
    )


def get(queue: str) -> Attempt:
    """Look whether something is there."""
    return lambda channel: channel.basic_get(queue)


def consume(queue: str) -> Attempt:
    """Take what comes."""
    return lambda channel: channel.basic_consume(queue, lambda _: asyncio.sleep(0))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_publishes_exactly_its_events(house: House, service: str) -> None:
    """The broker takes the events that FLOWS gives it and refuses every other one."""
    told = [name for name in TYPES if await house.allows(service, publish(name))]
    assert sorted(event.TYPE for event in flows.told_by(service)) == told


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_exactly_its_queues(house: House, service: str) -> None:
    """It gets from and consumes its own queues, and no other's."""
    own = sorted(flows.queue_name(service, event) for event in flows.heard_by(service))
    got = [queue for queue in QUEUES if await house.allows(service, get(queue))]
    consumed = [queue for queue in QUEUES if await house.allows(service, consume(queue))]
    assert (own, own) == (got, consumed)


DOORS: dict[str, Attempt] = {
    "past the exchange": publish(f"rewards.{VERIFIED}", exchange=""),
    "delete the exchange": lambda c: c.exchange_delete(EXCHANGE),
    "declare the exchange": lambda c: c.exchange_declare(EXCHANGE, exchange_type="topic"),
    "delete its queue": lambda c: c.queue_delete(f"{THIEF}.{VERIFIED}"),
    "delete another's queue": lambda c: c.queue_delete(f"rewards.{VERIFIED}"),
    "purge another's queue": lambda c: c.queue_purge(f"rewards.{VERIFIED}"),
    "listen to what it is not told": lambda c: c.queue_bind(
        f"{THIEF}.{VERIFIED}", EXCHANGE, "score.changed.v1"
    ),
    "unbind another's queue": lambda c: c.queue_unbind(f"rewards.{VERIFIED}", EXCHANGE, VERIFIED),
    "a queue without a name": lambda c: c.queue_declare("", exclusive=True),
    # A message that dies there would be published as a verdict, with no permission asked.
    "a queue that forges": lambda c: c.queue_declare(
        f"{THIEF}.forge",
        arguments={"x-dead-letter-exchange": EXCHANGE, "x-dead-letter-routing-key": VERIFIED},
    ),
    "an exchange that forges": lambda c: c.exchange_declare(
        f"{THIEF}.forge", exchange_type="fanout", arguments={"alternate-exchange": EXCHANGE}
    ),
}


@pytest.mark.parametrize("door", DOORS)
async def test_a_stolen_log_in_opens_no_other_door(house: House, door: str) -> None:
    """Scoring's log-in can neither forge, nor listen, nor destroy."""
    assert not await house.allows(THIEF, DOORS[door])


async def test_a_service_finds_its_topology(house: House) -> None:
    """With its small rights it can still tell whether everything has been declared."""
    for service in SERVICES:
        async with broker.connection(house.env(service)["AMQP_URL"], "test", service) as opened:
            await broker.check_topology(opened)


async def test_what_was_not_declared_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose FLOWS are newer than the broker waits, and says what to run."""
    monkeypatch.setattr(flows, "topology_mark", lambda: f"{flows.TOPOLOGY}.newer")
    async with broker.connection(house.env(THIEF)["AMQP_URL"], "test", THIEF) as opened:
        with pytest.raises(broker.NotDeclared, match="run: mashang broker topology"):
            await broker.check_topology(opened)


async def test_a_service_signs_in_under_its_own_name_only(house: House) -> None:
    """One service's password is not another's."""
    own = urlsplit(house.env(THIEF)["AMQP_URL"])
    place = own.netloc.replace("mashang_scoring", "mashang_rewards")
    with pytest.raises(AMQPError):
        await aiormq.connect(urlunsplit(own._replace(netloc=place)))


async def test_a_service_enters_no_other_database(house: House) -> None:
    """PostgreSQL refuses its role everywhere but at home."""
    url = urlsplit(house.env(THIEF)["DATABASE_URL"])
    await (await asyncpg.connect(urlunsplit(url))).close()
    for other in (database_of(name) for name in SERVICES if name != THIEF):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(urlunsplit(url._replace(path=f"/{other}")))


OPENING = """
from services.scoring.settings import Settings
from shared import config
from shared.values.seal import SealBroken
import sys
try:
    print(config.load(Settings).seal.open(sys.argv[1], "phone:1"))
except SealBroken as broken:
    print(broken)
"""


def test_scoring_opens_no_phone(house: House) -> None:
    """A process with scoring's environment has no key that would do, under any name."""
    sealed = Seal({"phone": {"1": config.key(house.keys.seal_phone)}}).close("+86", "phone:1")
    told = subprocess.run(
        [sys.executable, "-c", OPENING, sealed],
        cwd=ROOT, env=house.env(THIEF), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "this service has no sealing key for phone\n" == told.stdout


# Who is not among them needs none.
OWN = {
    "intake": {"seal_phone", "seal_words", "seal_answer", "seal_photo", "index_key"},
    "verification": {
        "seal_phone",
        "seal_words",
        "seal_answer",
        "seal_note",
        "seal_photo",
        "index_key",
    },
    "rewards": {"seal_phone"},
    "notifications": {"seal_phone", "sms_index_key"},
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_holds_only_the_keys_that_it_needs(service: str) -> None:
    """Whatever the variable is called, no other key for personal data stands in its environment."""
    keys = Keys()
    env = service_env(
        service, ports=Ports.default(), keys=keys, database_url="postgresql://", amqp_url="amqp://"
    )
    guarded = {name: getattr(keys, name) for name in set().union(*OWN.values())}
    told = {name for name, key in guarded.items() if any(key in value for value in env.values())}
    assert OWN.get(service, set()) == told
    masters = {keys.service_password, keys.broker_password, keys.owner_password}
    assert not masters & set(env.values())


def test_the_launchers_files_are_private(house: House) -> None:
    """Secrets, definitions and passwords are for the owner only."""
    data: Path = house.stack.data
    files = [data / "secrets.json", *(data / "rabbitmq" / n for n in ("password", "rabbitmq.conf"))]
    files.append(data / "rabbitmq" / "definitions.json")
    assert {0o600} == {file.stat().st_mode & 0o777 for file in files}
    assert 0o700 == data.stat().st_mode & 0o777
