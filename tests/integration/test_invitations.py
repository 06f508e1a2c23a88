"""A window's people are invited at random: the draw can be repeated, an invitation works once."""

import asyncio
import csv
import io
import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from deploy.cli import invite
from deploy.cli.main import main
from services.intake.accept import codes
from services.intake.accept.store import phones
from services.intake.accept.store.invitations import Draw
from services.intake.open import jobs
from services.intake.open.drawing import Drawn, Invited, Sending, draw
from services.intake.open.rules import drawing as rules
from shared import policy
from shared.config import key_ring
from shared.db import Database
from shared.errors import Misconfigured
from tests.conftest import Clone
from tests.integration.intake_site import PUBLIC, UNIT, Site, settings, site
from tests.support import INDEX_KEY, SEAL_KEYS, at

SERVICE = "intake"
RING = key_ring(settings().code_keys)
DAY = date(2026, 7, 2)
NOW = datetime(2026, 7, 2, 6, 47, tzinfo=UTC)
SENDING = Sending(settings().seal, PUBLIC)
VISITS = [f"A{number:03}" for number in range(100)]


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake with a window."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def drawn(database: Database, visits: list[str], size: int = 10, unit: str = UNIT) -> Drawn:
    """A draw by 李四."""
    async with database.transaction() as conn:
        listed = dict.fromkeys(visits, "")
        return await draw(conn, RING, unit, listed, SENDING, size=size, by="李四", day=DAY)


async def rate(intake: Site, code: str, key: str, satisfaction: int = 4) -> int:
    """A rating with a code; its status."""
    answer = await intake.submit(
        key, code=code, kind="rating", satisfaction=satisfaction, words=None, categories=None,
        phone=None,
    )  # fmt: skip
    return answer.status


async def test_a_draw_can_be_repeated_by_whoever_has_the_list(
    intake: Site, database: Database
) -> None:
    """From what is recorded and no program of ours: the smallest hashes with the seed before."""
    done = await drawn(database, VISITS)
    told = done.draw
    assert (UNIT, DAY, 100, 10, "李四") == (
        told.unit_code, told.day, told.population, told.size, told.drawn_by
    )  # fmt: skip
    assert sha256("\n".join(sorted(VISITS)).encode()).hexdigest() == told.list_sha256
    by_hand = sorted(VISITS, key=lambda v: sha256(f"{told.seed}\n{v}".encode()).hexdigest())
    assert by_hand[:10] == [one.visit for one in done.invited]


async def test_the_same_list_is_drawn_from_once(intake: Site, database: Database) -> None:
    """In another order, with doubles, typed otherwise: the same draw; another size is refused."""
    first = await drawn(database, VISITS)
    again = await drawn(database, [*reversed(VISITS), " a001".upper(), "Ａ００２"])
    assert (first.draw, first.invited, True) == (again.draw, again.invited, again.again)
    with pytest.raises(Misconfigured, match="drawn from once"):
        await drawn(database, VISITS, size=11)
    other = await drawn(database, VISITS[1:])
    assert first.draw.seed != other.draw.seed
    assert 2 == len(await intake.fetch("SELECT FROM draws"))


async def test_a_draw_keeps_nobodys_visit(intake: Site, database: Database) -> None:
    """Neither the list nor who was drawn is stored, and no number of a code tells of a visit."""
    done = await drawn(database, VISITS)
    stored = str([dict(row) for row in await intake.fetch("SELECT * FROM draws")])
    assert [] == [visit for visit in VISITS if visit in stored.replace(done.draw.seed, "")]
    assert [] == [one.visit for one in done.invited if one.visit in one.code]
    assert 10 == len({one.code for one in done.invited})


async def test_history_of_draws_cannot_be_mended(database: Database, intake: Site) -> None:
    """An unwelcome draw stays, as it was, for the service as well."""
    await drawn(database, VISITS)
    async with database.acquire() as conn:
        for change in ("UPDATE draws SET size = 1", "DELETE FROM draws"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(change)


@pytest.mark.parametrize(
    ("unit", "size", "told"),
    [("nowhere", 10, "nowhere"), (UNIT, 0, "1 to 100"), (UNIT, 101, "1 to 100")],
)
async def test_what_cannot_be_drawn_is_told(
    intake: Site, database: Database, unit: str, size: int, told: str
) -> None:
    """An unknown window, nobody, more than there are; nothing is recorded."""
    with pytest.raises(Misconfigured, match=told):
        await drawn(database, VISITS, size, unit)
    assert [] == await intake.fetch("SELECT FROM draws")


async def test_an_invitation_opens_the_windows_page_and_works_once(
    intake: Site, database: Database
) -> None:
    """The same key may repeat, another gets 410 and no receipt; a forged number is no code."""
    code, other = (one.code for one in (await drawn(database, VISITS)).invited[:2])
    page = await intake.client.get(f"/w/{code}", headers={"Accept": "text/html"})
    assert 200 == page.status
    assert "驻马店市公安局车辆管理所业务大厅" in await page.text()
    assert [201, 200] == [await rate(intake, code, "k" * 20) for _ in range(2)]
    assert 410 == await rate(intake, code, "other-key-other-key")
    assert 201 == await rate(intake, other, "other-key-other-key")
    forged = UNIT + "0000000000" + code[len(UNIT) + 10 :]
    assert 422 == await rate(intake, forged, "f" * 20)
    assert 2 == len(await intake.fetch("SELECT FROM submissions"))


async def test_an_invitation_that_led_to_nothing_is_not_used_up(
    intake: Site, database: Database
) -> None:
    """Its form was lost before anything was stored: it works with another key."""
    code = (await drawn(database, VISITS)).invited[0].code
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO invitations_used VALUES ($1, $2)", sha256(code.encode()).digest(), b"lost"
        )
    assert 201 == await rate(intake, code, "k" * 20)
    assert 410 == await rate(intake, code, "l" * 20)


async def test_one_key_is_not_for_two_invitations(intake: Site, database: Database) -> None:
    """A program that sends two under one key counts one, and hears of it."""
    one, two = (each.code for each in (await drawn(database, VISITS)).invited[:2])
    assert 201 == await rate(intake, one, "k" * 20)
    assert 410 == await rate(intake, two, "k" * 20)


async def test_the_invited_count_apart(intake: Site, database: Database) -> None:
    """Beside those who came by themselves, with how many were asked."""
    policies = policy.load(settings().policy_file)
    with at(NOW):
        invited = (await drawn(database, VISITS)).invited
        for number, one in enumerate(invited[:6]):
            assert 201 == await rate(
                intake, one.code, f"invited-key-{number:08}", 5 - number % 2 * 4
            )
        for number in range(7):
            assert 201 == await rate(intake, codes.sign(RING, UNIT), f"volunteer-{number:010}")
        while await jobs.count_news(database, policies):
            pass
        told = await (await intake.client.get("/api/v1/open")).json()
    found = {row["source"]: row for row in told["satisfaction"] if row["month"] == "2026-07"}
    assert (10, 6) == (found["invited"]["drawn"], found["invited"]["rated"])
    assert (0, 7, 7) == tuple(
        found["volunteered"][name] for name in ("drawn", "rated", "satisfied")
    )


def test_a_drawn_sample_has_no_favourites() -> None:
    """Over many lists every visit is drawn about as often as any other."""
    times = dict.fromkeys(VISITS, 0)
    for number in range(1000):
        seed = rules.seed_of(b"k" * 32, UNIT, str(number))
        for visit in rules.drawn(VISITS, seed, 10):
            times[visit] += 1
    assert 55 < min(times.values()) < 100 < max(times.values()) < 150


def test_an_invitations_code_is_read_as_one() -> None:
    """With its number and unit; it is neither a counter's, nor a kiosk's, nor an officer's."""
    code = codes.invite(RING, UNIT, 42)
    found = codes.read(RING, f"https://x/w/{code}")
    assert (UNIT, "0000000042", None, None, None) == (
        found.unit_code, found.invitation, found.counter, found.kiosk, found.officer
    )  # fmt: skip
    assert codes.read(RING, code.lower()) == found
    with pytest.raises(codes.WrongCode):
        codes.read({"1": b"x" * 32}, code)


@pytest.fixture
async def environment(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Database]:
    """The variables with which the command finds intake, and its database."""
    url = await clone("intake")
    for name in [name for name in os.environ if name.startswith("MASHANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MASHANG_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("MASHANG_PUBLIC_URL", PUBLIC)
    monkeypatch.setenv("MASHANG_CODE_KEYS", settings().code_keys.get_secret_value())
    monkeypatch.setenv("MASHANG_INDEX_KEY", INDEX_KEY)
    monkeypatch.setenv("MASHANG_SEAL_KEYS_PHONE", SEAL_KEYS["seal_keys_phone"])
    database = await Database.connect(url, "intake", 1)
    async with database.transaction() as conn:
        await conn.execute("INSERT INTO units (code, name, parent, active, version)"
                           " VALUES ($1, 'x', 'x', true, 1)", UNIT)  # fmt: skip
    yield database
    await database.close()


async def test_the_command_writes_what_a_window_can_send(
    environment: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sheet of visits, phones, codes and links; twice the same; the draw on the screen."""
    source, out = tmp_path / "served.csv", tmp_path / "out.csv"
    rows = "\r\n".join(f"{visit},139777701{n:02}" for n, visit in enumerate(VISITS))
    source.write_bytes(f"办件号,手机号\r\n{rows}\r\n".encode("gb18030"))
    arguments = ["invite", "draw", UNIT, str(source), "--size", "5", "--by", "李四", "--out"]
    assert 0 == await asyncio.to_thread(main, [*arguments, str(out)]), capsys.readouterr()
    told = capsys.readouterr().out
    assert f"5 of 100 visits of {UNIT}, drawn by 李四" in told
    sheet = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert 5 == len(sheet)
    for row in sheet:
        assert f"{PUBLIC}/w/{row['code']}" == row["link"]
        assert f"139777701{int(row['visit'][1:]):02}" == row["phone"]
    before = out.read_bytes()
    assert 0 == await asyncio.to_thread(main, [*arguments, str(out)])
    assert before == out.read_bytes()


async def test_the_command_sends_sms(
    environment: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One to each phone that was drawn; codes only for the others, whose bad phones are named.

    Whoever wants no invitations is left out and counted; a second time nothing is sent.
    """
    source, out = tmp_path / "served.csv", tmp_path / "out.csv"
    source.write_text("visit,phone\nA1,13977770101\nA2,13977770102\nA3,0396-2912345\nA4,\n")
    index = settings().seal.index("+8613977770102")
    async with environment.transaction() as conn:
        await phones.add_word(conn, index, "a code of before", NOW, no_more=True)
    told = ["draw 1: 4 of 4 visits", "1 by SMS, 2 to hand out, 0 not asked again", "1 want no"]
    arguments = ["invite", "draw", UNIT, str(source), "--size", "4", "--by", "李四", "--sms"]
    for again in (False, True):
        assert 0 == await asyncio.to_thread(main, [*arguments, "--out", str(out)])
        said = capsys.readouterr()
        assert [] == [one for one in told if one not in said.out]
        assert ("A3: '0396-2912345' gets no SMS\n", again) == (
            said.err, "nothing is sent again" in said.out
        )  # fmt: skip
        sheet = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
        assert {("A1", "sms", False), ("A2", "declined", False), ("A3", "code", True),
                ("A4", "code", True)} == {
            (row["visit"], row["how"], bool(row["link"])) for row in sheet
        }  # fmt: skip
        async with environment.transaction() as conn:
            sent = await conn.fetch("SELECT FROM outbox WHERE type = 'invitation.drawn.v1'")
        assert 1 == len(sent)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        (b"number\n1\n", "no column of visits"),
        (b"visit,phone\nA1,1\n,2\n", "line 3: visit: is empty"),
        (b"visit\n\xff\xff\xff\n", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(raw: bytes, told: str) -> None:
    """In one line with its place."""
    with pytest.raises(Misconfigured, match=told):
        invite.read(raw, Path("served.csv"))


def test_a_visit_is_no_formula() -> None:
    """Whatever a queue machine calls it."""
    listed = invite.read(b"visit,phone\n=1+1,+8613977770100\n", Path("x.csv"))
    told = Draw(1, UNIT, DAY, "seed", "list", 1, 1, "x")
    sheet = invite.written(Drawn(told, [Invited("=1+1", "CODE")]), listed, PUBLIC)
    assert "'=1+1,'+8613977770100,code,CODE" in sheet


def test_an_apps_key_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And a name that could not be read is refused in a line."""
    monkeypatch.setenv("MASHANG_DATA", str(tmp_path))
    monkeypatch.setenv("MASHANG_CODE_KEYS", settings().code_keys.get_secret_value())
    assert 0 == main(["open311", "key", "cityapp"])
    assert capsys.readouterr().out.startswith("cityapp.")
    assert 1 == main(["open311", "key", "a b"])
    assert "letters" in capsys.readouterr().err
