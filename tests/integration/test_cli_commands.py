"""The console script as a person calls it: real processes on a real database."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from shared.db import Database
from tests.conftest import Clone
from tests.integration.verification_office import OFFICERS, PASSWORD, PLACES, UNIT, UNITS
from tests.support import CODE_KEYS, INDEX_KEY

SERVICE = "verification"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Mashang = Callable[..., Awaitable[Result]]


@pytest.fixture
async def url(clone: Clone) -> str:
    """A migrated database of its own."""
    return await clone(SERVICE)


@pytest.fixture
def mashang(url: str, tmp_path: Path) -> Mashang:
    """Runs the command with the service's environment, away from any local installation."""
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "MASHANG_DATA": str(tmp_path / "none"),
        "MASHANG_INDEX_KEY": INDEX_KEY,
        "MASHANG_CODE_KEYS": CODE_KEYS,
        "MASHANG_PUBLIC_URL": "https://mashang.example",
    }

    async def run(*arguments: str, stdin: str = "", **changed: str) -> Result:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.cli", *arguments, cwd=ROOT, env=env | changed,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(stdin.encode())
        assert b"Traceback" not in err
        return Result(process.returncode or 0, out.decode(), err.decode())

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
    await mashang("directory", "import", file(PLACES))
    await mashang("directory", "import", file(UNITS))
    await mashang("directory", "import", file(OFFICERS))
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
    await mashang("directory", "import", file(PLACES))
    await mashang("directory", "import", file(UNITS))
    done = await mashang("qr", "--all", "--out", str(tmp_path / "codes"))
    names = sorted(path.name for path in (tmp_path / "codes").iterdir())
    assert (0, 9) == (done.code, len(names))
    assert [f"{UNIT}-00.svg", f"{UNIT}-01.svg", f"{UNIT}-02.svg"] == [
        name for name in names if name.startswith(UNIT)
    ]
    one = await mashang("qr", "--unit", UNIT, "--counter", "2")
    assert f"https://mashang.example/w/{UNIT}-02-" in one.out
    for wrong in (("--unit", "nowhere"), ("--unit", UNIT, "--counter", "3"), ("--all",)):
        result = await mashang("qr", *wrong)
        assert (1, 1) == (result.code, len(result.err.splitlines()))


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
    assert 0 == (await mashang("events", "replay", "--all", *service)).code


async def test_policy(mashang: Mashang, file: Write) -> None:
    """A good policy file is named with its dates; a bad one with every wrong key."""
    good = await mashang("policy", "check", "deploy/policy.toml")
    bad = await mashang("policy", "check", file("[[policy]]\neffective_from = 2019-05-15\n"))
    assert (0, True) == (good.code, "2019-05-15" in good.out)
    assert (1, True) == (bad.code, "policy of 2019-05-15: reward: Field required" in bad.err)


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
    ]
    assert [(1, 1)] * 6 == [(result.code, len(result.err.splitlines())) for result in results]


async def test_a_missing_file_is_not_a_missing_database(mashang: Mashang) -> None:
    """The line names the file, so that nobody looks for a database that is well."""
    result = await mashang("directory", "import", "/nowhere/units.csv")
    expected = "mashang: /nowhere/units.csv: No such file or directory\n"
    assert (1, expected) == (result.code, result.err)
