"""Files of the directory by its page: looked at first, then taken as shown; and exported."""

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import pytest
from aiohttp import FormData

from services.verification.directory.rules import sheets
from services.verification.directory.store import units
from shared.db import Database
from shared.values import clock, workbook
from tests.integration.verification_office import FAR_UNIT, UNIT, Office, import_all, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
PAGE = "/desk/directory/import"
HEAD = "code,name,parent,kind,counters"
CHANGED = f"""{HEAD}
{UNIT},寒冻派出所户政窗口,ZY,household,2
new.one,新户籍室,ZY,household,1
"""
OFFICERS = f"badge,name,unit_code\n170001,甲,{UNIT}\n"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def upload(bureau: Office, who: str, raw: bytes) -> Tab:
    """Somebody's browser after it has sent a file, and followed where that led."""
    own = await tab(bureau, who)
    assert 200 == await own.get(PAGE)
    hidden = dict(re.findall('type="hidden" name="(csrf|key)" value="([^"]+)"', own.text))
    form = FormData(hidden)
    form.add_field("file", io.BytesIO(raw), filename="x.csv")
    own.status = await own.post(PAGE, form)
    if own.status == 303:
        own.status = await own.get(own.location)
    return own


def mark(own: Tab) -> tuple[str, str]:
    """What the form under a preview says was shown."""
    found = re.search('name="mark" value="([0-9a-f]+)"', own.text)
    assert found, own.text
    return "mark", found[1]


async def confirm(bureau: Office, who: str) -> None:
    """The password was typed lately, in all their sessions."""
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE sessions SET confirmed_at = mashang_now()")


async def names(bureau: Office) -> dict[str, str]:
    """The units' names."""
    async with bureau.database.acquire() as conn:
        return await units.list_all_names(conn)


async def test_a_file_is_looked_at_and_then_taken(bureau: Office) -> None:
    """What is new, what changes from what to what, what is not in it; stored only with the yes."""
    admin = await upload(bureau, "admin", CHANGED.encode())
    for said in (
        "第 3 行：新户籍室",
        "寒冻派出所户籍室 → <b>寒冻派出所户政窗口",
        FAR_UNIT,
        "新增 1 个、更改 1 个",
    ):
        assert said in admin.text, said
    before = await names(bureau)
    assert "new.one" not in before
    where, shown = admin.location, mark(admin)
    await confirm(bureau, "admin")
    assert 303 == await admin.send(where, shown)
    assert 200 == await admin.get(admin.location)
    assert "新增 1 个，更改 1 个" in admin.text
    after = await names(bureau)
    assert before | {UNIT: "寒冻派出所户政窗口", "new.one": "新户籍室"} == after
    assert 404 == await admin.get(where)
    async with bureau.database.acquire() as conn:
        who = await conn.fetchval("SELECT changed_by FROM directory_changes WHERE code = 'new.one'")
    assert "admin" == who


async def test_every_fault_is_told_where_it_is(bureau: Office) -> None:
    """By sheet, row and column, in words; nothing of such a file is kept."""
    rows = [(UNIT, "寒冻", "ZY", "castle", 2), ("x/y", "好", "nowhere", "household", "two")]
    admin = await upload(bureau, "admin", workbook.write("单位", HEAD.split(","), rows))
    assert 422 == admin.status
    plain = re.sub("<[^>]+>", "", admin.text)
    for said in ("工作表“单位” 第 2 行 · kind", "第 3 行 · code", "第 3 行 · counters"):
        assert said in plain, said
    async with bureau.database.acquire() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM import_previews")
    for raw in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"x" * (2 * 1024 * 1024 + 1)):
        assert 422 == (await upload(bureau, "admin", raw)).status


async def test_what_changed_meanwhile_is_shown_anew(bureau: Office, database: Database) -> None:
    """Nobody confirms what they have not seen."""
    admin = await upload(bureau, "admin", CHANGED.encode())
    where, shown = admin.location, mark(admin)
    await import_all(database, f"{HEAD}\n{UNIT},别的名字,ZY,household,2\n")
    await confirm(bureau, "admin")
    assert 409 == await admin.send(where, shown)
    assert "别的名字 → <b>寒冻派出所户政窗口" in admin.text
    assert "别的名字" == (await names(bureau))[UNIT]
    assert 303 == await admin.send(where, mark(admin))
    assert "寒冻派出所户政窗口" == (await names(bureau))[UNIT]


async def test_a_file_waits_an_hour_for_whoever_sent_it(bureau: Office) -> None:
    """Sealed, for nobody else, and then no more."""
    admin = await upload(bureau, "admin", CHANGED.encode())
    where, shown = admin.location, mark(admin)
    async with bureau.database.acquire() as conn:
        sealed = await conn.fetchval("SELECT file_sealed FROM import_previews")
        assert "新户籍室".encode() not in sealed
    assert 404 == await (await tab(bureau, "security")).get(where)
    async with bureau.database.acquire() as conn:
        await conn.execute(
            "UPDATE import_previews SET made_at = $1", clock.now() - timedelta(hours=2)
        )
    await confirm(bureau, "admin")
    assert 404 == await admin.send(where, shown)
    assert "已超过一小时" in admin.text
    assert "new.one" not in await names(bureau)


@pytest.mark.parametrize(
    ("who", "file", "said"),
    [
        ("admin", OFFICERS, "由别的角色维护"),
        ("county", CHANGED, "由别的角色维护"),
        ("elsewhere", OFFICERS, "不在您的辖区内"),
        ("county", OFFICERS.replace(UNIT, FAR_UNIT), "不在您的辖区内"),
        (
            "security",
            "username,name,role,scope\nsecurity,安全员,auditor,ZMD\n",
            "不能更改自己的账号",
        ),
    ],
)
async def test_everybody_imports_only_what_they_keep(
    bureau: Office, who: str, file: str, said: str
) -> None:
    """Units, officers below oneself, and operators but oneself; the others are told why not."""
    own = await upload(bureau, who, file.encode())
    assert (422, True) == (own.status, said in own.text)


@pytest.mark.parametrize(
    ("who", "kind", "form"),
    [
        ("admin", "units", "csv"), ("admin", "places", "xlsx"), ("county", "officers", "csv"),
        ("city", "officers", "xlsx"), ("security", "operators", "csv"),
    ],
)  # fmt: skip
async def test_an_export_changes_nothing_when_it_is_imported(
    bureau: Office, who: str, kind: str, form: str
) -> None:
    """Only what is at or below one's own place; without phones and passwords, and they stay."""
    headers = {"Cookie": f"mashang={await bureau.token(who)}", "Accept": "text/html"}
    address = f"/desk/directory/export/{kind}.{form}"
    async with bureau.client.get(address, headers=headers) as answer:
        assert 200 == answer.status
        assert answer.headers["Content-Disposition"].endswith(f".{form}")
        raw = await answer.read()
    codes = {getattr(row, "badge", "") for _, row in sheets.read(raw).rows}
    assert "170001" in codes or kind != "officers"
    own = await upload(bureau, who, raw)
    assert (200, True) == (own.status, "什么也不会改" in unescape(own.text))
    assert 404 == await own.get(f"/desk/directory/export/{kind}.pdf")
    assert 404 == await own.get("/desk/directory/export/passwords.csv")


WINDOWS = f"""单位代码,窗口号,窗口名称,办理事项
{UNIT},1,户籍窗口,落户；领证
{UNIT},2,证件窗口,
"""


async def take(bureau: Office, raw: bytes) -> Tab:
    """A file of the administrator's, looked at and taken."""
    admin = await upload(bureau, "admin", raw)
    assert 200 == admin.status, admin.text
    await confirm(bureau, "admin")
    assert 303 == await admin.send(admin.location, mark(admin))
    return admin


async def windows(bureau: Office) -> list[tuple[str, int, str, list[str], bool, int, str]]:
    """As they are kept."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch("SELECT * FROM windows ORDER BY unit_code, counter")
    named = ("unit_code", "counter", "name", "matters", "active", "version", "changed_by")
    return [tuple(row[name] for name in named) for row in rows]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_windows_come_and_go_as_a_file(bureau: Office, form: str) -> None:
    """With their matters; what is exported changes nothing, and the history has who and when."""
    await take(bureau, WINDOWS.encode())
    first = (UNIT, 1, "户籍窗口", ["落户", "领证"], True, 1, "admin")
    assert [first, (UNIT, 2, "证件窗口", [], True, 1, "admin")] == await windows(bureau)
    headers = {"Cookie": f"mashang={await bureau.token('admin')}", "Accept": "text/html"}
    address = f"/desk/directory/export/windows.{form}"
    async with bureau.client.get(address, headers=headers) as answer:
        raw = await answer.read()
    assert "什么也不会改" in unescape((await upload(bureau, "admin", raw)).text)
    changed = WINDOWS.replace("证件窗口,", "身份证窗口,换证").replace(
        "户籍窗口,落户；领证", "户籍窗口,落户"
    )
    await take(bureau, f"{changed.splitlines()[0]},启用\n{changed.splitlines()[2]},否\n".encode())
    third = (UNIT, 2, "身份证窗口", ["换证"], False, 2, "admin")
    assert [first, third] == await windows(bureau)
    async with bureau.database.acquire() as conn:
        noted = await conn.fetch(
            "SELECT code, version, changed_by FROM directory_changes WHERE kind = 'windows'"
            " ORDER BY change_id"
        )
    assert [(f"{UNIT}/1", 1), (f"{UNIT}/2", 1), (f"{UNIT}/2", 2)] == [
        (row["code"], row["version"]) for row in noted
    ]


async def test_windows_that_cannot_be_are_told(bureau: Office) -> None:
    """One that is there twice, of no unit, more than the unit has; and who does not keep them."""
    admin = await upload(bureau, "admin", f"{WINDOWS}{UNIT},1,再来一个,\n".encode())
    assert 422 == admin.status
    rows = f"{WINDOWS}{UNIT},9,第九窗口,\nnowhere,1,没有的,\n{UNIT},x,不是数,\n"
    for part, said in (
        (rows.rsplit("\n", 3)[0], "该单位只有 2 个窗口"),
        (rows.replace(f"{UNIT},9,第九窗口,\n", "").rsplit("\n", 2)[0], "nowhere"),
        (rows, "counter"),
    ):
        admin = await upload(bureau, "admin", part.encode())
        assert (422, True) == (admin.status, said in admin.text), (part, admin.text)
    county = await upload(bureau, "county", WINDOWS.encode())
    assert "由别的角色维护" in county.text
    assert [] == await windows(bureau)
