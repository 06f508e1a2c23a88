"""Prometheus itself, started privately, over a real service: seen, computed, alarmed, gone."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from deploy.local.console import Console
from deploy.local.installation import Installation
from deploy.local.keys import Keys
from deploy.local.ports import Ports, free_port
from deploy.observability.prometheus import Prometheus
from shared.flows import SERVICES
from tests.conftest import Clone, eventually
from tests.integration.test_service_start import Child, start

SERVICE = "scoring"
NO_BROKER = "amqp://127.0.0.1:1/"


class Hasty(Prometheus):
    """Looks every second, and says at once what it would say after minutes."""

    def write(self) -> None:
        """The same rules without their patience."""
        super().write()
        for file in (self.data / "prometheus.yml", *(self.data / "rules").iterdir()):
            text = re.sub(r"interval: \w+", "interval: 1s", file.read_text("utf-8"))
            text = text.replace("scrape_timeout: 9s", "scrape_timeout: 1s")
            file.write_text(re.sub(r"^ +for: .*\n", "", text, flags=re.MULTILINE))


@pytest.fixture
async def child(clone: Clone, tmp_path: Path) -> AsyncIterator[Child]:
    """Scoring, on a database of its own and without a broker."""
    ports, keys = Ports.free(), Keys.of(tmp_path / "keys")
    child = await start(ports, keys, await clone(SERVICE), NO_BROKER)
    child.ports = ports  # type: ignore[attr-defined]
    yield child
    if child.process.returncode is None:
        await child.end()


async def test_prometheus_sees_a_service_and_its_end(child: Child, tmp_path: Path) -> None:
    """The target is up, every rule is computed, a death is an alert, and nothing is left."""
    await eventually(lambda: _state(child), True)
    ports = child.ports  # type: ignore[attr-defined]
    async with Hasty(tmp_path / "prometheus", free_port(), ports) as server:
        await eventually(lambda: health(server), {SERVICE: "up"})
        await eventually(lambda: rules(server), {"ok"})
        assert "ServiceDown" not in {name for name, who in await firing(server) if who == SERVICE}
        await child.end()
        await eventually(lambda: has(server, ("ServiceDown", SERVICE)), True)
        process = server._process
        assert process
        pid = process.pid
    assert pid
    assert not psutil.pid_exists(pid)


async def test_prometheus_follows_the_launcher_to_each_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of rewards are three targets; started again with one, it is one without a word."""
    ports = Ports.free()
    async with Hasty(tmp_path / "prometheus", free_port(), ports) as server:
        await eventually(lambda: numbers(server), dict.fromkeys(SERVICES, 1))
        monkeypatch.setenv("MASHANG_INSTANCES_REWARDS", "3")
        launched(tmp_path, ports).write_targets()
        await eventually(lambda: numbers(server), dict.fromkeys(SERVICES, 1) | {"rewards": 3})
    async with Hasty(tmp_path / "prometheus", free_port(), ports) as server:
        await eventually(lambda: numbers(server), dict.fromkeys(SERVICES, 1) | {"rewards": 3})
        monkeypatch.delenv("MASHANG_INSTANCES_REWARDS")
        launched(tmp_path, ports).write_targets()
        await eventually(lambda: numbers(server), dict.fromkeys(SERVICES, 1))


def launched(data: Path, ports: Ports) -> Installation:
    """What `make run` would start there."""
    return Installation(data, ports, Console(quiet=True), fsync=False, restart=False)


async def numbers(server: Prometheus) -> dict[str, int]:
    """How many instances of each service it asks."""
    found = (await asked(server, "targets"))["activeTargets"]
    return dict(Counter(one["labels"]["service"] for one in found))


async def _state(child: Child) -> bool:
    return (await child.ready() or {}).get("database") == "ok"


async def asked(server: Prometheus, path: str) -> Any:
    """An answer of Prometheus' API."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/api/v1/{path}") as answer:
        return (await answer.json())["data"]


async def health(server: Prometheus) -> dict[str, str]:
    """The targets that are up, by service."""
    targets = (await asked(server, "targets"))["activeTargets"]
    return {t["labels"]["service"]: t["health"] for t in targets if t["health"] == "up"}


async def rules(server: Prometheus) -> set[str]:
    """How the rules are: `ok`, `unknown` before the first time, `err`."""
    groups = (await asked(server, "rules"))["groups"]
    return {rule["health"] for group in groups for rule in group["rules"]}


async def firing(server: Prometheus) -> set[tuple[str, str]]:
    """The alerts that are on, each with its service."""
    told = (await asked(server, "alerts"))["alerts"]
    return {
        (one["labels"]["alertname"], one["labels"].get("service", ""))
        for one in told
        if one["state"] == "firing"
    }


async def has(server: Prometheus, alert: tuple[str, str]) -> bool:
    """Whether it is on."""
    return alert in await firing(server)
