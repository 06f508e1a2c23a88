"""What older keys sealed is sealed anew in every table and file, while services run; what is left
is counted, and its key stays."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiohttp import ClientSession

from deploy.cli import main
from deploy.cli.keys import resealing
from deploy.cli.keys.sealed import COLUMNS, PASSING
from deploy.local.keys import Keys
from deploy.local.postgres import Postgres
from shared import config
from shared.flows import SERVICES
from shared.observe import log
from shared.values.seal import Seal, SealBroken
from tests.conftest import Clone
from tests.town import Town, environ

SEALED = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname ~ '_sealed$'
"""
WORDS = "等了一上午没有人"
HOLD = """
    INSERT INTO holds (submission_id, unit_code, reason, received_at, due_at, body, added, recused)
    VALUES ($1, 'n1', 'phone', now(), now(), $2, ARRAY[$3::jsonb], '{}')
"""
ATTACHED = """
    INSERT INTO attachments (attachment_id, receipt_hash, kind, size) VALUES ($1, $2, 'photo', 9)
"""
FOLLOWUP = """
    INSERT INTO followups (id, submission_id, number, words_sealed, received_at)
    VALUES ($1, $2, 1, $3, now())
"""
Mashang = Callable[..., Coroutine[Any, Any, tuple[int, str, str]]]


@asynccontextmanager
async def owned(templates: Postgres, url: str) -> AsyncIterator[asyncpg.Connection]:
    """The database of a URL as its owner, past row security."""
    conn = await asyncpg.connect(templates.url(url.rpartition("/")[2]))
    try:
        yield conn
    finally:
        await conn.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_every_sealed_column_is_on_the_list(
    service: str, clone: Clone, templates: Postgres
) -> None:
    """One that is added later is sealed anew, too, or this says so."""
    async with owned(templates, await clone(service)) as conn:
        found = {(service, *row) for row in await conn.fetch(SEALED)}
    listed = {(one.service, one.table, one.name) for one in COLUMNS if not one.inside}
    assert found == {one for one in listed | set(PASSING) if one[0] == service}


@pytest.mark.parametrize("service", {one.service: one for one in COLUMNS})
async def test_every_column_is_read_and_written_as_it_is(
    service: str, clone: Clone, templates: Postgres
) -> None:
    """The statements fit the tables, by their blocks; what is no longer as it was read stays."""
    async with owned(templates, await clone(service)) as conn:
        await conn.execute("SET enable_seqscan = off")  # these tables are empty
        for column in (one for one in COLUMNS if one.service == service):
            plan = await conn.fetch(f"EXPLAIN {resealing._read(column)}", "(0,0)", "(9,0)", ["x"])
            assert any("Tid Range Scan" in row[0] for row in plan), (column, plan)
            value = "[]" if column.array else "{}" if column.inside else ""
            told = await conn.execute(resealing._write(column), "(0,1)", "as it was", value)
            assert "UPDATE 0" == told


@pytest.fixture
def mashang(
    place: Town, templates: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Mashang:  # fmt: skip
    """`mashang keys …` beside the town, on its secrets in a folder."""
    monkeypatch.setattr(log, "configure", lambda *_: None)
    place.keys.write(tmp_path / "secrets.json")
    own = {"MASHANG_BACKUP_URL": templates.admin_url, "MASHANG_DATA": str(tmp_path)}
    own |= {f"DATABASE_URL_{name.upper()}": _url(place, name) for name in SERVICES}
    own["MASHANG_PHOTOS"] = place.settings["intake"].photos

    async def call(*arguments: str, **changed: str) -> tuple[int, str, str]:
        with environ({**os.environ, **own, **changed}):
            code = await asyncio.to_thread(main, ["keys", *arguments])
        return code, *capsys.readouterr()

    return call


def _url(place: Town, service: str) -> str:
    url: str = place.settings[service].database_url.get_secret_value()
    return url


async def fetch(place: Town, service: str, query: str, *values: object) -> Any:
    """One value."""
    async with place.databases[service].acquire() as conn:
        return await conn.fetchval(query, *values)


async def as_owner(place: Town, templates: Postgres, service: str, query: str, *told: Any) -> None:
    """One statement, past row security."""
    async with owned(templates, _url(place, service)) as conn:
        await conn.execute(query, *told)


async def test_all_that_an_older_key_sealed_is_sealed_anew_and_the_key_goes(
    place: Town, templates: Postgres, mashang: Mashang, tmp_path: Path
) -> None:
    """In columns, in documents, in lists of them, in files; past what keeps history as it was.

    Until then its key cannot be retired; of what does not open, it never can.
    """
    async with ClientSession() as http:
        receipt = await place.complain(http, words=WORDS, officer_typed="赵一")
    own, added, photo = UUID(receipt["submission_id"]), uuid4(), uuid4()
    old = place.settings["verification"].seal
    body = json.dumps({"submission_id": str(own), "phone_sealed": None, "words_sealed": None})
    later = {"addition_id": str(added), "words_sealed": old.close("还有", f"words:{added}")}
    held = (own, body, json.dumps(later, ensure_ascii=False))
    await as_owner(place, templates, "verification", HOLD, *held)
    await as_owner(place, templates, "intake", ATTACHED, photo, b"r")
    storage = place.settings["intake"].storage
    await storage.put(f"photo/{photo}", old.close_file(b"a picture", f"photo:{photo}"))

    for name in ("phone", "words", "photo"):
        assert 0 == (await mashang("rotate", name))[0]
        assert 0 == (await mashang("use", name, "2", "--yes"))[0]
        code, _, err = await mashang("retire", name, "1")
        assert (1, 1, True) == (code, len(err.splitlines()), "has sealed what is still" in err)
    told = (await mashang("reseal", "photo", MASHANG_PHOTOS=""))[2]
    assert told.endswith("lies somewhere, and MASHANG_PHOTOS is not set; set it as intake has it\n")
    for name in ("phone", "words", "photo"):
        code, out, err = await mashang("reseal", name)
        assert (0, "") == (code, err), out
    assert (
        "intake.submissions.words_sealed: 100 %, 0 values" in (await mashang("reseal", "words"))[1]
    )

    keys = Keys.of(tmp_path)
    rings = {name: config.keys(keys.ring(f"seal_{name}")) for name in ("phone", "words", "photo")}
    new = Seal({name: {"2": ring["2"]} for name, ring in rings.items()})  # type: ignore[misc]
    for service, query in (
        ("intake", "SELECT words_sealed FROM submissions WHERE id = $1"),
        ("verification", "SELECT words_sealed FROM cases WHERE submission_id = $1"),
    ):
        assert WORDS == new.open(await fetch(place, service, query, own), f"words:{own}")
    query = "SELECT details ->> 'officer_typed_sealed' FROM submissions WHERE id = $1"
    assert "赵一" == new.open(await fetch(place, "intake", query, own), f"words:{own}:officer")
    query = "SELECT phone_sealed FROM cases WHERE submission_id = $1"
    sealed = await fetch(place, "verification", query, own)
    assert "+8613977770100" == new.open(sealed, f"phone:{own}")
    with pytest.raises(SealBroken):
        old.open(sealed, f"phone:{own}")
    query = "SELECT added[1] ->> 'words_sealed' FROM holds WHERE submission_id = $1"
    assert "还有" == new.open(await fetch(place, "verification", query, own), f"words:{added}")
    content = await storage.get(f"photo/{photo}")
    assert b"a picture" == new.open_file(content, f"photo:{photo}")

    for name in ("phone", "photo"):
        assert (0, "") == (await mashang("retire", name, "1", "--yes"))[::2]
    await as_owner(place, templates, "intake", FOLLOWUP, uuid4(), own, "1.AAAA")
    code, out, err = await mashang("reseal", "words")
    assert (1, "mashang: 1 values do not open, and stay as they are\n") == (code, err)
    assert "1 in intake.followups" in (await mashang("retire", "words", "1"))[2]
    await as_owner(place, templates, "intake", "DELETE FROM followups")
    assert (0, "") == (await mashang("retire", "words", "1", "--yes"))[::2]


async def test_an_event_on_its_way_keeps_its_key(
    place: Town, templates: Postgres, mashang: Mashang
) -> None:
    """It is not sealed anew: it goes by itself, and only then may the key."""
    async with ClientSession() as http:
        await place.hand_in(http, words=WORDS)
    assert 0 == (await mashang("rotate", "words"))[0]
    assert 0 == (await mashang("use", "words", "2", "--yes"))[0]
    await mashang("reseal", "words")
    assert "1 in intake.outbox" in (await mashang("retire", "words", "1"))[2]


async def test_without_an_older_key_there_is_nothing_to_seal_anew(mashang: Mashang) -> None:
    """It says so, and asks no database."""
    assert (0, "words has no older key\n", "") == await mashang("reseal", "words")


async def test_what_was_ended_in_the_middle_goes_on_with_what_is_left(
    place: Town, templates: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few blocks at a time, told each time; what was done is not done again."""
    monkeypatch.setattr(resealing, "BLOCKS", 1)
    old, new = bytes(32), bytes(range(32))
    before, seal = Seal({"words": {"1": old}}), Seal({"words": {"2": new, "1": old}})
    async with ClientSession() as http:
        own = UUID((await place.hand_in(http))["submission_id"])
    names = [uuid4() for _ in range(200)]
    async with owned(templates, _url(place, "intake")) as conn:
        await conn.execute("DELETE FROM followups")
        for number, name in enumerate(names):
            sealed = before.close("x" * 100, f"words:{name}")
            query = FOLLOWUP.replace("$2, 1,", f"$2, {number},")
            await conn.execute(query, name, own, sealed)
        column = next(one for one in COLUMNS if one.table == "followups")
        first = [0]
        async with aclosing(resealing._column(conn, column, seal, "words")) as run:
            async for told in run:
                first.append(told.done)
                if told.done:
                    break
        rest = [told.done async for told in resealing._column(conn, column, seal, "words")]
        again = [told.done async for told in resealing._column(conn, column, seal, "words")]
        found = await conn.fetch("SELECT id, words_sealed FROM followups")
        await conn.execute("DELETE FROM followups")
    assert 0 < first[-1] < 200 == first[-1] + rest[-1]
    assert len(rest) > 2
    assert {0} == set(again)
    clear = {Seal({"words": {"2": new}}).open(row[1], f"words:{row[0]}") for row in found}
    assert {"x" * 100} == clear
