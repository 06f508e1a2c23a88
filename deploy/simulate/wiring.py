"""How a simulated city is wired: as always, with our own vendors, on databases that are given."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from os import environ
from pathlib import Path
from typing import Any
from unittest.mock import patch

import asyncpg

from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.settings import service_env
from deploy.local.vendors import BUYS, CHOSEN, RETIRED
from deploy.simulate.city import City, Part
from deploy.simulate.facts import Log
from deploy.simulate.vendors import Airtime, Texts
from shared import config, policy
from shared.bus.inbox import Inbox
from shared.db import Database
from shared.policy import Policies
from shared.service import Service
from shared.values import clock


@dataclass(frozen=True)
class Home:
    """Where a service's database is, for the service itself and for whoever may move its clock."""

    url: str
    owner_url: str


@asynccontextmanager
async def city(
    homes: Mapping[str, Home], keys: Keys, log: Log, policy_file: Path, seed: int
) -> AsyncIterator[City]:
    """The services, wired as always but for their vendors; the clock is put back afterwards."""
    policies, before = policy.load(policy_file), clock.offset()
    vendors = _vendors(log, policies, seed)
    async with AsyncExitStack() as stack:
        stack.callback(clock.set_offset, before)
        stack.callback(clock.set_home, clock.home())
        clock.set_home(policies.editions[-1].zone)
        parts: dict[str, Part] = {}
        for name, home in homes.items():
            env = _env(name, home, keys, policy_file)
            database = await Database.connect(home.url, name, 4)
            stack.push_async_callback(database.close)
            owner = await asyncpg.connect(home.owner_url)
            stack.push_async_callback(owner.close)
            service = _build(name, env, database, vendors.get(name))
            for resource in service.resources:
                await stack.enter_async_context(resource)
            box = Inbox(database, name, service.handlers, service.lock_first)
            table = {(str(one.method), one.path): one for one in service.endpoints}
            parts[name] = Part(service, database, owner, box, table)
        texts = vendors["notifications"]
        yield City(parts, keys, texts, policies)


def _env(name: str, home: Home, keys: Keys, policy_file: Path) -> dict[str, str]:
    """The launcher's own; nobody else's words share a commit, so none waits for them.

    Nobody looks at an empty screen either: on a busy machine a year is slow, and ends all the same.
    """
    told = service_env(
        name, ports=Ports.default(), keys=keys, database_url=home.url, amqp_url="amqp://nowhere"
    )
    # Ours takes the place of the first vendor that is named, and there is no other.
    alone = {name: told[name].partition(",")[0] for name in CHOSEN.values() if name in told}
    alone |= {RETIRED: ""}
    ours = {"MASHANG_BATCH_LINGER_MS": "0", "MASHANG_PATIENCE_SECONDS": "60"}
    return told | alone | ours | {"MASHANG_POLICY_FILE": str(policy_file)}


def _vendors(log: Log, policies: Policies, seed: int) -> dict[str, Any]:
    listed = import_module("services.rewards.providers.protocol").Listed
    amounts = {edition.reward.amount_fen for edition in policies.editions}
    sold = {f"P{fen}": fen for fen in amounts}
    return {"rewards": Airtime(log, seed, sold, listed), "notifications": Texts(log, seed)}


def _build(name: str, env: Mapping[str, str], database: Database, vendor: Any) -> Service:
    """By the service's own wiring; one that buys finds our vendor under the configured name."""
    wiring = import_module(f"services.{name}.service")
    with ExitStack() as stack:
        stack.enter_context(patch.dict(environ, env, clear=True))
        if vendor:
            registry = import_module(f"services.{name}.providers.registry")
            variable = CHOSEN[BUYS[name]]
            chosen = env[variable].partition(",")[0]
            stack.enter_context(patch.dict(environ, {variable: chosen}))
            stack.enter_context(patch.dict(registry.VENDORS, {chosen: lambda _: vendor}))
        settings = config.load(import_module(f"services.{name}.settings").Settings)
        built: Service = wiring.build(settings, database)
    return built
