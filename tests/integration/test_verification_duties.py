"""Windows and the duty roster: planned by the unit, corrected from above, and what they keep."""

import re
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest

from services.verification.casework.acts import duties as acts
from services.verification.casework.acts import recusals
from services.verification.casework.duty_bodies import DutiesBody
from services.verification.casework.store import cases
from services.verification.directory.rules import duties as rules
from services.verification.directory.store import duties
from shared.db import Connection, Database
from shared.errors import Forbidden, Invalid
from shared.values import clock
from tests.integration.verification_case import DESK, PEOPLE, Casework
from tests.integration.verification_office import FAR_UNIT, OTHER_UNIT, UNIT, Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
ZONE = DESK.policies.editions[-1].zone
PAGE = f"/desk/directory/units/{UNIT}/duties"
WINDOWS = f"/desk/directory/units/{UNIT}/windows"
TODAY = clock.service_day(clock.now(), ZONE)
YESTERDAY, NEXT = TODAY - timedelta(days=1), rules.monday(TODAY) + rules.WEEK
MORNING = datetime.combine(YESTERDAY, datetime.min.time(), ZONE) + timedelta(hours=10)


@pytest.fixture
async def work(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The same with its pages."""
    async with office(database) as opened:
        yield opened


def hours(badge: str, *days: date, counter: int = 1, begins: str = "09:00") -> DutiesBody:
    """An officer at a window until noon."""
    told = {"counter": counter, "badge": badge, "days": days, "begins": begins, "ends": "12:00"}
    return DutiesBody.model_validate(told)


async def plan(work: Casework, who: str, body: DutiesBody, unit: str = UNIT) -> None:
    """Put somebody on duty."""
    async with work.acting(who):
        await acts.add(work.conn, DESK, PEOPLE[who], unit, body)


async def kept_from(work: Casework, **changed: object) -> set[str]:
    """From whom a complaint of yesterday morning at the first window is kept."""
    told: dict[str, object] = {"received_at": MORNING, "counter": 1}
    case_id = await work.open(**told | changed)
    case = await cases.get_case(work.conn, PEOPLE["city"], case_id)
    return set(case.recused) if case else set()


async def test_a_complaint_is_kept_from_who_stood_there(work: Casework) -> None:
    """Rule 18: the only officers at that window at that time, with their other account and desk."""
    assert set() == await kept_from(work)
    await plan(work, "county", hours("170001", YESTERDAY))
    await plan(work, "county", hours("170002", YESTERDAY, counter=2))
    assert {"170001", "@accused", "?", f"#{UNIT}"} == await kept_from(work)
    assert {"170002", "?"} == await kept_from(work, counter=2)
    assert set() == await kept_from(work, counter=None)
    assert set() == await kept_from(work, received_at=MORNING - timedelta(hours=3))
    later = MORNING + timedelta(hours=12)
    assert "170001" in await kept_from(work, received_at=later)
    assert "170001" in await kept_from(work, received_at=clock.now(), occurred_at=MORNING)
    assert set() == await kept_from(work, unit_code=OTHER_UNIT)


async def test_a_roster_that_comes_later_keeps_what_came_before(work: Casework) -> None:
    """What is entered afterwards is held against the complaints of that day, and only ever adds."""
    case_id = await work.open(received_at=MORNING, counter=1)
    await plan(work, "county", hours("170001", YESTERDAY))
    assert 1 == await recusals.examine_again(work.conn, DESK, 10)
    async with work.acting("accused"):
        assert await cases.get_case(work.conn, PEOPLE["accused"], case_id) is None
    found = await duties.list_between(work.conn, UNIT, MORNING, clock.now())
    async with work.acting("county"):
        await acts.remove(work.conn, DESK, PEOPLE["county"], UNIT, [found[0].duty_id])
    assert 1 == await recusals.examine_again(work.conn, DESK, 10)
    case = await cases.get_case(work.conn, PEOPLE["city"], case_id)
    assert case is not None
    assert "170001" in case.recused
    assert set() == await kept_from(work)


async def test_a_unit_changes_only_what_is_to_come(work: Casework) -> None:
    """Nobody takes themselves off a roster by which a complaint would be kept from them."""
    with pytest.raises(Invalid) as caught:
        await plan(work, "desk", hours("170001", YESTERDAY))
    assert ["duty_begun"] == [wrong.key for wrong in caught.value.wrong]
    await plan(work, "county", hours("170001", YESTERDAY))
    (found,) = await duties.list_between(work.conn, UNIT, MORNING, clock.now())
    with pytest.raises(Forbidden):
        async with work.acting("desk"):
            await acts.remove(work.conn, DESK, PEOPLE["desk"], UNIT, [found.duty_id])
    assert 1 == len(await duties.list_between(work.conn, UNIT, MORNING, clock.now()))


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (hours("170001", NEXT, counter=3), ("counter", "duty_no_window")),
        (hours("170003", NEXT), ("badge", "duty_no_officer")),
        (hours("170001"), ("days", "duty_days_needed")),
        (hours("170001", NEXT, begins="12:00"), ("ends", "duty_ends_first")),
    ],
)
async def test_what_cannot_be_is_refused(
    work: Casework, body: DutiesBody, wrong: tuple[str, str]
) -> None:
    """A window that is not there, somebody of another unit, no day, an end before its beginning."""
    with pytest.raises(Invalid) as caught:
        await plan(work, "desk", body)
    assert [wrong] == [(one.field, one.key) for one in caught.value.wrong]


async def test_nobody_is_planned_twice(work: Casework) -> None:
    """Not at another window, nor where they served before; that is not told in detail."""
    await plan(work, "desk", hours("170001", NEXT, counter=2))
    await plan(work, "desk", hours("170002", NEXT))
    with pytest.raises(Invalid) as caught:
        await plan(work, "desk", hours("170001", NEXT, NEXT + timedelta(days=1)))
    assert ["duty_clash"] == [one.key for one in caught.value.wrong]
    await work.conn.execute("UPDATE officers SET unit_code = $1 WHERE badge = '170001'", FAR_UNIT)
    with pytest.raises(Invalid) as caught:
        await plan(work, "elsewhere", hours("170001", NEXT), FAR_UNIT)
    assert ["duty_clash_elsewhere"] == [one.key for one in caught.value.wrong]


async def opened(bureau: Office, who: str, page: str = PAGE) -> Tab:
    """A page in somebody's browser."""
    own = await tab(bureau, who)
    assert 200 == await own.get(page)
    return own


FORM = (("counter", "1"), ("begins", "09:00"), ("ends", "12:00"))


async def test_a_week_is_planned_and_carried_over(bureau: Office) -> None:
    """From the empty week to the next one, with who did what; a second click does nothing more."""
    desk = await opened(bureau, "desk", f"{PAGE}?week={NEXT}")
    assert "这一周还没有排班" in desk.text
    days = [("days", str(NEXT + timedelta(days=n))) for n in range(5)]
    for _ in range(2):
        shown = desk.text
        assert 303 == await desk.send(PAGE, *FORM, ("badge", "170001"), *days)
        desk.text = shown
    assert 200 == await desk.get(desk.location)
    assert "已加入 5 个班次" in desk.text
    assert 5 == len(re.findall('name="ids"', desk.text))
    assert 5 == desk.text.count("值班员 排了 1 号窗口")
    later = NEXT + rules.WEEK
    await desk.get(f"{PAGE}?week={later}")
    assert 303 == await desk.send(f"{PAGE}/again", ("week", str(later)))
    await desk.get(desk.location)
    assert "已沿用 5 个班次" in desk.text
    ids = re.findall('name="ids" value="([0-9]+)"', desk.text)
    assert 303 == await desk.send(f"{PAGE}/removal?week={later}", ("ids", ids[0]))
    await desk.get(desk.location)
    assert ("已撤下 1 个班次" in desk.text, 4) == (True, len(re.findall('name="ids"', desk.text)))
    assert 409 == await desk.send(f"{PAGE}/removal?week={later}", ("ids", ids[0]))
    assert 303 == await desk.send(f"{PAGE}/again", ("week", str(later)))
    await desk.get(desk.location)
    assert "另有 4 个没有沿用" in desk.text


async def test_what_was_chosen_stays(bureau: Office) -> None:
    """A form that was refused says why, and shows what was chosen."""
    desk = await opened(bureau, "desk", f"{PAGE}?week={NEXT}")
    status = await desk.send(
        f"{PAGE}?week={NEXT}", ("counter", "2"), ("badge", "170002"), ("days", str(NEXT)),
        ("begins", "13:30"), ("ends", "09:00"),
    )  # fmt: skip
    assert 422 == status
    for said in (
        "结束时间应晚于开始时间",
        'value="13:30"',
        '<option value="170002" selected>',
        f'value="{NEXT}" checked',
    ):
        assert said in desk.text, said


async def test_whose_roster_it_is(bureau: Office) -> None:
    """A unit is led to its own; others choose; the far county's is not there for this one."""
    desk = await tab(bureau, "desk")
    assert 303 == await desk.get("/desk/duties")
    county = await opened(bureau, "county", "/desk/duties")
    assert ("寒冻派出所户籍室" in county.text, "东高派出所户籍室" in county.text) == (True, False)
    assert 404 == await county.get(f"/desk/directory/units/{FAR_UNIT}/duties")
    auditor = await opened(bureau, "auditor")
    assert "<form class" not in auditor.text
    assert 403 == await county.send(WINDOWS, ("counter", "1"), ("name", "x"))


async def test_the_verdict_form_names_who_was_there(bureau: Office) -> None:
    """As a hint above the officers; nobody is ticked."""
    county = await opened(bureau, "county", f"{PAGE}?week={YESTERDAY}")
    fields = (*FORM, ("badge", "170002"), ("days", str(YESTERDAY)))
    assert 303 == await county.send(PAGE, *fields)
    case_id = await bureau.case(counter=1, received_at=MORNING)
    await county.get(f"/desk/cases/{case_id}")
    assert "当时在这个窗口的是：乙 170002" in county.text
    assert not re.search(r'name="verdicts-officers"[^>]* checked', county.text)


async def test_a_window_has_a_name(bureau: Office) -> None:
    """Kept by the administrator, shown on the roster, and not overwritten by who comes second."""
    admin = await opened(bureau, "admin", f"{WINDOWS}?change=2")
    named = (("counter", "2"), ("name", " 户口 窗口 "), ("matters", "落户\n\n领证\n落户"))
    shown = admin.text
    assert 303 == await admin.send(WINDOWS, ("version", "0"), *named)
    await admin.get(admin.location)
    assert ("户口 窗口" in admin.text, "落户；领证" in admin.text) == (True, True)
    admin.text = shown.replace('name="key"', 'name="none"')
    assert 409 == await admin.send(WINDOWS, ("version", "0"), *named)
    assert 'value=" 户口 窗口 "' in admin.text
    await admin.get(f"{WINDOWS}?change=2")
    assert ">\n落户\n领证</textarea>" in admin.text
    assert 422 == await admin.send(WINDOWS, ("counter", "3"), ("name", " "))
    assert 303 == await admin.send(WINDOWS, ("version", "1"), *named, ("closed", "1"))
    await admin.get(WINDOWS)
    told = admin.text[admin.text.index('<ol class="tl">') :]
    assert told.index("停用</b>") < told.index("添加")
    desk = await opened(bureau, "desk", f"{PAGE}?week={NEXT}")
    assert "2 号窗口 户口 窗口" in desk.text


async def test_a_new_calendar_is_checked_and_downloaded(bureau: Office) -> None:
    """Faults by line with what was typed; then what would change, and the file for the policy."""
    city = await opened(bureau, "city", "/desk/directory/holidays?year=2026")
    assert "2026 年有" in city.text
    typed = "holidays = [2027-01-01,\n2027-02-30]"
    assert 422 == await city.send("/desk/directory/holidays", ("calendar", typed))
    assert (
        "第 2 行：2027-02-30 不是一个日期" in city.text,
        f">\n{typed}</textarea>" in city.text,
    ) == (
        True,
        True,
    )
    right = typed.replace("2027-02-30", "2027-01-03")
    assert 200 == await city.send("/desk/directory/holidays", ("calendar", right))
    assert "改为上班" in city.text
    assert 200 == await city.send("/desk/directory/holidays/file", ("calendar", right))
    assert (
        "[policy.calendar]\nholidays = [\n  2027-01-01, 2027-01-03,\n]\nworkdays = [\n]\n"
        == city.text
    )


async def test_a_program_plans_as_the_page_does(bureau: Office) -> None:
    """Put on, seen by those who may see the unit, carried over, taken off; once under a key."""
    path = f"units/{UNIT}/duties"
    week = await bureau.ask("county", "GET", f"{path}?week={NEXT}")
    empty = {"unit_code": UNIT, "monday": f"{NEXT}", "items": []}
    assert (200, empty) == (week.status, week.json)
    told = hours("170001", NEXT, NEXT + timedelta(days=1)).model_dump(mode="json")
    for _ in range(2):
        made = await bureau.ask("desk", "POST", path, told, key="k" * 20)
        assert (201, {"done": 2, "left": 0}) == (made.status, made.json)
    assert 422 == (await bureau.ask("desk", "POST", path, told)).status
    items = (await bureau.ask("desk", "GET", f"{path}?week={NEXT + timedelta(days=3)}")).json[
        "items"
    ]
    assert [(1, "170001")] * 2 == [(one["counter"], one["badge"]) for one in items]
    assert "170001" in (await bureau.browse("desk", f"{PAGE}?week={NEXT}")).text
    further = {"week": f"{NEXT + rules.WEEK}"}
    carried = await bureau.ask("desk", "POST", f"{path}/again", further)
    assert {"done": 2, "left": 0} == carried.json
    gone = {"ids": [one["duty_id"] for one in items]}
    assert {"done": 2, "left": 0} == (
        await bureau.ask("desk", "POST", f"{path}/removal", gone)
    ).json
    assert 409 == (await bureau.ask("desk", "POST", f"{path}/removal", gone)).status
    assert 404 == (await bureau.ask("desk", "GET", f"units/{FAR_UNIT}/duties")).status
    assert 404 == (await bureau.ask("desk", "POST", f"units/{FAR_UNIT}/duties", told)).status
    begun = hours("170001", YESTERDAY).model_dump(mode="json")
    assert 422 == (await bureau.ask("desk", "POST", path, begun)).status
