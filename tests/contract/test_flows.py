"""FLOWS is the one truth about who hears what."""

import importlib
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest

from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.settings import service_env
from shared import config, events, flows
from shared.config import Settings
from shared.db import Database
from shared.service import Service

README = Path(__file__).parents[2] / "README.md"


def test_readme_shows_the_flows() -> None:
    """README's table is the one that `python -m shared.flows` prints."""
    assert flows.table() in README.read_text("utf-8")


@pytest.mark.parametrize("name", flows.SERVICES)
async def test_every_heard_event_has_a_handler(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service handles exactly what FLOWS sends it, so no queue fills up unread."""
    service = built(name, monkeypatch)
    async with AsyncExitStack() as stack:
        for resource in service.resources:
            await stack.enter_async_context(resource)
    assert set(flows.heard_by(name)) == set(service.handlers)


def built(name: str, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service as the launcher's environment wires it, not yet connected."""
    environment = service_env(
        name,
        ports=Ports.default(),
        keys=Keys(),
        database_url="postgresql://nowhere/none",
        amqp_url="amqp://nowhere",
    )
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    module = importlib.import_module(f"services.{name}.service")
    kind: type[Settings] = importlib.import_module(f"services.{name}.settings").Settings
    return cast(Service, module.build(config.load(kind), Database(cast("object", None))))  # type: ignore[arg-type]


def test_queue_names_derive() -> None:
    """A queue is named by its consumer and its event, nowhere else."""
    event = events.CaseVerified
    assert "rewards.case.verified.v1" == flows.queue_name("rewards", event)
