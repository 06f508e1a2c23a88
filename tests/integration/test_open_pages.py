"""The open figures as a page, as files and as JSON: true, safe, and with nobody in them."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from services.intake.open import sheets, views
from services.intake.open.figures import counts, satisfaction
from services.intake.open.publishing import publish
from services.intake.open.rules.tables import COUNTS, Tables
from shared.db import Database
from tests.integration.intake_site import Site, site
from tests.support import at

SERVICE = "intake"
HTML = {"Accept": "text/html"}
NOW = datetime(2026, 8, 3, 4, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
JULY = {
    ("complaint", "received"): 54, ("complaint", "state_substantiated"): 26,
    ("complaint", "state_unsubstantiated"): 20, ("complaint", "state_open"): 8,
    ("complaint", "pace_on_time"): 54, ("complaint", "call_on_time"): 54,
    ("complaint", "same_day"): 54, ("complaint", "solved_yes"): 24, ("complaint", "solved_no"): 11,
    ("complaint", "satisfied_yes"): 30, ("complaint", "satisfied_no"): 8,
    ("complaint", "paid"): 26, ("complaint", "paid_fen"): 52000,
    ("asked", "volunteered_yes"): 5011, ("asked", "volunteered_no"): 203,
    ("asked", "invited_yes"): 559, ("asked", "invited_no"): 53,
}  # fmt: skip
# Three of 40 were late: neither they nor those in time may be told.
JUNE = {
    ("complaint", "received"): 40, ("complaint", "state_open"): 40, ("complaint", "pace_late"): 3,
    ("complaint", "pace_on_time"): 37, ("complaint", "call_none"): 40,
}  # fmt: skip
MAY = {
    ("complaint", "received"): 31, ("complaint", "state_open"): 31, ("complaint", "pace_late"): 4,
    ("complaint", "pace_on_time"): 27, ("complaint", "call_none"): 31,
}  # fmt: skip


async def put(database: Database, day: date, row: dict[tuple[str, str], int]) -> None:
    """Numbers as the job would have counted them."""
    rows = [(day, kind, name, number) for (kind, name), number in row.items()]
    async with database.transaction() as conn:
        await conn.executemany("INSERT INTO open_numbers VALUES ($1, $2, $3, $4)", rows)


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake with three months' figures, in the August after them."""
    await put(database, date(2026, 7, 2), JULY)
    await put(database, date(2026, 6, 30), JUNE)
    await put(database, date(2026, 5, 1), MAY)
    async with database.transaction() as conn:
        await publish(conn, [], NOW, ZONE)
    async with site(database) as running:
        await running.add_unit()
        with at(NOW):
            yield running


async def page(intake: Site, address: str, **headers: str) -> str:
    """A page's text."""
    answer = await intake.client.get(address, headers=HTML | headers)
    html = await answer.text()
    assert 200 == answer.status, html
    return html


async def test_the_newest_month_stands_first(intake: Site) -> None:
    """Its complaints, calls, verdicts and rewards, as the newspaper had them."""
    html = await page(intake, "/open")
    big = re.findall(r"<p><b>(.+?)</b>", html)
    assert ["54", "54", "26", "520.00"] == big
    assert "2026年7月" in html
    assert "1个窗口单位" in html


async def test_another_month_is_a_link_away(intake: Site) -> None:
    """What is no month of ours shows the newest; all of them together are one of the choices."""
    assert "40" == re.findall(r"<p><b>(.+?)</b>", await page(intake, "/open?month=2026-06"))[0]
    assert "125" == re.findall(r"<p><b>(.+?)</b>", await page(intake, "/open?month=all"))[0]
    for strange in ("1999-01", "x", "%00", "2026-13"):
        answer = await intake.client.get(f"/open?month={strange}", headers=HTML)
        assert answer.status in (200, 422)
    links = re.findall(r'<a href="\?month=([\w-]+)">', await page(intake, "/open"))
    assert ["2026-06", "2026-05", "all"] == links


async def test_what_stays_hidden_is_nowhere_in_the_answers(intake: Site) -> None:
    """Neither the 3 late of June nor the 37 in time, in page, JSON and CSV; July is whole."""
    api = await (await intake.client.get("/api/v1/open")).json()
    rows = {(row["month"], row["kind"]): row for row in api["counts"]}
    june, july = rows["2026-06", "complaint"], rows["2026-07", "complaint"]
    assert (None, None, 40) == (june["pace_late"], june["pace_on_time"], june["received"])
    assert (0, 54) == (july["pace_late"], july["pace_on_time"])
    # 7 late and 118 in time of all months: large enough, and neither month follows from it.
    every = rows["all", "complaint"]
    assert (7, 118) == (every["pace_late"], every["pace_on_time"])
    text = await (await intake.client.get("/api/v1/open/counts.csv")).text()
    sheet = {(row["month"], row["kind"]): row for row in csv.DictReader(io.StringIO(text[1:]))}
    assert ("hidden", "hidden") == tuple(
        sheet["2026-06", "complaint"][name] for name in ("pace_late", "pace_on_time")
    )
    assert "不公布" in await page(intake, "/open?month=2026-06")


async def test_the_csv_opens_in_a_spreadsheet(intake: Site) -> None:
    """UTF-8 with its mark, CRLF, the promised columns in their order, a name to save it by."""
    answer = await intake.client.get("/api/v1/open/counts.csv")
    raw = await answer.read()
    assert raw.startswith(b"\xef\xbb\xbfmonth,kind,received,")
    assert raw.endswith(b"\r\n")
    assert "text/csv" == answer.content_type
    assert 'filename="mashang-counts.csv"' in answer.headers["Content-Disposition"]
    first = raw.decode("utf-8-sig").split("\r\n")[0]
    assert ["month", "kind", *COUNTS] == first.split(",")
    other = await (await intake.client.get("/api/v1/open/satisfaction.csv")).text()
    assert "2026-07,volunteered,0,5214,5011,0.9611,0.9555,0.966" in other
    assert "2026-06,invited,0,0,0,,," in other


def test_what_is_hidden_says_so() -> None:
    """Nothing and too little to tell are not the same."""
    assert (-1, "hidden", "", "x") == (
        sheets.cell("received", -1),
        sheets.cell("received", None),
        sheets.cell("low", None) or "",
        sheets.cell("kind", "x"),
    )


async def test_every_column_is_explained_in_both_languages(intake: Site) -> None:
    """In JSON and on a page; no column without its words, no words without a column."""
    told = await (await intake.client.get("/api/v1/open/dictionary")).json()
    named = {(one["table"], one["name"]) for one in told["columns"]}
    wanted = {("counts", name) for name in views.Counts.model_fields}
    wanted |= {("satisfaction", name) for name in views.Satisfaction.model_fields}
    assert wanted == named
    assert [] == [one for one in told["columns"] if not (one["zh"] and one["en"])]
    chinese, english = await page(intake, "/open/words"), await page(intake, "/open/words?lang=en")
    for one in told["columns"]:
        assert f"<code>{one['name']}</code>" in chinese
        assert one["zh"] in chinese
        assert one["en"].replace("'", "&#39;") in english


async def test_a_chart_is_drawn_by_the_server(intake: Site) -> None:
    """Per cent across, pixels down, no viewBox, no style, no script; its table stands beside it."""
    html = await page(intake, "/open")
    charts = re.findall(r'<svg class="chart".*?</svg>', html, re.DOTALL)
    assert 3 == len(charts)
    for chart in charts:
        drawn = ET.fromstring(chart)  # noqa: S314
        assert "viewBox" not in drawn.attrib
        assert drawn.attrib["aria-label"]
        for shape in drawn:
            across = [shape.attrib.get(name, "0") for name in ("x", "x1", "x2", "cx")]
            assert [] == [value for value in across if not re.fullmatch(r"0|[0-9.]+%", value)]
    assert html.count("<table>") == 5
    drawn_on = re.search(r"<main.*</main>", html, re.DOTALL)
    assert drawn_on
    assert not re.search(r"style=|<script|onclick", drawn_on[0])
    bars = ET.fromstring(charts[0])  # noqa: S314
    heights = [int(shape.attrib["height"]) for shape in bars if shape.attrib.get("class") == "a"]
    assert heights == sorted(heights)
    assert 3 == len(heights)


async def test_volunteered_stands_beside_invited(intake: Site) -> None:
    """Shares, numbers and intervals as the design has them."""
    html = await page(intake, "/open")
    for told in ("96.1%", "95.5%～96.6%", "5,214", "91.3%", "88.8%～93.3%", "612"):
        assert told in html


async def test_of_nobody_there_is_no_share(intake: Site) -> None:
    """Nobody was asked in May and June: that is said so, and is no number that stays hidden."""
    html = await page(intake, "/open?month=2026-06&lang=en")
    for name in ("Say it is solved", "Satisfied with the handling", "Reached"):
        row = re.search(rf"<th[^>]*>{name}</th>(.*?)</tr>", html)
        assert row
        assert ["0", "0", "0"] == re.findall(r"<td>(.*?)</td>", row[1])
    for name in ("Came by themselves", "Drawn at random"):
        row = re.search(rf"<th[^>]*>{name}</th>(.*?)</tr>", html)
        assert row
        assert ["0", "nobody yet", "nobody yet"] == re.findall(r"<td>(.*?)</td>", row[1])[1:]
    assert 5 == len(re.findall(r"<text[^>]*>nobody yet</text>", html))


async def test_one_answer_is_nobodys_business(database: Database) -> None:
    """Of one who was asked, or one who answered, neither number nor share nor interval is told."""
    one = JULY | {("complaint", "solved_yes"): 1, ("complaint", "solved_no"): 0,
                  ("asked", "invited_yes"): 1, ("asked", "invited_no"): 0}  # fmt: skip
    await put(database, date(2026, 7, 2), {place: n for place, n in one.items() if n})
    async with database.transaction() as conn:
        await publish(conn, [], NOW, ZONE)
    async with site(database) as intake:
        told = await (await intake.client.get("/api/v1/open")).json()
        july = next(row for row in told["counts"] if row["kind"] == "complaint")
        assert (None, 0, None) == (july["solved_yes"], july["solved_no"], july["solved_silent"])
        invited = next(row for row in told["satisfaction"] if row["source"] == "invited")
        assert [None] * 5 == [
            invited[name] for name in ("rated", "satisfied", "share", "low", "high")
        ]
        html = await page(intake, "/open?lang=en")
        assert re.search(
            r"Say it is solved</th><td>46</td><td>not shown</td><td>not shown</td>", html
        )


async def test_closed_and_not_solved_stays_visible(intake: Site) -> None:
    """As a number of its own beside the three rates with who was asked and who answered."""
    html = await page(intake, "/open")
    assert "11件；单独列着，不算办好" in html
    assert re.search(r"说解决了</th><td>46</td><td>35</td><td>24</td>", html)
    assert re.search(r"对处理满意</th><td>46</td><td>38</td><td>30</td>", html)
    assert re.search(r"已打通</th><td>54</td><td>54</td><td>54</td>", html)


async def test_english_has_no_chinese(intake: Site) -> None:
    """The whole page, but for the link to the other language."""
    html = await page(intake, "/open?lang=en")
    main = re.search(r"<main.*</main>", html, re.DOTALL)
    assert main is not None
    names = main[0].replace("驻马店市公安局车辆管理所业务大厅", "")
    assert [] == re.findall("[\u4e00-\u9fff]+", names)
    assert "not shown" in await page(intake, "/open?month=2026-06", **{"Accept-Language": "en"})


async def test_nothing_yet_is_said_so(database: Database) -> None:
    """An empty installation has a page, empty files, and no division by nothing."""
    async with site(database) as intake:
        html = await page(intake, "/open")
        assert "还没有数字" in html
        told = await (await intake.client.get("/api/v1/open")).json()
        assert ([], [], None) == (told["counts"], told["satisfaction"], told["counted_at"])
        text = await (await intake.client.get("/api/v1/open/counts.csv")).text()
        assert 1 == len(text.strip().splitlines())


async def test_nobody_is_in_it(intake: Site) -> None:
    """No unit, no officer, no phone, no word: columns are numbers, months and kinds."""
    told = await (await intake.client.get("/api/v1/open")).json()
    words = set(re.findall(r'"([^"]+)":', json.dumps(told)))
    assert [] == [word for word in words if word in ("unit_code", "officer", "name", "phone")]
    fields = [*views.Counts.model_fields.values(), *views.Satisfaction.model_fields.values()]
    assert [] == [one for one in fields if one.annotation is str and "YYYY" not in str(one)]


def test_rows_are_all_months_and_all_together() -> None:
    """Each month and kind once, the whole at the end; nothing where there is nothing."""
    rows = list(counts(Tables.of({date(2026, 7, 1): JULY, date(2026, 6, 1): JUNE})))
    assert ["2026-06", "2026-07", "all"] == [row.month for row in rows[::3]]
    assert 9 == len(rows)
    assert [] == list(counts(Tables.of({})))
    assert [] == list(satisfaction(Tables.of({})))
