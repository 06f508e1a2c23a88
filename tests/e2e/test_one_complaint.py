"""One complaint through everything, and what it must not leave behind."""

import asyncio
import json
import subprocess
from pathlib import Path

import aiohttp
import pytest

from deploy.demo.first import LAST
from deploy.demo.play import Citizen, Desk
from deploy.demo.scenario import Complaint, article
from deploy.local.postgres_cluster import installed_programs
from deploy.local.stack import Stack
from shared.flows import SERVICES
from tests.conftest import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
PHONE = "19812345678"
WORDS = "等了一个小时没有人,电话也没人接。"


def complaint() -> Complaint:
    """A substantiated complaint with a phone that is found nowhere else."""
    found = next(c for c in article().complaint if c.attribution == "officers")
    return found.model_copy(update={"phone": PHONE, "words": WORDS})


@pytest.fixture(scope="session")
async def played(stack: Stack) -> dict[str, str]:
    """The complaint, played to the second SMS under one known trace."""
    async with aiohttp.ClientSession(headers={"traceparent": TRACEPARENT}) as http:
        citizen, desk = Citizen(http, stack), Desk(http, stack)
        answer = await citizen.file(complaint())
        await desk.handle(answer["submission_id"], complaint())

        async def arrived() -> bool:
            return set(await citizen.timeline(answer["receipt"]["code"])) >= LAST

        await eventually(arrived, True, within=60)
    return {"submission_id": answer["submission_id"], "receipt": answer["receipt"]["code"]}


async def test_the_receipt_tells_the_whole_story(
    played: dict[str, str], stack: Stack, http: aiohttp.ClientSession
) -> None:
    """The citizen sees every step from taking in to the paid top-up, in order."""
    timeline = await Citizen(http, stack).timeline(played["receipt"])
    wanted = ["received", "opened", "called_reached", "verified", "reward_paid"]
    assert wanted == [step for step in timeline if step in wanted]
    assert set(timeline) >= LAST


async def test_one_trace_runs_through_all_services(played: dict[str, str], stack: Stack) -> None:
    """The citizen's correlation id is in the logs of every one of the five services."""
    found = {name for name in SERVICES if TRACE in _log(stack, name)}
    assert set(SERVICES) == found


async def test_logs_are_json_and_drop_no_field(played: dict[str, str], stack: Stack) -> None:
    """Every log line can be parsed, and nobody logs a field that is not on the list."""
    for name in SERVICES:
        entries = [json.loads(line) for line in _log(stack, name).splitlines() if line]
        assert {name} == {entry["service"] for entry in entries}
        assert [] == [entry for entry in entries if "dropped_fields" in entry]


async def test_the_phone_and_the_words_are_nowhere_in_clear(
    played: dict[str, str], stack: Stack, http: aiohttp.ClientSession
) -> None:
    """A byte scan of dumps, logs and metrics finds neither the citizen's phone nor the words."""
    for name in SERVICES:
        dump = await asyncio.to_thread(_dump, stack, name)
        async with http.get(f"{stack.ops_urls[name]}/metrics") as response:
            metrics = await response.text()
        for where in (dump, metrics, _log(stack, name)):
            assert PHONE not in where
            assert WORDS not in where


async def test_ops_ports_answer(stack: Stack, http: aiohttp.ClientSession) -> None:
    """Every service is alive, ready, and shows its outbox and inbox as metrics."""
    for name in SERVICES:
        for path, wanted in (("healthz", "alive"), ("readyz", "ok"), ("metrics", "mashang_outbox")):
            async with http.get(f"{stack.ops_urls[name]}/{path}") as response:
                assert 200 == response.status
                assert wanted in await response.text()


def _log(stack: Stack, name: str) -> str:
    return (Path(stack.data) / "logs" / f"{name}.log").read_text("utf-8")


def _dump(stack: Stack, name: str) -> str:
    command = [str(installed_programs() / "pg_dump"), "--inserts", "--data-only"]
    admin = stack.admin_url.rpartition("/")[0]
    result = subprocess.run(
        [*command, f"{admin}/mashang_{name}"], capture_output=True, text=True, check=True
    )
    return result.stdout
