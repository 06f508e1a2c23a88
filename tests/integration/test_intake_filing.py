"""Filed for a citizen: like any other submission, its receipt by SMS, and nowhere for staff."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from services.intake.filing import filing
from shared.access import Operator, Role
from shared.db import Database
from shared.events import OfficerChanged, UnitChanged
from tests.integration.intake_site import SEED, UNIT, Site, settings, site
from tests.integration.staff_tab import Tab, somebody
from tests.support import at, captured_logs

SERVICE = "intake"
LOCAL = "http://127.0.0.1:8080"
NOW = datetime(2026, 7, 2, 6, 47, tzinfo=UTC)
PHONE = "13800138000"
SEAL = settings().seal
OLDER = "UPDATE receipts_due SET noted_at = noted_at - $1::interval"
RIGHT = {
    "unit": UNIT, "way": "phone", "kind": "complaint", "categories": "nobody_at_window",
    "words": "去办身份证，14时47分了还没有人", "day": "昨天", "hour": "14:47", "phone": PHONE,
    "language": "zh", "consent": "1", "officer_typed": "李建军",
}  # fmt: skip


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake with a window, of which an officer is known."""
    async with site(database, public_url=LOCAL) as running:
        await running.add_unit()
        await running.tell(
            OfficerChanged(
                badge="A-1", name="赵一", unit_code=UNIT, active=True, phone_index=None, version=1
            )
        )
        yield running


def tab(intake: Site, role: Role = "unit_operator", scope: str = UNIT, name: str = "") -> Tab:
    """A browser of somebody who signed in at the desk."""
    return Tab(intake.client, SEED, somebody(role, scope, name))


async def opened(page: Tab) -> Tab:
    """The form for the unit."""
    assert 200 == await page.get(f"/filings?unit={UNIT}")
    return page


async def told(intake: Site, event_type: str) -> list[dict[str, Any]]:
    """What others hear of one kind, oldest first."""
    rows = await intake.fetch("SELECT body FROM outbox WHERE type = $1 ORDER BY seq", event_type)
    return [orjson.loads(row["body"])["data"] for row in rows]


async def link_of(intake: Site) -> str:
    """Where the only SMS leads."""
    (event,) = await told(intake, "receipt.issued.v1")
    return SEAL.open(event["link_sealed"], f"code:{event['submission_id']}")


async def test_what_a_caller_says_is_taken_in_and_its_receipt_sent(intake: Site) -> None:
    """One submission by the desk, one SMS with a link that works; a second click is nothing."""
    page = await opened(tab(intake))
    form = page.text
    with at(NOW):
        for _ in range(2):
            page.text = form
            assert 200 == await page.send("/filings", **RIGHT), page.alerts
    assert ("138****8000" in page.text, PHONE in page.text) == (True, False)
    assert re.search("<dt>回访最迟</dt><dd><time[^>]*>7月2日 24:00", page.text)
    (received,) = await told(intake, "submission.received.v1")
    wanted = {"kind": "complaint", "channel": "desk", "unit_code": UNIT, "held": None}
    assert wanted == {name: received.get(name) for name in wanted}
    assert "2026-07-01T06:47:00Z" == received["occurred_at"]
    assert (True, "zh") == (bool(received["consent"]), received["language"])
    own = received["submission_id"]
    assert "李建军" == SEAL.open(received["officer_typed_sealed"], f"words:{own}:officer")
    (issued,) = await told(intake, "receipt.issued.v1")
    assert own == issued["submission_id"]
    assert f"+86{PHONE}" == SEAL.open(issued["phone_sealed"], f"phone:{own}")
    link = await link_of(intake)
    async with intake.client.get(
        link.removeprefix(LOCAL), headers={"Accept": "text/html"}
    ) as answer:
        assert (200, True) == (answer.status, "车辆管理所" in await answer.text())


async def test_whoever_files_never_sees_the_receipt(intake: Site) -> None:
    """Not on a page, in a header, the log or a table; nor by sending the form's key elsewhere."""
    page = await opened(tab(intake))
    key = re.search('name="key" value="([^"]+)"', page.text)
    assert key
    with captured_logs() as logs:
        await page.send("/filings", **RIGHT)
        seen = page.text + page.location
        await page.get("/filings")
        await intake.refresh()
    code = (await link_of(intake)).rpartition("/")[2]
    tables = await intake.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    stored = ""
    for table in tables:
        rows = await intake.fetch(f"SELECT t::text AS row FROM {table['tablename']} t")
        stored += "\n".join(row["row"] for row in rows)
    for bare in (code, code.replace("-", "")):
        assert [] == [one for one in (seen, page.text, str(logs), stored) if bare in one]
    # The program's door makes another submission of the same words, and another receipt.
    for known in (key[1], f"form:{key[1]}", f"filing:{key[1]}"):
        async with await intake.submit(known, words=RIGHT["words"]) as answer:
            again = await answer.json()
            assert (201, False) == (answer.status, again["receipt"]["code"] == code)


async def test_who_filed_is_known_to_them_and_to_auditors_alone(intake: Site) -> None:
    """A colleague of the same unit, and those above it, do not learn who spoke for whom."""
    mine = await opened(tab(intake, name="li.filed.it"))
    await mine.send("/filings", **RIGHT | {"way": "walk_in"})
    (row,) = await intake.fetch("SELECT username, way, unit_code FROM filings")
    assert {"username": "li.filed.it", "way": "walk_in", "unit_code": UNIT} == dict(row)
    # A name so long stands in no sealed text by chance.
    assert "li.filed.it" not in str(await told(intake, "submission.received.v1"))
    for other, sees in (
        (mine, True),
        (tab(intake, "auditor", "411700"), True),
        (tab(intake, "auditor", "411799"), False),
        (tab(intake, name="wang"), False),
        (tab(intake, "county_supervisor", "411700"), False),
        (tab(intake, "inspection", "411700"), False),
    ):
        assert 200 == await other.get("/filings")
        assert sees == ("来访</td>" in other.text)
        assert sees == ("还没有登记过" not in other.text)


async def test_nothing_shows_them_without_a_condition(intake: Site) -> None:
    """Acting for somebody, a bare SELECT gives their own; a connection that says nothing, none."""
    await (await opened(tab(intake, name="li"))).send("/filings", **RIGHT)
    bare = "SELECT * FROM filings"
    for who, seen in (("li", 1), ("wang", 0)):
        operator = Operator(who, who, "unit_operator", UNIT)
        async with intake.database.transaction(as_=operator) as conn:
            assert seen == len(await conn.fetch(bare))
    async with intake.database.transaction() as conn:
        await conn.execute("SET LOCAL mashang.scope = ''")
        assert [] == await conn.fetch(bare)


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("way", "", "请选来电还是来访"),
        ("kind", "", "请选投诉或求助留言"),
        ("kind", "rating", "请选投诉或求助留言"),
        ("phone", "", "没有号码，回执就发不出去"),
        ("phone", "0396-2912345", "收不到我们的短信"),
        ("phone", "12", "号码不完整"),
        ("language", "", "请选给他的短信用哪种语言"),
        ("consent", "", "请把上面这段念给他听"),
        ("day", "前年春天", "日期"),
        ("words", "字" * 2001, "2000"),
        ("unit", "411700999", "没有这个单位"),
        ("unit", "../x", "没有这个单位"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_lost(
    intake: Site, field: str, typed: str, says: str
) -> None:
    """Above the form and at its field, with all that was typed; nothing is stored or sent."""
    page = await opened(tab(intake))
    assert 422 == await page.send("/filings", **RIGHT | {field: typed})
    assert says in "".join(page.alerts)
    if field != "unit":
        at_field = rf'<p class="error" id="{field}-error">[^<]*{says}'
        assert re.search(at_field, page.text)
        assert f'href="#{field}"' in page.text
    for kept in {"words", "officer_typed", "hour"} - {field}:
        assert RIGHT[kept] in page.text
    assert [] == await told(intake, "submission.received.v1")
    assert [] == await told(intake, "receipt.issued.v1")


async def test_a_mended_form_goes_through_and_counts_as_it_is_then(intake: Site) -> None:
    """Refused by the rules at first, then right: the last choices hold, and it is one SMS."""
    page = await opened(tab(intake))
    wrong = RIGHT | {"kind": "request", "way": "walk_in", "language": "en"}
    assert 422 == await page.send("/filings", **wrong)
    assert "categories" in page.text
    assert 1 == len(await intake.fetch("SELECT FROM receipts_due"))
    right = {name: value for name, value in wrong.items() if name != "categories"}
    assert 200 == await page.send("/filings", **right | {"urgent": "1", "way": "phone"})
    (row,) = await intake.fetch("SELECT way FROM filings")
    (issued,) = await told(intake, "receipt.issued.v1")
    (received,) = await told(intake, "submission.received.v1")
    assert ("phone", "en") == (row["way"], issued["language"])
    assert ("request", True) == (received["kind"], received["urgent"])


async def test_an_officer_is_chosen_from_the_units_list(intake: Site) -> None:
    """By badge; and a badge typed by hand is one, too."""
    page = await opened(tab(intake))
    assert '<option value="A-1">赵一，警号 A-1</option>' in page.text
    await page.send("/filings", **RIGHT | {"officer_badge": "A-1", "officer_typed": ""})
    await opened(page)
    await page.send("/filings", **RIGHT | {"officer_typed": "a 2"})
    badges = [one["officer_badge"] for one in await told(intake, "submission.received.v1")]
    assert ["A1", "A2"] == badges


async def test_a_changed_form_is_no_second_click(intake: Site) -> None:
    """Sent, gone back, changed and sent again: one is asked, and a new key is another filing."""
    page = await opened(tab(intake))
    form = page.text
    await page.send("/filings", **RIGHT)
    page.text = form
    assert 422 == await page.send("/filings", **RIGHT | {"words": "还有一件事"})
    assert "还有一件事" in page.text
    assert 1 == len(await told(intake, "receipt.issued.v1"))
    assert 200 == await page.send("/filings", **RIGHT | {"words": "还有一件事"})
    assert 2 == len(await told(intake, "receipt.issued.v1"))


async def test_a_receipt_goes_out_though_the_process_died_between(
    intake: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored, and not yet sent: the job sends it, once; what was refused is forgotten."""
    page = await opened(tab(intake))

    async def die(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(filing.Filing, "issue", die)
        assert 503 == await page.send("/filings", **RIGHT)
    assert [] == await told(intake, "receipt.issued.v1")
    await opened(page)
    assert 422 == await page.send("/filings", **RIGHT | {"kind": "request"})
    await intake.refresh()
    assert [] == await told(intake, "receipt.issued.v1")
    for _ in range(2):
        await intake.fetch(OLDER, filing.LEFT_AFTER)
        await intake.refresh()
    assert 1 == len(await told(intake, "receipt.issued.v1"))
    assert 1 == len(await intake.fetch("SELECT FROM filings"))
    assert 1 == len(await intake.fetch("SELECT FROM receipts_due"))
    await intake.fetch(OLDER, filing.FORGOTTEN_AFTER)
    await intake.refresh()
    assert [] == await intake.fetch("SELECT FROM receipts_due")


async def test_a_receipt_that_is_due_is_never_forgotten(
    intake: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After days without this service more are left than go out at once: the rest go out later."""
    page = await opened(tab(intake))
    with monkeypatch.context() as patched:
        patched.setattr(filing, "AT_ONCE", 0)
        patched.setattr(filing.Filing, "issue", None)
        assert 500 == await page.send("/filings", **RIGHT)
        await intake.fetch(OLDER, 2 * filing.FORGOTTEN_AFTER)
        await intake.refresh()
    await intake.refresh()
    assert 1 == len(await told(intake, "receipt.issued.v1"))


async def test_one_operator_cannot_flood_a_unit_and_a_busy_office_is_not_held(
    database: Database,
) -> None:
    """Who files is counted, not the office's network; what is too much waits, with a receipt."""
    async with site(database, public_url=LOCAL, uncounted="") as intake:
        await intake.add_unit()
        busy = [tab(intake, name=f"op{number}") for number in range(2)]
        for number, page in enumerate(busy):
            await opened(page)
            await page.send("/filings", **RIGHT | {"phone": f"1397777010{number}"})
        await intake.refresh()
        counted = await intake.fetch("SELECT name, number FROM limits ORDER BY name, number")
        assert [1, 1] == [row["number"] for row in counted if row["name"] == "address"]
        assert [2] == [row["number"] for row in counted if row["name"] == "unit"]
        await intake.fetch("UPDATE limits SET number = 10000 WHERE name = 'address'")
        for number in (2, 3):
            await opened(busy[0])
            left = {"phone": f"1397777010{number}"}
            assert 200 == await busy[0].send("/filings", **RIGHT | left)
            await intake.refresh()
        assert "先由人看过再立案" in busy[0].text
        held = [one.get("held") for one in await told(intake, "submission.received.v1")]
        assert [None, None, None, "address"] == held
        assert 4 == len(await told(intake, "receipt.issued.v1"))


async def test_a_unit_is_found_by_name_place_or_code(intake: Site) -> None:
    """All words count; one's own units stand there at once, a closed one never does."""
    await intake.tell(
        UnitChanged(
            unit_code="411724006", name="西平县公安局柏城派出所", parent="西平县", counters=2,
            path=("411700", "411724", "411724006"), kind="station", active=True, version=1,
        ),
        UnitChanged(
            unit_code="411724007", name="西平县公安局旧所", parent="西平县", counters=2,
            path=("411700", "411724", "411724007"), kind="station", active=False, version=1,
        ),
    )  # fmt: skip
    page = tab(intake)
    for sought, found in (
        ("", [UNIT]), ("柏城", ["411724006"]), ("西平 派出所", ["411724006"]),
        ("411724006", ["411724006"]), ("公安局", [UNIT, "411724006"]), ("旧所", []),
        ("%_", []), ("'", []),
    ):  # fmt: skip
        assert 200 == await page.get(f"/filings?q={sought}")
        assert found == re.findall(r'href="/filings\?unit=(\w+)"', page.text), sought
    assert 200 == await page.get("/filings?unit=411724007")
    assert 'name="words"' not in page.text


async def test_auditors_read_and_file_nothing(intake: Site) -> None:
    """Neither search nor form is theirs; others than those who work on cases get no page."""
    auditor = tab(intake, "auditor", "411700")
    assert 200 == await auditor.get(f"/filings?unit={UNIT}")
    assert ('name="words"' in auditor.text, 'name="q"' in auditor.text) == (False, False)
    assert 403 == await auditor.send("/filings", **RIGHT)
    assert 403 == await tab(intake, "reward_approver", "411700").get("/filings")


async def test_the_form_preselects_nothing_and_says_what_follows(intake: Site) -> None:
    """Neither way nor kind, language or consent; three lines above the button."""
    page = await opened(tab(intake))
    form = page.text.partition('action="/filings"')[2]
    assert (0, 0) == (form.count(" checked"), form.count(" selected"))
    then = page.text.partition('class="then"')[2].partition("</ul>")[0]
    assert 3 == then.count("<li>")
    assert "号码加密保存" in page.text
