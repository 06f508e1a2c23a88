"""The console script as a person calls it, on a real database; a real process where it matters."""

import asyncio
import io
import json
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.cli import main
from deploy.local.rabbitmq import RabbitMQ
from shared import asyncapi, flows
from shared.console import processes
from shared.db import Database
from shared.flows import SERVICES
from shared.jobs import JobState
from shared.observe import log
from tests.conftest import Clone, leashed
from tests.integration.verification_office import (
    OFFICERS,
    OTHER_UNIT,
    PASSWORD,
    PLACES,
    UNIT,
    UNITS,
)
from tests.support import CODE_KEYS, INDEX_KEY
from tests.town import environ

SERVICE = "verification"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Mashang = Callable[..., Awaitable[Result]]
Here = Callable[..., Result]
Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def url(clone: Clone) -> str:
    """A migrated database of its own."""
    return await clone(SERVICE)


@pytest.fixture
def surroundings(url: str, tmp_path: Path) -> dict[str, str]:
    """The service's environment, away from any local installation."""
    return {
        **{name: value for name, value in os.environ.items() if name != "AMQP_URL"},
        "DATABASE_URL": url,
        "MASHANG_DATA": str(tmp_path / "none"),
        "MASHANG_INDEX_KEY": INDEX_KEY,
        "MASHANG_CODE_KEYS": CODE_KEYS,
        "MASHANG_PUBLIC_URL": "https://mashang.example",
    }


@pytest.fixture
def mashang_process(surroundings: dict[str, str]) -> Start:
    """Starts the command."""

    async def start(*arguments: str, **changed: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *leashed("-m", "deploy.cli"), *arguments, cwd=ROOT, env=surroundings | changed,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    return start


@pytest.fixture
def mashang(
    surroundings: dict[str, str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Mashang:  # fmt: skip
    """Runs the command to its end in a thread of this process: a second less than in its own."""
    monkeypatch.setattr(log, "configure", lambda *_: None)

    async def run(*arguments: str, stdin: str = "", **changed: str) -> Result:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with environ(surroundings | changed):
            code = await asyncio.to_thread(main, arguments)
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a text to a file; its path."""

    def write(text: str) -> str:
        path = tmp_path / f"{uuid4()}.csv"
        path.write_text(text)
        return str(path)

    return write


Write = Callable[[str], str]


async def test_a_process_of_its_own(mashang_process: Start, file: Write) -> None:
    """What was done, or one line of what is wrong, comes out of it with its exit code."""
    ends = []
    for arguments in (
        ("directory", "import", file(PLACES)), ("directory", "import", "/nowhere/places.csv"),
        ("broker", "topology"),
    ):  # fmt: skip
        process = await mashang_process(*arguments, AMQP_URL="amqp://127.0.0.1:1/")
        out, err = await process.communicate()
        ends.append((process.returncode, out, len(err.splitlines())))
    done = b"places: 3 added, 0 changed, 0 unchanged\n"
    assert [(0, done, 0), (1, b"", 1), (1, b"", 1)] == ends


async def test_import_and_again(mashang: Mashang, file: Write) -> None:
    """An import says what it did; the second finds nothing to do."""
    await mashang("directory", "import", file(PLACES))
    first = await mashang("directory", "import", file(UNITS))
    again = await mashang("directory", "import", file(UNITS))
    assert (0, "units: 3 added, 0 changed, 0 unchanged\n") == (first.code, first.out)
    assert (0, "units: 0 added, 0 changed, 3 unchanged\n") == (again.code, again.out)


async def test_bad_rows(mashang: Mashang, file: Write) -> None:
    """Every bad row is named with what to do, the exit code is 1, and nothing was imported."""
    await mashang("directory", "import", file(PLACES))
    bad = await mashang("directory", "import", file(UNITS + "1,x,ZY,castle,0\n"))
    assert (1, "") == (bad.code, bad.out)
    assert "nothing was imported" in bad.err
    assert "line 5, kind: must be one of household" in bad.err
    good = await mashang("directory", "import", file(UNITS))
    assert "units: 3 added, 0 changed, 0 unchanged\n" == good.out


async def test_operators(mashang: Mashang, file: Write, url: str) -> None:
    """An operator is added with a password and disabled; mistakes are named by their option."""
    for sheet in (PLACES, UNITS, OFFICERS):
        await mashang("directory", "import", file(sheet))
    ada = ("operator", "add", "ada", "--name=阿达", "--role=unit_operator", "--password-stdin")
    wrong = await mashang(*ada, "--scope", "ZY", stdin=PASSWORD)
    short = await mashang(*ada, "--scope", UNIT, stdin="short\n")
    silent = await mashang(*ada, "--scope", UNIT)
    added = await mashang(*ada, "--scope", UNIT, "--badge", "170001", stdin=f"{PASSWORD}\n")
    assert [1, 1, 1, 0] == [wrong.code, short.code, silent.code, added.code]
    assert ("--scope" in wrong.err, "10 characters" in short.err) == (True, True)
    database = await Database.connect(url, SERVICE)
    async with database.acquire() as conn:
        stored = await conn.fetchval("SELECT password_hash FROM operators")
    await database.close()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in wrong.err + added.out + added.err
    assert 0 == (await mashang("operator", "disable", "ada")).code
    twice = await mashang("operator", "disable", "ada")
    assert (1, 1) == (twice.code, len(twice.err.splitlines()))


async def test_codes(mashang: Mashang, file: Write, tmp_path: Path) -> None:
    """Every unit and counter gets a picture whose address carries its signed code."""
    for sheet in (PLACES, UNITS):
        await mashang("directory", "import", file(sheet))
    out = ("--out", str(tmp_path / "codes"), "--format", "svg")
    done = await mashang("qr", "--all", "--counters", *out)
    names = sorted(path.name for path in (tmp_path / "codes").glob("[!.]*"))
    assert (0, 9) == (done.code, len(names))
    assert [f"{UNIT}-00.svg", f"{UNIT}-01.svg", f"{UNIT}-02.svg"] == [
        name for name in names if name.startswith(UNIT)
    ]
    one = await mashang("qr", "--unit", UNIT, "--counter", "2")
    assert f"https://mashang.example/w/{UNIT}-02-" in one.out
    for wrong in (("--unit", "nowhere"), ("--unit", UNIT, "--counter", "3"), ("--all",)):
        result = await mashang("qr", *wrong)
        assert (1, 1) == (result.code, len(result.err.splitlines()))


async def test_posters_kiosks_and_officers(mashang: Mashang, file: Write, tmp_path: Path) -> None:
    """Some units, each with what was asked for; a second run makes nothing again."""
    for sheet in (PLACES, UNITS, OFFICERS):
        await mashang("directory", "import", file(sheet))
    folder = tmp_path / "print"
    asked = ("qr", "--unit", UNIT, "--unit", OTHER_UNIT, "--kiosks", "1", "--officers")
    first = await mashang(*asked, "--out", str(folder), "--format", "a5", "--format", "png")
    names = {path.name for path in folder.glob("[!.]*")}
    assert (0, "") == (first.code, first.err)
    assert f"14 files for 8 codes of 2 units in {folder}" == first.out.splitlines()[0]
    posters = {f"{UNIT}-00-a5.pdf", f"{UNIT}-P170001-a5.pdf", f"{OTHER_UNIT}-00-a5.pdf"}
    assert posters | {f"{UNIT}-K1.png"} <= names
    assert f"{UNIT}-K1-a5.pdf" not in names
    (folder / f"{UNIT}-00-a5.pdf").unlink()
    again = await mashang(*asked, "--out", str(folder), "--format", "a5", "--format", "png")
    assert f"14 files for 8 codes of 2 units in {folder}, 13 of them from before\n" == again.out
    assert names == {path.name for path in folder.glob("[!.]*")}


async def test_the_events_as_a_document(mashang: Mashang) -> None:
    """Printed whole, as JSON for any tool, and without a database."""
    told = await mashang("events", "document", DATABASE_URL="", MASHANG_DATA="/nowhere")
    assert (0, "", asyncapi.document()) == (told.code, told.err, json.loads(told.out))


async def test_parked_events(mashang: Mashang, url: str) -> None:
    """Parked events are listed, shown and replayed; an unknown one is said in one line."""
    parked, service = uuid4(), ("--service", "verification")
    database = await Database.connect(url, SERVICE)
    async with database.acquire() as conn:
        await conn.execute(
            """INSERT INTO inbox_pending (consumer, event_id, type, body, state, error, parked_at)
               VALUES ('verification', $1, 'x.v1', '{"a": 1}', 'parked', 'bad', now())""",
            parked,
        )
    await database.close()
    listed = await mashang("events", "parked", *service)
    shown = await mashang("events", "show", str(parked), *service)
    replayed = await mashang("events", "replay", str(parked), *service)
    again = await mashang("events", "replay", str(parked), *service)
    assert (True, True) == (str(parked) in listed.out, '"a": 1' in shown.out)
    assert (0, 1) == (replayed.code, again.code)
    assert f"verification has no parked event {parked}" in again.err
    assert "1 events of verification will be tried again\n" == replayed.out
    nothing = await mashang("events", "replay", "--all", *service)
    assert (1, True) == (nothing.code, "no parked event that is meant" in nothing.err)


async def test_events_by_filter(mashang: Mashang, url: str) -> None:
    """Listed and discarded by type, error and age; asked before, and on record with the reason."""
    service = ("--service", "verification")
    database = await Database.connect(url, SERVICE)
    async with database.acquire() as conn:
        await conn.execute(
            """INSERT INTO inbox_pending (consumer, event_id, type, body, state, error, parked_at)
               SELECT 'verification', gen_random_uuid(), 'x.v' || n % 2,
                   '{"data": {"phone_sealed": "1.hidden", "phone_index": "0f0f"}}', 'parked',
                   'Bad(' || n || ')', now() - make_interval(hours => n)
               FROM generate_series(1, 240) AS n"""
        )
        one = await conn.fetchval("SELECT event_id FROM inbox_pending WHERE error = 'Bad(7)'")
    shown = await mashang("events", "show", str(one), *service)
    assert (False, False, True) == tuple(
        word in shown.out for word in ("hidden", "0f0f", "phone_sealed")
    )
    few = ("--type", "x.v1", "--older", "200")
    listed = await mashang("events", "list", *few, *service)
    assert "20 parked events in verification" == listed.out.splitlines()[-1]
    unsure = await mashang("events", "discard", *few, "--reason", "of a test", *service)
    assert (130, True) == (unsure.code, "never handled" in unsure.out)
    done = await mashang("events", "discard", *few, "--reason", "of a test", "--yes", *service)
    assert (0, "20 events of verification are discarded\n") == (done.code, done.out)
    rest = await mashang("events", "replay", "--error", "bad(", "--yes", *service)
    assert (0, "220 events of verification will be tried again\n") == (rest.code, rest.out)
    noted = (await mashang("events", "acts", *service)).out.splitlines()
    assert (2, True, True) == (
        len(noted), "replay  220 of 220" in noted[0], "of a test" in noted[1]
    )  # fmt: skip
    silent = await mashang("events", "discard", "--all", "--reason", " ", *service)
    assert (1, "mashang: --reason must say why\n") == (silent.code, silent.err)
    await database.close()


async def test_how_a_service_is(mashang: Mashang, url: str) -> None:
    """What waits and what its processes told; louder logs have an end."""
    database = await Database.connect(url, SERVICE)
    failed = JobState("sum", 1.0, None, datetime.now(UTC), "Bad()", late=True)
    await processes.tell(
        database,
        processes.Told(datetime.now(UTC), "takes nothing: low on memory", "info", [failed]),
    )
    await database.close()
    told = await mashang("events", "state", "--service", "verification")
    assert (0, True) == (
        told.code,
        "broker takes nothing: low on memory  log level info" in told.out,
    )
    assert re.search(r"sum +late +succeeded never +failed \d+ s ago: Bad\(\)", told.out)
    assert "pending   0\nparked    0\n" in told.out
    level = ("events", "level", "--service", "verification")
    louder = await mashang(*level, "debug", "--minutes", "5", "--reason", "a test")
    assert (0, "verification logs from debug on until") == (louder.code, louder.out[:37])
    for wrong in (("loud",), ("debug", "--minutes", "0"), ("debug", "--minutes", "99999")):
        assert 2 == (await mashang(*level, *wrong)).code


async def test_policy(mashang: Mashang, file: Write) -> None:
    """A good policy file is named with its dates; a bad one with every wrong key."""
    good = await mashang("policy", "check", "deploy/policy.toml")
    bad = await mashang("policy", "check", file("[[policy]]\neffective_from = 2019-05-15\n"))
    assert (0, True) == (good.code, "2019-05-15" in good.out)
    assert (1, True) == (bad.code, "policy of 2019-05-15: reward: missing" in bad.err)


async def test_nothing_to_work_on(mashang: Mashang, file: Write) -> None:
    """Without a database, keys or file: one line that says what to do."""
    away = "postgresql://nobody@127.0.0.1:1/none"
    results = [
        await mashang("directory", "import", file(UNITS), DATABASE_URL=away),
        await mashang("directory", "import", file(UNITS), DATABASE_URL=""),
        await mashang("directory", "import", file(UNITS), MASHANG_INDEX_KEY=""),
        await mashang("directory", "import", file(UNITS), MASHANG_INDEX_KEY="nonsense"),
        await mashang("directory", "import", "/nowhere/units.csv"),
        await mashang("policy", "check", "/nowhere/policy.toml"),
        await mashang("logs"),
        await mashang("broker", "topology"),
        await mashang("broker", "topology", AMQP_URL="amqp://127.0.0.1:1/"),
        await mashang("broker", "topology", AMQP_URL="nonsense"),
    ]
    assert [(1, 1)] * 10 == [(result.code, len(result.err.splitlines())) for result in results]


async def test_a_missing_file_is_not_a_missing_database(mashang: Mashang) -> None:
    """The line names the file, so that nobody looks for a database that is well."""
    result = await mashang("directory", "import", "/nowhere/units.csv")
    expected = "mashang: /nowhere/units.csv: No such file or directory\n"
    assert (1, expected) == (result.code, result.err)


WRONGLY_CALLED = [
    (),
    ("nothing",),
    ("events", "parked"),
    ("events", "parked", "--service=nobody"),
    ("events", "show", "not-an-id", "--service=scoring"),
    ("operator", "add", "ada", "--name=x", "--role=king", "--scope=x"),
    ("qr", "--unit=1", "--counter=many"),
    ("logs", "--level=loud"),
]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Calls the command in this process, for what ends before it reaches any server."""
    monkeypatch.setattr(log, "configure", lambda *_: None)

    def run(*arguments: str) -> Result:
        code = main(arguments)
        return Result(code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("arguments", WRONGLY_CALLED, ids=" ".join)
def test_wrongly_called(here: Here, arguments: tuple[str, ...]) -> None:
    """Whatever was mistyped: one line that names it and where to read more, and exit code 2."""
    result = here(*arguments)
    assert (2, 1) == (result.code, len(result.err.splitlines()))
    assert "--help" in result.err


@pytest.mark.parametrize("arguments", [("qr",), ("events", "replay", "--service=scoring")])
def test_a_choice_is_asked_for(here: Here, arguments: tuple[str, ...]) -> None:
    """Neither of two, where one is needed, is said in a line."""
    result = here(*arguments)
    assert (1, 1) == (result.code, len(result.err.splitlines()))


def test_help_names_every_command(here: Here) -> None:
    """A newcomer finds all of them from the top."""
    told = here("--help").out
    names = ("directory", "operator", "qr", "events", "policy", "broker", "logs")
    assert [] == [name for name in names if name not in told]
    assert "CSV or XLSX" in here("directory", "import", "--help").out


async def test_definitions_for_a_broker(mashang: Mashang) -> None:
    """Users with hashed passwords come out as JSON; who has no password yet is named."""
    password = "a-word-of-its-own"
    told = await mashang("broker", "definitions", MASHANG_BROKER_PASSWORD_SCORING=password)
    users = {user["name"]: user["password_hash"] for user in json.loads(told.out)["users"]}
    assert {True} == {users[f"mashang_{name}"] == "" for name in SERVICES if name != "scoring"}
    assert (0, True, False) == (told.code, users["mashang_scoring"] != "", password in told.out)
    assert "without a password: intake, verification, rewards, notifications\n" in told.err


async def test_the_topology_is_declared(mashang: Mashang, rabbitmq: RabbitMQ) -> None:
    """With an administrator's address every queue is there, as often as one likes."""
    for _ in range(2):
        told = await mashang("broker", "topology", AMQP_URL=rabbitmq.amqp_url)
        queues = len(list(flows.bindings()))
        assert (0, f"{queues} queues are declared and bound to mashang.events\n") == (
            told.code, told.out
        )  # fmt: skip


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """What a launcher leaves behind: logs of two services, and a service's environment."""
    data = tmp_path / "data"
    (data / "logs").mkdir(parents=True)
    (data / "env").mkdir()
    entry = {"level": "info", "event": "paid", "reward_id": "r1"}
    lines = [
        {"timestamp": f"2026-11-25T10:00:0{second}Z", "service": name} | entry | more
        for second, name, more in (
            (1, "rewards", {"event": "first"}),
            (3, "rewards", {"level": "warning", "event": "third"}),
            (2, "scoring", {"event": "second"}),
        )
    ]
    for name in ("rewards", "scoring"):
        own = [json.dumps(line) for line in lines if line["service"] == name]
        (data / "logs" / f"{name}.log").write_text("\n".join([*own, "printed", ""]))
    older = json.dumps({"timestamp": "2026-11-24T10:00:00Z", "service": "rewards"} | entry)
    (data / "logs" / "rewards.log.1").write_text(older + "\n")
    return data


async def test_logs_by_time(mashang: Mashang, installation: Path) -> None:
    """All services' lines are merged, turned files come first, printed lines stay in place."""
    data = {"MASHANG_DATA": str(installation)}
    told = (await mashang("logs", **data)).out.splitlines()
    events = ["paid", "first", "second", "printed", "third", "printed"]
    assert events == [re.split(r" +", line)[4] for line in told]
    own = (await mashang("logs", "scoring", **data)).out.splitlines()
    bad = (await mashang("logs", "--level", "warning", **data)).out.splitlines()
    raw = (await mashang("logs", "rewards", "--raw", "--level=warning", **data)).out
    assert (2, 1, "third") == (len(own), len(bad), json.loads(raw)["event"])
    nobody = await mashang("logs", "nobody", **data)
    assert (1, True) == (nobody.code, "there are: rewards, scoring" in nobody.err)


async def test_logs_are_followed_until_one_has_seen_enough(
    mashang_process: Start, installation: Path
) -> None:
    """New lines come as they are written, also after the file turned; Ctrl-C is a good end."""
    process = await mashang_process("logs", "rewards", "-f", MASHANG_DATA=str(installation))
    assert process.stdout
    for _ in range(3):
        await process.stdout.readline()
    path = installation / "logs" / "rewards.log"
    with path.open("a") as file:
        file.write("ValueError: new\n")
    assert b"ValueError: new" in await process.stdout.readline()
    path.rename(path.with_name("rewards.log.2"))
    path.write_text("ValueError: newer\n")
    assert b"ValueError: newer" in await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert (0, b"") == (process.returncode, err)


async def test_who_reads_no_further_breaks_nothing(
    mashang_process: Start, installation: Path
) -> None:
    """A closed pipe ends the command quietly."""
    with (installation / "logs" / "rewards.log").open("a") as file:
        file.writelines(f"line {n}\n" for n in range(100_000))
    process = await mashang_process("logs", MASHANG_DATA=str(installation))
    assert process.stdout
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]
    assert process.stderr
    assert (b"", 1) == (await process.stderr.read(), await process.wait())


async def test_a_local_installation_needs_no_variables(
    mashang: Mashang, installation: Path, url: str
) -> None:
    """What the launcher left in a file is found; an administrator's address is not taken for it."""
    (installation / "env" / "verification.env").write_text(f"DATABASE_URL={url}\n")
    data = {"MASHANG_DATA": str(installation)}
    service = ("--service", "verification")
    for given in ("", url.rpartition("/")[0] + "/postgres"):
        told = await mashang("events", "parked", *service, DATABASE_URL=given, **data)
        assert (0, "0 parked events in verification\n") == (told.code, told.out)
