"""One complaint through everything, and what it must not leave behind."""

import asyncio
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.demo.first import LAST
from deploy.demo.play import Citizen, Desk
from deploy.demo.scenario import Complaint, article
from deploy.local.postgres_cluster import installed_programs
from deploy.local.settings import SANDBOX
from deploy.local.stack import Stack
from deploy.sandbox.customer import Client
from shared.flows import SERVICES
from tests.collector import Collector
from tests.conftest import eventually
from tests.integration.intake_holder import hidden

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
PHONE = "19812345678"
BOUND = "19812345679"
Step = tuple[str, str, str]
STEPS: set[Step] = {
    ("intake", "server", "POST /api/v1/submissions"),
    ("intake", "internal", "write submission"),
    ("intake", "producer", "send submission.received.v1"),
    ("verification", "consumer", "process submission.received.v1"),
    ("verification", "internal", "tell of a case"),
    ("verification", "producer", "send case.verified.v1"),
    ("rewards", "consumer", "process case.verified.v1"),
    ("rewards", "internal", "order"),
    ("rewards", "producer", "send reward.paid.v1"),
    ("notifications", "consumer", "process reward.paid.v1"),
}
WORDS = "等了一个小时没有人,电话也没人接。"


def complaint() -> Complaint:
    """A substantiated complaint with a phone that is found nowhere else."""
    found = next(c for c in article().complaint if c.attribution == "officers")
    return found.model_copy(update={"phone": PHONE, "words": WORDS})


@pytest.fixture(scope="session")
async def played(stack: Stack) -> dict[str, str]:
    """The complaint, played to the second SMS; the citizen's trace is known, the desk's is not."""
    headers = {"traceparent": TRACEPARENT}
    async with aiohttp.ClientSession(headers=headers) as theirs, aiohttp.ClientSession() as http:
        citizen, desk = Citizen(theirs, stack), Desk(http, stack)
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


async def test_the_trace_is_told_over_otlp(
    played: dict[str, str], stack: Stack, collector: Collector
) -> None:
    """One tree of spans from the citizen's request over the bus to the paid reward and its SMS,
    without phone, words or receipt.
    """

    async def missing() -> set[Step]:
        return STEPS - {(one.service, one.kind, one.name) for one in collector.of(TRACE)}

    async def orphans() -> list[str]:
        own = collector.of(TRACE)
        known = {one.span_id for one in own} | {TRACEPARENT.split("-")[2]}
        return [f"{one.service}: {one.name}" for one in own if one.parent_id not in known]

    await eventually(missing, set(), within=60)
    await eventually(orphans, [], within=60)
    assert set(SERVICES) == {one.service for one in collector.of(TRACE)}
    for hidden_ in (PHONE, WORDS, played["receipt"], played["receipt"].replace("-", "")):
        assert hidden_.encode() not in collector.raw


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


async def test_a_phone_bound_after_the_verdict_is_paid_once(
    stack: Stack, http: aiohttp.ClientSession
) -> None:
    """Complained without a phone, found true, bound by the code of an SMS: one top-up arrives."""
    citizen, code = Citizen(http, stack), await _found_true(stack, http)
    receipt = f"{stack.urls['intake']}/r/{code}"
    assert f'href="/r/{code}/phone"' in await _page(http, receipt)
    await _send(http, f"{receipt}/phone", await _page(http, f"{receipt}/phone"), phone=BOUND)
    form, digits = await _page(http, f"{receipt}/phone?sent=1"), await _sms(stack, http)
    for _ in "ab":  # pressed twice
        await _send(http, f"{receipt}/phone/code", form, code=digits)

    async def paid() -> bool:
        return {"reward_paid", "message_paid_delivered"} <= set(await citizen.timeline(code))

    await eventually(paid, True, within=60)
    told = await _page(http, receipt)
    assert "元已到账" in told
    assert "198****5679" in told
    by_number = (await _book(stack, http))["airtime"]["by_number"]
    assert [1] == [got["paid_count"] for phone, got in by_number.items() if phone.endswith(BOUND)]


async def _found_true(stack: Stack, http: aiohttp.ClientSession) -> str:
    """The receipt's code of a complaint without a phone, at another unit than the first one's."""
    found = next(
        one
        for one in article().complaint
        if one.verdict == "substantiated" and one.unit != complaint().unit
    ).model_copy(update={"phone": ""})
    citizen = Citizen(http, stack)
    answer = await citizen.file(found)
    await Desk(http, stack).handle(answer["submission_id"], found)
    code = str(answer["receipt"]["code"])

    async def verified() -> bool:
        return "verified" in await citizen.timeline(code)

    await eventually(verified, True)
    return code


async def _page(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(url, headers={"Accept": "text/html"}) as response:
        assert 200 == response.status
        return await response.text()


async def _send(http: aiohttp.ClientSession, url: str, page: str, **fields: str) -> None:
    form = {"key": hidden(page), **fields}
    async with http.post(url, data=form, allow_redirects=False) as response:
        assert 303 == response.status, await response.text()


async def _sms(stack: Stack, http: aiohttp.ClientSession) -> str:
    """The digits that the citizen reads on the phone."""
    read: list[str] = []

    async def arrived() -> bool:
        messages = (await _book(stack, http))["sms"]["messages"]
        read[:] = [one["content"] for one in messages if one["phone"].endswith(BOUND)]
        return bool(read)

    await eventually(arrived, True)
    found = re.search(r"[0-9]{6}", read[0])
    assert found, read
    return found[0]


async def _book(stack: Stack, http: aiohttp.ClientSession) -> dict[str, dict[str, Any]]:
    return await Client(http, stack.urls[SANDBOX]).book()


def _log(stack: Stack, name: str) -> str:
    return (Path(stack.data) / "logs" / f"{name}.log").read_text("utf-8")


def _dump(stack: Stack, name: str) -> str:
    command = [str(installed_programs() / "pg_dump"), "--inserts", "--data-only"]
    admin = stack.admin_url.rpartition("/")[0]
    result = subprocess.run(
        [*command, f"{admin}/mashang_{name}"], capture_output=True, text=True, check=True
    )
    return result.stdout
