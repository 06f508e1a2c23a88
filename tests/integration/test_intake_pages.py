"""The citizens' pages of intake: form, receipt, and what stands where neither can be shown."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from services.intake.accept.store import units
from shared.db import Database
from shared.events import CaseOpened
from tests.integration.intake_site import UNIT, Site, code, site

SERVICE = "intake"
NAME = "驻马店市公安局车辆管理所业务大厅"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows UNIT."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def page(intake: Site, path: str, status: int = 200) -> str:
    """A page's HTML, after checking its status."""
    response = await intake.client.get(path, headers={"Accept": "text/html"})
    assert status == response.status
    return await response.text()


def hidden(text: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found
    return html.unescape(found[1])


async def send(
    intake: Site, path: str, lang: str = "zh", **fields: str | list[str]
) -> tuple[int, str, str]:
    """Post a form as a browser does: (status, Location, HTML)."""
    pairs = [
        (name, value)
        for name, values in fields.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    response = await intake.client.post(
        path,
        data=pairs,
        headers={"Accept": "text/html", "Accept-Language": lang},
        allow_redirects=False,
    )
    return response.status, response.headers.get("Location", ""), await response.text()


async def test_the_first_page_is_small_and_needs_no_script(intake: Site) -> None:
    """With all that it loads, 30 kB over the wire; the one script is a file, and comes last."""
    form = await page(intake, f"/w/{code(counter=3)}")
    weight = len(form.encode())
    for address in re.findall('(?:href|src)="(/static/[^"]+)"', form):
        response = await intake.client.head(address, headers={"Accept-Encoding": "gzip"})
        assert "immutable" in response.headers["Cache-Control"]
        weight += int(response.headers["Content-Length"])
    assert NAME in form
    assert "3 号窗口" in form
    assert ["defer></script>"] == [one[-16:].strip() for one in re.findall("<script.*", form)]
    assert weight < 30_000


async def test_one_tap_rates(intake: Site) -> None:
    """A tap on a friendly face stores a rating and leads to its receipt."""
    path = f"/w/{code()}"
    key = hidden(await page(intake, path), "key")
    status, location, _ = await send(
        intake, path, key=key, step="tap", kind="rating", satisfaction="5", words=""
    )
    (row,) = await intake.fetch("SELECT kind, satisfaction FROM submissions")
    receipt = await page(intake, location)
    assert (303, "rating", 5) == (status, *row)
    assert location.endswith("/thanks")
    assert "谢谢，您的评价已计入" in receipt


async def test_a_low_face_asks_before_anything_is_sent(intake: Site) -> None:
    """A tap on a low face shows categories and keeps words and key; sending that stores it."""
    path = f"/w/{code()}"
    fields = {"key": "k" * 20, "kind": "rating", "satisfaction": "1", "words": "等了三个小时"}
    status, _, details = await send(intake, path, step="tap", **fields)
    assert 200 == status
    assert [] == await intake.fetch("SELECT FROM submissions")
    assert "等了三个小时" in details
    assert "k" * 20 == hidden(details, "key")
    fields["kind"] = "complaint"
    status, _, _ = await send(
        intake, path, step="details", categories=["inefficiency", "other"], **fields
    )
    (row,) = await intake.fetch("SELECT kind, satisfaction, categories FROM submissions")
    assert (303, "complaint", 1, ["inefficiency", "other"]) == (status, *row)


async def test_errors_keep_what_was_typed(intake: Site) -> None:
    """Errors stand above the form, link to the fields, and every field keeps its value."""
    status, _, shown = await send(
        intake,
        f"/w/{code()}/complaint",
        key="k" * 20,
        kind="complaint",
        categories=["other"],
        words="<b>引号\"和'</b>",
        phone="1380",
        officer_badge="7" * 21,
        consent="1",
    )
    assert 422 == status
    assert '<a href="#phone">号码不完整' in shown
    assert '<a href="#officer_badge">这里只填一个警号，最多 20 个字母或数字' in shown
    assert "&lt;b&gt;引号&#34;和&#39;&lt;/b&gt;</textarea>" in shown
    assert 'value="1380"' in shown
    assert f'value="{"7" * 21}"' in shown
    assert 'value="other" checked' in shown
    assert shown.index('id="errors"') < shown.index("<form")
    assert [] == await intake.fetch("SELECT FROM submissions")


async def test_changing_the_language_keeps_what_was_typed(intake: Site) -> None:
    """The switch re-shows the form in English with the words, and sends nothing."""
    status, _, shown = await send(
        intake, f"/w/{code()}/request?lang=en",
        key="k" * 20, kind="request", words="身份证丢了", phone="1", urgent="1", switch="1",
    )  # fmt: skip
    assert 200 == status
    assert "I need something" in shown
    assert "身份证丢了" in shown
    assert 'name="urgent" value="1" checked' in shown
    assert [] == await intake.fetch("SELECT FROM submissions")


async def test_pressing_send_twice_gives_one_receipt(intake: Site) -> None:
    """The hidden key makes a double tap one submission with one receipt."""
    fields = {"key": "k" * 20, "kind": "request", "words": "补办身份证"}
    first = await send(intake, f"/w/{code()}/request", **fields)
    second = await send(intake, f"/w/{code()}/request", **fields)
    assert first == second
    assert 1 == len(await intake.fetch("SELECT FROM submissions"))


async def test_a_changed_form_sent_again_is_asked_about(intake: Site) -> None:
    """After going back and changing, the form comes again with a link to the first receipt."""
    fields = {"key": "k" * 20, "kind": "request"}
    path = f"/w/{code()}/request"
    _, location, _ = await send(intake, path, words="补办身份证", **fields)
    status, _, shown = await send(intake, path, words="补办户口本", **fields)
    assert 422 == status
    assert location.removesuffix("?new=1") in shown
    fields["key"] = hidden(shown, "key")
    status, _, _ = await send(intake, path, words="补办户口本", **fields)
    assert 303 == status
    assert 2 == len(await intake.fetch("SELECT FROM submissions"))


async def test_a_forged_code_gets_a_page_and_no_form(intake: Site) -> None:
    """404 saying that the code is not genuine, for reading and for sending."""
    forged = code()[:-1] + ("0" if code()[-1] != "0" else "1")
    shown = await page(intake, f"/w/{forged}", 404)
    status, _, _ = await send(intake, f"/w/{forged}", kind="rating", satisfaction="5")
    assert "这个二维码不能用" in shown
    assert "12389" in shown
    assert 'name="satisfaction"' not in shown
    assert 404 == status


async def test_a_closed_unit_gets_a_page_and_no_form(intake: Site) -> None:
    """410 saying that the window is closed."""
    closed = (await intake.fetch("UPDATE units SET active = false RETURNING code"))[0]["code"]
    shown = await page(intake, f"/w/{code()}", 410)
    assert UNIT == closed
    assert "已停止办理业务" in shown
    assert "<form" not in shown


async def test_an_unknown_unit_is_shown_by_its_code_and_takes_in(intake: Site) -> None:
    """A genuine code whose unit the directory has not named yet works."""
    path = f"/w/{code('411799999')}"
    assert "411799999" in await page(intake, path)
    status, location, _ = await send(intake, path, kind="rating", satisfaction="4", step="tap")
    assert 303 == status
    assert "411799999" in await page(intake, location)


async def test_the_receipt_reveals_neither_words_nor_phone(intake: Site) -> None:
    """Who finds the paper learns the state, not the content; the address leaks nowhere."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    path = f"/r/{answer['receipt']['code'].lower().replace('-', ' ')}"
    response = await intake.client.get(path, headers={"Accept": "text/html"})
    shown = await response.text()
    assert 200 == response.status
    assert not [clear for clear in ("14时47分", "8000", "nobody") if clear in shown]
    assert "no-referrer" == response.headers["Referrer-Policy"]
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert "no-store" == response.headers["Cache-Control"]


@pytest.mark.parametrize("typed", ["0000-0000-0000-0000", "short", "%00", "é" * 16])
async def test_an_unknown_receipt_gets_a_clear_page(intake: Site, typed: str) -> None:
    """404 saying that there is no such receipt, as page and as problem."""
    assert "没有这个回执" in await page(intake, f"/r/{typed}", 404)
    response = await intake.client.get(f"/api/v1/receipts/{typed}")
    assert (404, "application/problem+json") == (response.status, response.content_type)


async def test_there_is_a_way_in_and_robots_find_no_receipt(intake: Site) -> None:
    """`/` explains how it works; robots.txt turns robots away from receipts alone."""
    assert "扫窗口的码" in await page(intake, "/")
    assert "Disallow: /r/\n" in await page(intake, "/robots.txt")
    assert "Disallow: /\n" not in await page(intake, "/robots.txt")


@pytest.mark.parametrize(
    ("content_type", "raw", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data; boundary=x", b"--x--", 422),
        ("multipart/form-data; boundary=x", b"--x", 400),
        ("multipart/form-data; boundary=x", b"", 400),
        ("application/x-www-form-urlencoded; charset=gbk", b"words=1", 415),
        ("application/x-www-form-urlencoded", b"a=1&" * 300, 400),
        ("application/x-www-form-urlencoded", b"a=1&" * 100, 400),
        ("application/x-www-form-urlencoded", b"words=\xff\xfe%ff%00", 400),
        ("application/x-www-form-urlencoded", b"kind=rating&satisfaction=" + b"9" * 5000, 422),
        ("application/x-www-form-urlencoded", b"", 422),
        ("application/x-www-form-urlencoded", b"x" * 300_000, 413),
    ],
)
async def test_hostile_forms_are_client_errors(
    intake: Site, content_type: str, raw: bytes, status: int
) -> None:
    """Whatever is posted, the answer is a page that says so, never a failure of ours."""
    response = await intake.client.post(
        f"/w/{code()}", data=raw, headers={"Content-Type": content_type, "Accept": "text/html"}
    )
    assert status == response.status
    assert "text/html" == response.content_type


async def test_the_enter_key_sends(intake: Site) -> None:
    """The first button of the form, which Enter presses, is the one that sends, on every step."""
    for place in ("", "/complaint", "/request"):
        shown = await page(intake, f"/w/{code()}{place}")
        first = re.search('<button[^>]*form="send"[^>]*>', shown)
        assert first
        assert "switch" not in first[0]
        assert "formaction" not in first[0]


async def test_a_slash_too_many_leads_to_the_page(intake: Site) -> None:
    """What people paste from chats: the address with a slash behind it, in any tab."""
    for place in (f"/w/{code()}", f"/w/{code()}/request", "/r/0000-0000-0000-0000"):
        response = await intake.client.get(f"{place}/?lang=en", allow_redirects=False)
        assert (308, f"{place}?lang=en") == (response.status, response.headers["Location"])


async def test_a_window_that_was_closed_meanwhile_gives_the_words_back(intake: Site) -> None:
    """410 with the form as typed, for a citizen who was writing when the window was closed."""
    await page(intake, f"/w/{code()}/complaint")
    await intake.fetch("UPDATE units SET active = false")
    await intake.refresh()
    status, _, shown = await send(intake, f"/w/{code()}/complaint", words="等了三个小时")
    assert 410 == status
    assert "等了三个小时</textarea>" in shown
    assert "已停止办理业务，不再接收" in shown


async def test_a_fast_database_failure_gives_the_words_back(intake: Site) -> None:
    """503 with the form as typed and the window's name, though nothing can be read any more."""
    await page(intake, f"/w/{code()}/complaint")
    await intake.database.close()
    status, _, shown = await send(
        intake, f"/w/{code()}/complaint", words="等了三个小时", phone="13800138000", consent="1"
    )
    assert 503 == status
    assert NAME in shown
    assert "等了三个小时</textarea>" in shown
    assert 'value="13800138000"' in shown
    assert "您填写的内容都在" in shown
    assert "您填写的内容都在" not in await page(intake, f"/r/{'0' * 16}", 503)


async def test_a_silent_database_gives_the_words_back_too(intake: Site, postgres: Postgres) -> None:
    """A database that hangs is given up on, also where a wrong field asks for earlier receipts."""
    name = (await intake.fetch("SELECT current_database()"))[0][0]
    async with locked(postgres.url(name)):
        path = f"/w/{code()}/complaint"
        sent, wrong, asked = await asyncio.gather(
            send(intake, path, words="等了三个小时"),
            send(intake, path, words="", phone=""),
            send(intake, path, words="等了三个小时", phone="1"),
        )
        shown = await page(intake, path)
    assert (503, 503, 422) == (sent[0], wrong[0], asked[0])
    assert "等了三个小时</textarea>" in sent[2]
    assert "等了三个小时</textarea>" in asked[2]
    assert "<form" in shown


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """A database that answers nobody who asks for submissions or units."""
    owner = await asyncpg.connect(url)
    async with owner.transaction():
        await owner.execute("LOCK submissions, units IN ACCESS EXCLUSIVE MODE")
        yield
    await owner.close()


async def test_a_due_time_at_the_days_end_is_24_00(intake: Site) -> None:
    """Rule 4's midnight is told as 24:00 of the day that is meant, not 0:00 of the next."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    due = datetime(2126, 11, 26, 16, tzinfo=UTC)
    opened = CaseOpened(
        case_id=UUID(int=1), submission_id=UUID(answer["submission_id"]), kind="complaint",
        unit_code=UNIT, urgent=False, opened_at=due - timedelta(days=1), callback_due_at=due,
        verification_due_at=due,
    )  # fmt: skip
    await intake.tell(opened)
    path = f"/r/{answer['receipt']['code']}"
    assert "最迟11月26日 24:00" in await page(intake, path)
    assert "by 26 Nov 24:00" in await page(intake, f"{path}?lang=en")


async def test_every_choice_shows_its_error_in_both_languages(intake: Site) -> None:
    """A form with everything wrong names every field, in Chinese and in English."""
    wrong: dict[str, Any] = {
        "kind": "praise", "satisfaction": "9", "words": "x" * 2001, "phone": "1",
        "officer_badge": "7" * 21, "categories": ["x" * 41, "y" * 41],
    }  # fmt: skip
    for lang in ("zh", "en"):
        status, _, shown = await send(intake, f"/w/{code()}", lang, **wrong)
        assert 422 == status
        assert set(wrong) <= set(re.findall('<a href="#([a-z_]+)">', shown))


async def test_the_directory_is_read_for_every_page(intake: Site) -> None:
    """A renamed unit shows its new name at once."""
    async with intake.database.acquire() as conn:
        await conn.execute("UPDATE units SET name = '新名字'")
        unit = await units.get(conn, UNIT)
    assert unit
    assert unit.name in await page(intake, f"/w/{code()}")


@pytest.mark.parametrize(
    "glue", ["&from=timeline", "。", "，", "%3Ffrom=singlemessage", "%0A", "%EF%BB%BF", "%E3%80%80"]
)
async def test_a_link_out_of_a_chat_leads_to_the_same_pages(intake: Site, glue: str) -> None:
    """A genuine code with something glued to it is never called not one of ours."""
    assert "车辆管理所" in await page(intake, f"/w/{code()}{glue}")
    _, location, _ = await send(intake, f"/w/{code()}", kind="rating", satisfaction="5")
    receipt = location.removeprefix("/r/").partition("?")[0]
    assert receipt in await page(intake, f"/r/{receipt}{glue}")
