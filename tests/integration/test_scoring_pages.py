"""Scoring's pages and paging: every entry once, whatever the page's size, and only one's own."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.scoring.store import criticisms, points, strikes
from shared import access
from shared.access import Operator, Role
from shared.db import Database
from shared.events import (
    CommendationAttributed,
    HoldEnded,
    OperatorChanged,
    SubmissionAdded,
    SubmissionReceived,
)
from tests.integration.scoring_desk import TREE, Scores, officer, opened, unit
from tests.integration.scoring_parts import DAY, cleared, verdict
from tests.support import at

SERVICE = "scoring"
LAST = 2**31 - 1
ADD_RATING = "INSERT INTO submissions VALUES ($1, 'rating', 'n1', $2, $3::text::date, now())"
NORTH = Operator("n", "n", "county_supervisor", "north")
SOUTH = Operator("s", "s", "county_supervisor", "south")
CITY = Operator("c", "c", "city_supervisor", "city")


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


async def test_any_limit_walks_all_entries_once(scores: Scores) -> None:
    """Seven entries in pages of one to 200: newest first, none twice, none left out."""
    for _ in range(7):
        await scores.judge("n1", officers=())
    for limit in (1, 2, 3, 6, 7, 8, 200):
        seen, before = list[int](), str(LAST)
        while before:
            path = f"/api/v1/units/n1/score?limit={limit}&before={before}"
            status, page = await scores.get(path)
            assert 200 == status
            seen += [entry["entry_no"] for entry in page["entries"]]
            before = str(page["next_before"] or "")
        assert [7, 6, 5, 4, 3, 2, 1] == seen, limit


async def test_any_limit_walks_all_criticisms_once(scores: Scores) -> None:
    """The year's numbers from the first to the last, also those that were withdrawn since."""
    cases = [await scores.judge("n1", officers=()) for _ in range(5)]
    await scores.hear(cleared(cases[2], 2))
    for limit in (1, 2, 4, 5, 6):
        seen, after = list[tuple[int, bool]](), "0"
        while after:
            _, page = await scores.get(f"/api/v1/criticisms?limit={limit}&after={after}")
            seen += [(one["number"], one["in_force"]) for one in page["criticisms"]]
            after = str(page["next_after"] or "")
        assert [(1, True), (2, True), (3, False), (4, True), (5, True)] == seen, limit


async def test_any_limit_walks_all_units_once_on_the_page(scores: Scores) -> None:
    """By the link at the end of each page, the codes in order and a closed unit nowhere."""
    await scores.hear(unit("n3", "north", active=False))
    for limit in (1, 2, 3, 4):
        page, path, seen = scores.tab("city_supervisor"), f"/scores?limit={limit}", list[str]()
        while path:
            assert 200 == await page.get(path)
            seen += re.findall(r'href="/scores/(\w+)"', page.text)
            onward = re.search(r'href="(/scores\?after=[^"]+)" rel="next"', page.text)
            path = onward[1] if onward else ""
        assert sorted(TREE) == seen, limit


async def test_the_ledgers_page_leads_through_all_entries(scores: Scores) -> None:
    """By its own link, two at a time: five entries in three pages, each once."""
    for _ in range(5):
        await scores.judge("n1", officers=())
    page, path, sizes = scores.tab("auditor"), "/scores/n1?limit=2", list[int]()
    while path:
        assert 200 == await page.get(path)
        sizes.append(len(re.findall(r"<tr>\s*<td", ledger_of(page.text))))
        onward = re.search(r'href="(/scores/n1\?before=[^"]+)" rel="next"', page.text)
        path = onward[1] if onward else ""
    assert [2, 2, 1] == sizes


def ledger_of(page: str) -> str:
    """The part of a unit's page that lists its entries."""
    return page.partition('id="entries"')[2].partition('id="months"')[0]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "before=-1", f"before={2**31}", "before=1.5"]
)
async def test_a_wrong_page_is_refused_by_its_field(scores: Scores, query: str) -> None:
    """As JSON it names the parameter; on the page it is a page."""
    status, problem = await scores.get(f"/api/v1/units/n1/score?{query}")
    assert (422, query.partition("=")[0]) == (status, problem["errors"][0]["field"])
    page = scores.tab("auditor")
    assert (422, True) == (await page.get(f"/scores/n1?{query}"), "<html" in page.text)


async def test_the_ledger_of_a_unit_reads_as_it_happened(scores: Scores) -> None:
    """Points taken and given back with their reasons, and no id that means nothing to people."""
    case = await scores.judge("n1")
    second = await scores.judge("n1", received_at=DAY + timedelta(days=1))
    await scores.hear(cleared(second, 2))
    page = scores.tab("unit_operator", "n1")
    assert 200 == await page.get("/scores/n1")
    rows = re.findall(r"<tr>\s*<td.*?</tr>", ledger_of(page.text), re.S)
    shown = [re.findall(r"[+-]\d+\.\d\d", row)[0] for row in rows]
    assert ["-2.00", "-2.00", "-2.00", "+2.00", "+2.00"] == sorted(shown, key=lambda s: s[0] != "-")
    assert "-2.00" in page.text.partition("<table")[0]
    assert 2 == ledger_of(page.text).count("退还")
    assert str(case) not in page.text


@pytest.mark.parametrize("role", access.SCORE_READERS)
async def test_each_reader_sees_the_units_below_their_place(
    scores: Scores, role: access.Role
) -> None:
    """A unit itself, a county its own, the city and everybody at its top all of them."""
    scope = {"unit_operator": "n1", "county_supervisor": "north"}.get(role, "city")
    wanted = {"n1": ["n1"], "north": ["n1", "n2"], "city": sorted(TREE)}[scope]
    page = scores.tab(role, scope)
    assert 200 == await page.get("/scores")
    assert wanted == re.findall(r'href="/scores/(\w+)"', page.text)
    found = {code: await page.get(f"/scores/{code}") for code in TREE}
    assert {code: 200 if code in wanted else 404 for code in TREE} == found


@pytest.mark.parametrize(
    "path", ["/scores/nowhere", "/scores/%00", "/scores/n1%27--", "/scores/中"]
)
async def test_an_unknown_unit_is_a_page_that_says_so(scores: Scores, path: str) -> None:
    """404 in the reader's language, whatever was typed into the address."""
    for language in ("zh", "en"):
        page = scores.tab("auditor", language=language)
        assert (404, True) == (await page.get(path), "<html" in page.text)


async def test_a_nul_in_a_question_is_named(scores: Scores) -> None:
    """What no database can hold is refused as a wrong parameter, not found out by the database."""
    page = scores.tab("auditor")
    assert (422, True) == (await page.get("/scores?after=%00"), "<html" in page.text)
    assert 404 == (await scores.get("/api/v1/officers/%00/strikes"))[0]


async def test_a_reward_approver_has_no_business_here(scores: Scores) -> None:
    """Who pays citizens does not judge officers: 403 on every page and for every question."""
    page = scores.tab("reward_approver")
    for path in ("/", "/scores", "/scores/n1"):
        assert 403 == await page.get(path)
    for path in ("units/n1/score", "units/n1/satisfaction", "officers/P-n1/strikes", "criticisms"):
        assert 403 == (await scores.get(f"/api/v1/{path}", "reward_approver"))[0]


async def test_a_county_sees_only_its_officers_strikes(scores: Scores) -> None:
    """Over HTTP another county's officer does not exist; in SQL no row of theirs is there."""
    for code in TREE:
        await scores.judge(code)
    own = [
        (await scores.get(f"/api/v1/officers/P-{code}/strikes", "county_supervisor", "north"))[0]
        for code in TREE
    ]
    assert [200, 200, 404] == own
    for who, wanted in (
        (NORTH, {"P-n1", "P-n2"}),
        (SOUTH, {"P-s1"}),
        (CITY, {"P-n1", "P-n2", "P-s1"}),
    ):
        async with scores.database.transaction(as_=who) as conn:
            rows = await conn.fetch("SELECT DISTINCT badge FROM strikes")
            marks = await strikes.get_officers_marks(conn, ["P-n1", "P-n2", "P-s1"])
            assert wanted == {row["badge"] for row in rows} == {mark.badge for mark in marks}


async def test_an_officer_who_moved_is_seen_where_they_are_now(scores: Scores) -> None:
    """The new county reads the whole ledger, the old one no more: it is about the person."""
    await scores.judge("n1")
    path = "/api/v1/officers/P-n1/strikes"
    await scores.hear(officer("n1", 2).model_copy(update={"unit_code": "s1"}))
    assert 404 == (await scores.get(path, "county_supervisor", "north"))[0]
    status, shown = await scores.get(path, "county_supervisor", "south")
    assert (200, ["n1"]) == (status, [strike["unit_code"] for strike in shown["strikes"]])


async def test_nobody_writes_a_ledger_over_the_border(scores: Scores) -> None:
    """Acting for a county, no entry, criticism or mark of another county can be added."""
    case = await scores.judge("s1")
    inserts = {
        "points_entries": "INSERT INTO points_entries SELECT unit_code, entry_no + 1, case_id,"
        " revision, reason, badge, case_ids, delta_centipoints, balance_centipoints, changed_at"
        " FROM points_entries",
        "criticisms": f"INSERT INTO criticisms VALUES (2026, 99, '{case}', 9, 's1', now())",
        "unit_scores": "INSERT INTO unit_scores VALUES ('s1', 0, 0)",
    }
    async with scores.database.transaction(as_=NORTH) as conn:
        assert "INSERT 0 0" == await conn.execute(inserts.pop("points_entries"))
    for table, statement in inserts.items():
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=table):
            async with scores.database.transaction(as_=NORTH) as conn:
                await conn.execute(statement)


async def test_the_books_agree_with_the_journal(scores: Scores) -> None:
    """After verdicts, withdrawals and moves the balance is the journal's sum, for every unit."""
    cases = [await scores.judge(code, received_at=DAY + timedelta(days=n))
             for n, code in enumerate(["n1", "n1", "n2", "s1", "n1"])]  # fmt: skip
    await scores.hear(cleared(cases[0], 2))
    await scores.judge("n2", case_id=cases[1], revision=2)
    await scores.hear(verdict(cases[3], 2, unit_code="s1", verdict="partly", officers=("P-s1",)))
    async with scores.database.acquire() as conn:
        rows = await conn.fetch(
            """SELECT subject, sum(delta * centipoints)::int AS taken FROM demands
               WHERE subject_kind = 'unit' GROUP BY subject"""
        )
        for row in rows:
            assert -row["taken"] == await points.get_balance(conn, row["subject"]), row["subject"]
            entries = await points.list_entries(conn, row["subject"], LAST, 99)
            sums = [sum(e["delta_centipoints"] for e in entries[n:]) for n in range(len(entries))]
            assert sums == [entry["balance_centipoints"] for entry in entries]


async def test_a_withdrawn_criticism_keeps_its_number(scores: Scores) -> None:
    """It stands in the list as withdrawn, and withdrawing twice writes nothing more."""
    case = await scores.judge("n1")
    await scores.hear(cleared(case, 2))
    async with scores.database.transaction() as conn:
        await criticisms.add_withdrawal(conn, case, 3, DAY)
        assert 1 == await conn.fetchval("SELECT count(*) FROM criticism_withdrawals")
    _, page = await scores.get("/api/v1/criticisms")
    assert [(1, False)] == [(one["number"], one["in_force"]) for one in page["criticisms"]]


async def test_ratings_show_by_month_newest_first(scores: Scores) -> None:
    """Levels of each month of the last year, as counted at the bureau; older ones are not shown."""
    status, shown = await scores.get("/api/v1/units/n1/satisfaction", "unit_operator", "n1")
    assert (200, [], "窗口n1") == (status, shown["months"], shown["name"])
    months = {"2099-01-01": 5, "2099-02-01": 1, "2001-01-01": 3}
    async with scores.database.transaction() as conn:
        for month, level in months.items():
            for _ in range(level):
                await conn.execute(ADD_RATING, uuid4(), level, month)
    _, shown = await scores.get("/api/v1/units/n1/satisfaction", "unit_operator", "n1")
    assert [("2099-02", {"1": 1}), ("2099-01", {"5": 5})] == [
        (month["month"], month["levels"]) for month in shown["months"]
    ]


async def test_the_gauges_are_the_public_figures(scores: Scores) -> None:
    """Each figure that anybody may read is a metric of the same name, or in its own unit."""
    await scores.judge("n1")
    job = next(one for one in scores.service.jobs if one.name == "observe_figures")
    await job.run()
    _, figures = await scores.get("/api/v1/figures")
    units = {
        "rewards_paid_fen": ("mashang_figures_rewards_paid_fen", 1),
        "points_deducted_centipoints": ("mashang_figures_points_deducted", 100),
    }
    value = REGISTRY.get_sample_value
    counted = figures.keys() - units.keys()
    shown = {name: value("mashang_figures", {"figure": name}) for name in counted}
    assert figures == shown | {
        name: (value(of) or 0) * parts for name, (of, parts) in units.items()
    }


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en")])
async def test_the_pages_speak_both_languages(scores: Scores, language: str, tag: str) -> None:
    """With entries of every reason, no key shows instead of its text."""
    for day in range(3):
        await scores.judge("n1", received_at=DAY + timedelta(days=day))
    await scores.judge("n1", verdict="partly", officers=())
    page = scores.tab("leadership", language=language)
    for path in ("/scores", "/scores/n1", "/scores/s1"):
        assert (200, True) == (await page.get(path), f'lang="{tag}"' in page.text)
        assert [] == re.findall(r">\s*(?:points|score|reason)_\w+", page.text)


def praised(badge: str | None, unit_code: str = "n1", **changed: Any) -> SubmissionReceived:
    """Words of praise, for an officer or for nobody in particular."""
    values = {
        "submission_id": uuid4(), "kind": "rating", "unit_code": unit_code, "satisfaction": 5,
        "words_sealed": "1.c2VhbGVk", "officer_badge": badge, "received_at": DAY,
    }  # fmt: skip
    return SubmissionReceived.model_validate(values | changed)


def means(said: SubmissionReceived, badge: str | None, number: int) -> CommendationAttributed:
    """What the desk says of it."""
    return CommendationAttributed(
        commendation_id=said.submission_id, submission_id=said.submission_id,
        unit_code=said.unit_code, number=number, officer_badge=badge, said_at=said.received_at,
        attributed_at=DAY,
    )  # fmt: skip


def rows_of(page: str) -> list[list[str]]:
    """The rows of a page's tables, each cell's words."""
    rows = re.findall(r"<tr>\s*(<td.*?)</tr>", page, re.S)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in rows]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]


async def test_praise_is_read_where_the_points_are(scores: Scores) -> None:
    """On the unit's page by officer and month, on the officer's by month; only who may see them."""
    with at(DAY + timedelta(days=40)):
        first, later = praised("P-n1"), praised("P-n1", received_at=DAY + timedelta(days=31))
        await scores.hear(praised("P-n1"), first, later, praised("P-s1", "s1"))
        page = scores.tab("unit_operator", "n1")
        await page.get("/scores/n1")
        named = "民警n1 P-n1"
        assert [["2026-04", named, "1"], ["2026-03", named, "2"]] == rows_of(page.text)
        assert 200 == await page.get("/scores/officers/P-n1")
        assert [["2026-04", "1"], ["2026-03", "2"]] == rows_of(page.text)
        assert 404 == await page.get("/scores/officers/P-s1")


async def test_praise_that_the_desk_attributes_counts_like_any(scores: Scores) -> None:
    """In whatever order it is heard: the newest word counts, taken back it is nobody's."""
    page, said = scores.tab("auditor"), praised(None)
    with at(DAY + timedelta(days=1)):
        await scores.hear(said, means(said, "P-n1", 1))
        for words, wanted in (
            ([], [["2026-03", "1"]]), ([means(said, None, 2)], []),
            ([means(said, "P-n1", 1)], []), ([means(said, "P-n1", 3)], [["2026-03", "1"]]),
        ):  # fmt: skip
            await scores.hear(*words)
            await page.get("/scores/officers/P-n1")
            assert wanted == rows_of(page.text)


async def test_praise_of_one_person_counts_once_and_what_is_held_not(scores: Scores) -> None:
    """Words added later are the same praise; a flood counts when somebody has released it."""
    said, flood = praised("P-n1"), praised("P-n1", held="burst")
    added = SubmissionAdded(
        addition_id=uuid4(), submission_id=said.submission_id, number=1, unit_code="n1",
        kind="rating", satisfaction=5, words_sealed="1.c2VhbGVk", officer_badge="P-n1",
        added_at=DAY, why="thanks",
    )  # fmt: skip
    released = HoldEnded(
        submission_id=flood.submission_id, unit_code="n1", number=1, outcome="released",
        ended_at=DAY,
    )  # fmt: skip
    page = scores.tab("leadership")
    with at(DAY + timedelta(days=1)):
        for told, number in (((said, added, flood), "1"), ((released,), "2")):
            await scores.hear(*told)
            await page.get("/scores/officers/P-n1")
            assert [["2026-03", number]] == rows_of(page.text)


async def test_praise_follows_the_officer(scores: Scores) -> None:
    """Where they serve now their whole page is read, and the old unit's page keeps its part."""
    with at(DAY + timedelta(days=1)):
        await scores.hear(praised("P-n1"), officer("n1", 2).model_copy(update={"unit_code": "s1"}))
        new, old = scores.tab("county_supervisor", "south"), scores.tab("unit_operator", "n1")
        await new.get("/scores/officers/P-n1")
        assert [["2026-03", "1"]] == rows_of(new.text)
        await old.get("/scores/n1")
        assert [["2026-03", "P-n1", "1"]] == rows_of(old.text)
        assert 404 == await old.get("/scores/officers/P-n1")


async def test_leadership_is_told_that_there_is_no_inspection(scores: Scores) -> None:
    """Nobody sees cases of integrity then; whoever cannot change that is not told of it."""
    said, told = "廉洁、施压类办件现在没有人看得到", list[bool]()
    roles: tuple[Role, ...] = ("leadership", "auditor")
    for role in roles:
        page = scores.tab(role)
        assert 200 == await page.get("/leadership")
        told.append(said in page.text)
    await scores.hear(
        OperatorChanged(
            username="i", name="纪", role="inspection", scope="city", badge=None, active=True,
            version=1,
        )
    )  # fmt: skip
    page = scores.tab("leadership")
    await page.get("/leadership")
    assert [True, False, False] == [*told, said in page.text]


async def test_the_scores_are_a_list_to_take_away(scores: Scores) -> None:
    """Those below one's own place, with points as numbers; it is noted."""
    await scores.judge("n1")
    page = scores.tab("county_supervisor", "north")
    await page.get("/scores")
    assert 200 == await page.send("/exports", asked="", format="csv")
    lines = page.text.lstrip("\ufeff").split()
    assert "单位编号,窗口单位,上级单位,分值" == lines[0]
    assert ["n1", "n2"] == [line.split(",")[0] for line in lines[1:]]
    assert "-" == lines[1].split(",")[3][0]
    async with scores.database.acquire() as conn:
        noted = await conn.fetchrow("SELECT username, what, format, number FROM exports")
    assert ("county_supervisor", "scores", "csv", 2) == tuple(noted or ())
