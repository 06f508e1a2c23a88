"""The sandbox as a process: kills, stops, bad options, bad admin calls."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from deploy.sandbox.admin import is_local
from deploy.sandbox.config import ConfigError
from deploy.sandbox.customer import SEED, Client
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects import DIALECTS
from deploy.sandbox.options import parse
from deploy.sandbox.testing import OPTIONS, Inbox, SandboxProcess
from tests.vendors import AIRTIME, SMS, order, sms

PHONE = "+8613800000088"
GIVEN = [text for pair in OPTIONS.items() for text in pair]


def references(body: Any) -> set[str]:
    """What a report may be about, whichever vendor sent it."""
    found = set()
    for dialect in DIALECTS.values():
        with contextlib.suppress(LookupError, TypeError, ValueError):
            found.add(dialect.customer.told(body)[0])
    return found


async def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """After SIGKILL every answered order and SMS is there, open ones settle, faults stay armed."""
    async with Inbox() as inbox, ClientSession() as session:
        with SandboxProcess(tmp_path, {f"--{SMS.name}-report-url": inbox.url}) as process:
            client = Client(session, process.url)
            await client.arm(SMS.name, "empty_wallet", count=1, path="/never")
            ids = [f"order-{n}" for n in range(20)]
            answers = await asyncio.gather(
                *(order(client, i, PHONE, report_to=inbox.url) for i in ids),
                sms(client, "13800000088", "answered"),
            )
            process.kill()
            process.start()
            settled = [await client.settled(i) for i in ids]
            assert {True} == {200 <= status < 300 for status, _ in answers}
            assert {"COMPLETED"} == {line["status"] for line in settled}
            assert {"CNY": 40000} == (await client.book())["airtime"]["sum_fen"]
            heard = [references(await inbox.next()) for _ in range(21)]
            assert {*ids, "answered"} == set().union(*heard)
            assert 1 == (await client.book(external="answered"))["sms"]["delivered_count"]
            assert 1 == len((await client.call("GET", "/admin/faults"))[1]["faults"])


async def enough(accepted: list[str], wanted: int) -> None:
    """Wait until so many orders were accepted."""
    while True:
        if len(accepted) >= wanted:
            return
        await asyncio.sleep(0.005)


async def test_kills_while_orders_flow(tmp_path: Path) -> None:
    """Over three kills in mid-flight every order that was answered is in the book, exactly once."""
    async with ClientSession() as session:
        with SandboxProcess(tmp_path) as process:
            client = Client(session, process.url)
            accepted: list[str] = []

            async def keep_ordering(lane: int) -> None:
                for n in range(1000):
                    try:
                        status, _ = await order(client, f"{lane}-{n}", PHONE)
                    except ClientError:
                        return
                    assert 200 <= status < 300
                    accepted.append(f"{lane}-{n}")

            for round_ in range(3):
                before = len(accepted)
                lanes = [asyncio.create_task(keep_ordering(10 * round_ + i)) for i in range(4)]
                await enough(accepted, before + 12)
                process.kill()
                await asyncio.gather(*lanes)
                process.start()
            booked = [t["external_id"] for t in (await client.book())["airtime"]["transactions"]]
    assert len(set(booked)) == len(booked)
    assert set(accepted) <= set(booked)


def test_sigterm_ends_cleanly(tmp_path: Path) -> None:
    """SIGTERM ends the process with exit code 0, and it starts again on the same book."""
    process = SandboxProcess(tmp_path)
    process.start()
    assert 0 == process.stop()
    process.start()
    assert 0 == process.stop()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "deploy.sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_taken_port_is_one_line(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """A port in use ends the start with one clear line and exit code 1."""
    port = sandbox.url.rpartition(":")[2]
    ended = run(*GIVEN, "--data", str(tmp_path), "--port", port)
    assert 1 == ended.returncode
    assert 1 == len(ended.stderr.splitlines())
    assert port in ended.stderr


def test_a_folder_serves_one_sandbox(tmp_path: Path) -> None:
    """A second sandbox on the same book is refused with one line."""
    with SandboxProcess(tmp_path):
        ended = run(*GIVEN, "--data", str(tmp_path), "--port", "0")
    assert 1 == ended.returncode
    assert "another sandbox uses" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "mention"),
    [
        (["--data", "d", "--port", "high"], "--port"),
        (["--data", "d", "--delay-scale", "-1"], "--delay-scale"),
        *(
            (["--data", "d", f"--{d.name}-{field.replace('_', '-')}", ""], d.variable(field))
            for d in DIALECTS.values()
            for field in d.secrets
        ),
        (["--data", "d", f"--{SMS.name}-report-url", "nowhere"], SMS.variable("report_url")),
        ([], "--data"),
        (["--colour"], "--colour"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], mention: str) -> None:
    """The message names the option, and the variable that could stand in for it."""
    with pytest.raises(ConfigError, match=mention):
        parse([*GIVEN, *arguments], {})


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_a_missing_key_is_one_line(dialect: Dialect) -> None:
    """Without keys the command says which one is missing and how to give it."""
    others = {n: t for d in DIALECTS.values() if d is not dialect for n, t in account(d).items()}
    with pytest.raises(ConfigError) as caught:
        parse(["--data", "d"], others)
    assert f"(or {dialect.variable(dialect.secrets[0])}): Field required" in str(caught.value)


def account(dialect: Dialect) -> dict[str, str]:
    """A customer's side of an account."""
    return dialect.environment(SEED)


def test_the_services_environment_is_enough() -> None:
    """What each adapter is told, the sandbox understands, or it is the customer's own."""
    told = {n: t for d in DIALECTS.values() for n, t in account(d).items()}
    config = parse(["--data", "d"], told | {SMS.variable("report_url"): "http://127.0.0.1:1/x"})
    for dialect in DIALECTS.values():
        known = config.accounts[dialect.name].model_dump()
        wanted = {f: known[f] for f in (*dialect.secrets, *dialect.values) if f in known}
        assert set(dialect.secrets) <= set(wanted)
        assert {dialect.variable(f): str(v) for f, v in wanted.items()}.items() <= account(
            dialect
        ).items()
    assert "http://127.0.0.1:1/x" == config.accounts[SMS.name].model_dump()["report_url"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"vendor": "nobody", "kind": "garbage"}, "vendor"),
        ({"vendor": AIRTIME.name, "kind": "sulk"}, "kind"),
        ({"vendor": AIRTIME.name, "kind": "garbage", "probability": 2}, "probability"),
        ({"vendor": AIRTIME.name, "kind": "garbage", "count": 0}, "count"),
        ({"vendor": AIRTIME.name, "kind": "garbage", "delay_s": -1}, "delay_s"),
        ({"vendor": AIRTIME.name, "kind": "garbage", "colour": "red"}, "colour"),
        ({"vendor": SMS.name, "kind": "late_reversal"}, "kind"),
        ({"kind": "garbage"}, "vendor"),
    ],
)
async def test_a_bad_fault_names_the_field(
    client: Client, body: dict[str, object], field: str
) -> None:
    """A fault that cannot be armed is problem+json with the field's name."""
    status, problem = await client.call("POST", "/admin/faults", json=body)
    assert 422 == status
    assert [field] == [e["field"] for e in problem["errors"]]
    assert 422 == problem["status"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/admin/book?vendor=nobody", "vendor"),
        ("/admin/book?colour=red", "colour"),
        (f"/admin/statement?vendor={AIRTIME.name}", "day"),
        (f"/admin/statement?vendor={AIRTIME.name}&day=2026-02-30", "day"),
        (f"/admin/statement?vendor={SMS.name}&day=2026-02-20", "vendor"),
    ],
)
async def test_a_bad_query_names_the_field(client: Client, path: str, field: str) -> None:
    """A bad filter is problem+json with the field's name, not an unfiltered answer."""
    status, problem = await client.call("GET", path)
    assert (422, [field]) == (status, [e["field"] for e in problem["errors"]])


@pytest.mark.parametrize(
    ("changed", "status"),
    [({}, 409), ({"vendor": AIRTIME.name}, 422), ({"phone": "02012345678"}, 422),
     ({"text": ""}, 422)],
)  # fmt: skip
async def test_a_reply_that_cannot_be_brought(
    client: Client, changed: dict[str, str], status: int
) -> None:
    """Without an address, from no mobile phone, of no words or through no vendor of SMS."""
    body = {"vendor": SMS.name, "phone": "+8613800000088", "text": "1"} | changed
    assert status == (await client.call("POST", "/admin/replies", json=body))[0]


async def test_other_admin_errors_are_problems(client: Client) -> None:
    """Broken JSON, unknown paths and methods are problem+json too."""
    asked = [
        await client.call("POST", "/admin/faults", data=b"{"),
        await client.call("GET", "/admin/nothing"),
        await client.call("PUT", "/admin/book"),
        await client.call("GET", "/"),
    ]
    assert [422, 404, 405, 404] == [status for status, _ in asked]
    assert [422, 404, 405, 404] == [problem["status"] for _, problem in asked]


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.0.0.8", False),
        ("fe80::1%eth0", False),
        (None, False),
    ],
)
def test_only_this_machine_is_local(address: str | None, wanted: bool) -> None:
    """The admin API is closed to every address but loopback."""
    assert wanted == is_local(address)


async def test_the_book_filters_and_is_forgotten(client: Client) -> None:
    """The book is narrowed by vendor and by our id; forgetting it frees the ids."""
    await order(client, "a", PHONE)
    await order(client, "b", PHONE)
    await sms(client, "13800000088", "a")
    only_a = await client.book(vendor=AIRTIME.name, external="a")
    assert ["a"] == [t["external_id"] for t in only_a["airtime"]["transactions"]]
    assert [] == only_a["sms"]["messages"]
    deleted = (await client.call("DELETE", "/admin/book"))[1]["deleted"]
    assert (2, 1) == (deleted["airtime"], deleted["sms"])
    assert (await order(client, "a", PHONE))[0] < 300


async def test_no_answer_names_the_software(tmp_path: Path) -> None:
    """Neither one of a vendor nor an admin's, nor that to what is no request at all."""
    with SandboxProcess(tmp_path) as process:
        async with ClientSession() as session:
            for path in ("/admin/book", AIRTIME.url, f"{SMS.url}/x", "/nowhere"):
                async with session.get(f"{process.url}{path}") as response:
                    assert "sandbox" == response.headers["Server"], path
        host, port = process.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"NONSENSE\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert b"Server: sandbox" in answer
    assert b"aiohttp" not in answer.split(b"\r\n\r\n")[0]
