"""The handbook's commands, run as they stand there: on five databases, a broker and some logs."""

import asyncio
import io
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.cli import main
from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.settings import service_env
from services.rewards import commands as rewards
from shared.bus import pending
from shared.bus.pending import Received
from shared.events import UnitChanged, wrap
from shared.flows import SERVICES
from shared.observe import log
from tests.conftest import ROOT, Clone
from tests.contract.test_readme import blocks, spans
from tests.integration.test_restoring import following, forget
from tests.samples import SAMPLES
from tests.town import environ, town
from tests.vendors import AIRTIME

MOMENT = "2026-11-27T08:30:00+08:00"
CHANGED = next(event for event in SAMPLES if isinstance(event, UnitChanged))
HANDBOOK = ("deploy/README.md", "deploy/observability/README.md")
ROW = (
    "transaction_id,external_id,time,status,product_id,mobile_number,amount,currency\n"
    "5,abcdefgh,2026-03-03 10:00:00,COMPLETED,6020,+8613800000088,20.00,CNY\n"
)
# The first runs beside the others until a signal; the second needs all that it fetched.
FOLLOW, RESTORE = "backup follow", "backup restore"
# To what asks whether one is sure, and as a vendor's new secret.
YES = "y\n"
# What was given back is not thrown away.
AGAIN = {"keys forget phone 1": "keys retire phone 1"}
# A command that is only named, without what it needs, and one that tells of a difference.
NAMED, TELLS = {"operator add"}, {"backup compare", "reconcile"}


def told() -> list[str]:
    """Every command of the handbook in its order, each once, as it is typed after `mashang`."""
    text = [(ROOT / name).read_text("utf-8") for name in HANDBOOK]
    code = [code for one in text for code in [*blocks(one), *spans(one)]]
    lines = (line.partition("#")[0] for one in code for line in one.splitlines())
    found = (re.fullmatch(r"(?:\w+=\S+ )?mashang ([a-z].*?)(?: > \S+)?\s*", line) for line in lines)
    return list(dict.fromkeys(match[1] for match in found if match))


@dataclass
class Bureau:
    """An installation in which every word of the handbook means something."""

    words: dict[str, str]
    env: dict[str, str]
    folder: Path
    server: Postgres

    def typed(self, command: str) -> list[str]:
        """The command with what its capital words stand for."""
        return [self.words.get(word, word) for word in command.split()]

    async def run(self, command: str) -> tuple[int, str]:
        """Its code, and all that it said."""
        said = io.StringIO()
        with (
            environ(self.env), redirect_stdout(said), redirect_stderr(said),
            pytest.MonkeyPatch.context() as patch,
        ):  # fmt: skip
            patch.setattr(sys, "stdin", io.StringIO(YES))
            code = await asyncio.to_thread(main, self.typed(command))
        return code, said.getvalue()

    async def fails(self, command: str) -> list[tuple[str, int, str]]:
        """What it said, if it did not do what it is there for."""
        if command in AGAIN:
            await self.run(AGAIN[command])
        code, said = await self.run(command + (" --help" if command in NAMED else ""))
        tells = any(command.startswith(one) for one in TELLS)
        return [] if code == 0 or (tells and code == 1) else [(command, code, said)]


@pytest.fixture
async def bureau(
    clone: Clone, templates: Postgres, rabbitmq: RabbitMQ, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Bureau]:  # fmt: skip
    """Five services' databases, followed into a folder; a parked event, a statement, logs."""
    monkeypatch.setattr(log, "configure", lambda *_: None)
    await forget(rabbitmq)
    env, statement, logs = dict(os.environ), tmp_path / "statement.csv", tmp_path / "logs"
    statement.write_text(ROW)
    logs.mkdir()
    for name in SERVICES:
        line = {"event": "started", "level": "info", "service": name}
        (logs / f"{name}.log").write_text(json.dumps(line) + "\n")
    env |= {
        "MASHANG_DATA": str(tmp_path), "MASHANG_BACKUP_URL": templates.admin_url,
        "AMQP_URL": rabbitmq.amqp_url,
    }  # fmt: skip
    keys, twofold = Keys(), rewards.list_twofold()[0]
    intake = service_env(
        "intake", ports=Ports.free(), keys=keys, database_url="", amqp_url="",
        photos=str(tmp_path / "photos"),
    )  # fmt: skip
    env |= {name: value for name, value in intake.items() if name.startswith("MASHANG_")}
    containers = tmp_path / "containers"
    (containers / "rewards").mkdir(parents=True)
    (containers / "rewards" / twofold).write_text("first")
    for one in (tmp_path, containers):
        keys.write(one / "secrets.json")
    env |= {f"MASHANG_BROKER_PASSWORD_{name.upper()}": "longenough" for name in SERVICES}

    async def noted(service: str) -> str:
        url = await clone(service)
        env[f"DATABASE_URL_{service.upper()}"] = url
        return url

    folder = tmp_path / "backups"
    async with town(noted, keys) as opened:
        event_id, body = wrap(CHANGED, "verification")
        async with opened.databases["rewards"].transaction() as conn:
            message = Received(event_id, CHANGED.TYPE, body)
            await pending.store(conn, "nobody", [message], "TimeoutError()", state="parked")
        (tmp_path / "new").mkdir()
        yield Bureau(
            {
                "FOLDER": str(folder), "/backups": str(folder), "/new/data": str(tmp_path / "new"),
                "SERVICE": "rewards", "ID": str(event_id), "FILE": str(statement),
                "NAME": AIRTIME.name, "DIR": str(tmp_path / "posters"), "VARIABLE": twofold,
                "deploy/compose/secrets": str(containers),
            },
            env, folder, templates,
        )  # fmt: skip


@pytest.mark.timeout(600)
async def test_every_command_of_the_handbook_works_as_it_stands(bureau: Bureau) -> None:
    """None is misspelt or lacks an argument, and each does what it is told of there."""
    commands, wrong = told(), []
    assert 15 < len(commands)
    async with following(bureau.folder, bureau.server):
        for command in commands:
            if not command.startswith((FOLLOW, RESTORE)):
                wrong += await bureau.fails(command)
        bureau.words[MOMENT] = datetime.now(UTC).isoformat()
    for command in commands:
        if command.startswith(RESTORE):
            wrong += await bureau.fails(command)
    assert not wrong, "\n".join(map(str, wrong))
