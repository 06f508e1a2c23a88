"""Leadership's page: a month's figures add up from the events, and name no person."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.scoring.store.counted import WHICH
from services.scoring.store.months import Which
from shared.access import OUTSIDERS
from shared.db import Database
from shared.events import (
    AnswerRated,
    CallbackLogged,
    CaseOpened,
    CommendationAttributed,
    QuestionAsked,
    RewardPaid,
    RewardReversed,
    SubmissionReceived,
)
from tests.integration.scoring_desk import TREE, Scores, opened
from tests.integration.scoring_parts import verdict
from tests.support import at

SERVICE = "scoring"
# A Wednesday noon at the bureau.
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
EARLY = datetime(2026, 10, 31, 16, tzinfo=UTC)  # the first moment of November at the bureau


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


def complaint(unit: str, received: datetime, **changes: Any) -> tuple[UUID, list[Any]]:
    """A complaint and its case."""
    own, due = uuid4(), received + timedelta(hours=9)
    said = {"submission_id": own, "kind": "complaint", "unit_code": unit, "received_at": received}
    case = CaseOpened(
        case_id=own, submission_id=own, kind="complaint", unit_code=unit, urgent=False,
        opened_at=received, callback_due_at=due, verification_due_at=due,
    )  # fmt: skip
    return own, [SubmissionReceived.model_validate(said | changes), case]


def called(own: UUID, unit: str, received: datetime, hours: int) -> CallbackLogged:
    """Somebody was reached so many hours later; it was due after nine."""
    return CallbackLogged(
        case_id=own, submission_id=own, unit_code=unit, attempt=1, outcome="reached",
        state="reached", called_at=received + timedelta(hours=hours),
        due_at=received + timedelta(hours=9),
    )  # fmt: skip


def answered(own: UUID, unit: str, *, solved: bool) -> AnswerRated:
    """What the citizen says of the answer."""
    return AnswerRated(
        submission_id=own, kind="complaint", unit_code=unit, revision=1, version=1,
        solved=solved, satisfied=None, rated_at=NOW,
    )  # fmt: skip


def asked(own: UUID, revision: int = 1) -> QuestionAsked:
    """The questions about a verdict reached the citizen by SMS."""
    return QuestionAsked(
        message_id=own, case_id=own, submission_id=own, revision=revision, asked_at=NOW
    )


async def found(scores: Scores, unit: str, received: datetime, **changes: Any) -> UUID:
    """A complaint that was found true."""
    own, told = complaint(unit, received)
    named: dict[str, Any] = {"unit_code": unit, "received_at": received, "officers": (f"P-{unit}",),
                             "handed_at": received, "due_at": received}  # fmt: skip
    await scores.hear(*told, verdict(own, **named | changes))
    return own


async def figures(scores: Scores, month: str = "", scope: str = "city") -> dict[str, list[str]]:
    """What the page says, by the words before it: the figure and what stands beside it."""
    page = scores.tab("leadership", scope)
    with at(NOW):
        assert 200 == await page.get(f"/leadership?month={month}" if month else "/leadership")
    shown = re.findall(
        '<div><span class="quiet">([^<]+)</span><b><a[^>]+>([^<]+)</a>(?:<small>([^<]*)</small>)?',
        page.text,
    )
    return {name: [value, rest] for name, value, rest in shown}


async def test_a_months_figures_add_up(scores: Scores) -> None:
    """Received, called, verified, true, paid and unsolved, each of the month of receipt."""
    first = await found(scores, "n1", EARLY)
    second, told = complaint("s1", NOW - timedelta(hours=30))
    third, more = complaint("s1", NOW - timedelta(hours=2))
    unfounded: dict[str, Any] = {
        "verdict": "unsubstantiated",
        "attribution": "none",
        "officers": (),
    }
    came = NOW - timedelta(hours=30)
    handed: dict[str, Any] = {"received_at": came, "handed_at": came + timedelta(hours=19),
              "due_at": came + timedelta(hours=20)}  # fmt: skip
    await scores.hear(*told, *more, verdict(second, unit_code="s1", **unfounded, **handed))
    again = handed | {"handed_at": NOW}
    await scores.hear(verdict(second, 2, unit_code="s1", **unfounded, **again))
    await found(scores, "n2", EARLY - timedelta(seconds=1))
    await scores.hear(
        called(first, "n1", EARLY, 8), called(second, "s1", NOW - timedelta(hours=30), 20),
        answered(first, "n1", solved=False), answered(second, "s1", solved=True),
        answered(third, "s1", solved=False), asked(first), asked(second, 2), asked(third),
    )  # fmt: skip
    for case, amount in ((first, 2000), (second, 2000)):
        paid = RewardPaid(
            reward_id=case, case_id=case, submission_id=case, amount_fen=amount, paid_at=NOW,
            phone_sealed="1.x", language="zh", due_at=NOW,
        )  # fmt: skip
        await scores.hear(paid)
    await scores.hear(
        RewardReversed(
            reward_id=second,
            case_id=second,
            submission_id=second,
            amount_fen=2000,
            reversed_at=NOW,
        )
    )
    assert {
        "投诉": ["3", "上月 1"],
        "当天回访": ["1", "/ 2"],
        "按规定回访": ["1", "/ 2"],
        "已核查": ["2", "/ 3"],
        "当天核查": ["1", "/ 2"],
        "按规定核查": ["2", "/ 2"],
        "属实": ["1", "/ 2"],
        "奖励到账": ["20.00", "元，1 笔"],
        "办结但没解决": ["1", "/ 2"],
        "短信问过，有回答": ["1", "/ 2"],
    } == await figures(scores)
    assert ["1", "上月 0"] == (await figures(scores, "2026-10"))["投诉"]


async def test_what_is_held_is_no_complaint_yet(scores: Scores) -> None:
    """It counts once somebody has released it, like everywhere."""
    _, told = complaint("n1", NOW, held="address")
    await scores.hear(*told)
    assert "0" == (await figures(scores))["投诉"][0]


async def test_only_what_lies_below_ones_place_counts(scores: Scores) -> None:
    """A supervisor of the city sees all; leadership of a county its own."""
    for unit in TREE:
        await found(scores, unit, NOW)
    assert ("3", "2", "1") == tuple(
        [(await figures(scores, scope=scope))["投诉"][0] for scope in ("city", "north", "south")]
    )


async def test_units_with_trouble_and_with_praise_are_named(scores: Scores) -> None:
    """The last three months side by side, one incident once; praise where nothing was found."""
    incident = uuid4()
    for received in (NOW, NOW - timedelta(days=1)):
        await found(scores, "n1", received, incident_id=incident)
    for days in (0, 30, 31):
        await found(scores, "s1", NOW - timedelta(days=days))
    await found(scores, "n2", NOW - timedelta(days=61))
    for unit in ("n2", "s1"):
        own = uuid4()
        await scores.hear(
            SubmissionReceived(
                submission_id=own, kind="rating", unit_code=unit, satisfaction=5, received_at=NOW
            ),
            CommendationAttributed(
                commendation_id=own, submission_id=own, unit_code=unit, officer_badge=f"P-{unit}",
                said_at=NOW - timedelta(days=1), number=1, attributed_at=NOW,
            ),
        )  # fmt: skip
    page = scores.tab("leadership")
    with at(NOW):
        await page.get("/leadership")
        trouble, _, praise = page.text.partition("<h2>近 90 天没有查实")
        row = r'<td data-label="窗口单位">(\w+)</td>.*?class="no">(.*?)</td>'
        rows = [
            (unit, re.sub("<[^>]+>", "", told)) for unit, told in re.findall(row, trouble, re.S)
        ]
        assert [("窗口s1", "0 → 2 → 1"), ("窗口n1", "0 → 0 → 1")] == rows
        # What was found 61 days ago counts for ninety.
        assert "还没有这样的单位" in praise
        await page.get("/leadership?month=2027-05")
        assert "2026 年 11 月" in page.text
    with at(NOW + timedelta(days=40)):
        await page.get("/leadership")
        praised = page.text.partition("<h2>近 90 天没有查实")[2]
        assert re.findall(r'<td data-label="窗口单位">(\w+)</td>', praised) == ["窗口n2"]
        assert "这个月还没有查实的投诉" in page.text


async def test_what_waits_for_a_signature_is_told_to_whom_it_concerns(scores: Scores) -> None:
    """Leadership is, the inspection is not; the rail leads to the month whoever has its figures."""
    leader, inspection = scores.tab("leadership"), scores.tab("inspection")
    county = scores.tab("county_supervisor", "north")
    with at(NOW):
        for days in (2, 1):
            await found(scores, "n1", NOW - timedelta(days=days))
        for page in (leader, inspection):
            await page.get("/leadership")
    told = [("等着签发的" in page.text, "P-n1" in page.text) for page in (leader, inspection)]
    assert [(True, False), (False, False)] == told
    for page, leads in ((inspection, True), (county, False)):
        await page.get("/scores")
        assert leads == ('href="/leadership"' in page.text)


async def test_the_chart_has_a_bar_for_each_day_with_one(scores: Scores) -> None:
    """In plain SVG, told in words beside it; the part found true in red."""
    await found(scores, "n1", EARLY)
    _, told = complaint("n1", NOW)
    await scores.hear(*told)
    page = scores.tab("leadership")
    with at(NOW):
        await page.get("/leadership")
    assert (2, 1) == (page.text.count('class="whole"'), page.text.count('class="found"'))
    assert 'aria-label="这个月每天的投诉，共 2 件，已查实 1 件"' in page.text


async def test_leadership_lands_there_and_sees_nobody(scores: Scores) -> None:
    """No officer's name or badge stands on it; who has no figures to read has no such page."""
    await found(scores, "n1", NOW)
    page = scores.tab("leadership")
    assert 303 == await page.get("/")
    assert "/leadership" == page.location
    await figures(scores)
    with at(NOW):
        await page.get("/leadership")
    assert ("窗口n1" in page.text, "民警n1" in page.text, "P-n1" in page.text) == (
        True, False, False
    )  # fmt: skip
    assert 403 == await scores.tab("unit_operator", "n1").get("/leadership")
    city = scores.tab("city_supervisor")
    assert (303, "/scores") == (await city.get("/"), city.location)
    assert 200 == await city.get("/leadership")


@pytest.mark.parametrize(
    "said", ["", "2026-13", "x", "2026-1", "1999-12", "２０２６-11", "2026-11'"]
)
async def test_a_month_that_is_none_is_this_month(scores: Scores, said: str) -> None:
    """Nobody meets an error for an address."""
    page = scores.tab("leadership", language="en")
    with at(NOW):
        assert 200 == await page.get(f"/leadership?month={said}")
    assert "<h1>2026-11</h1>" in page.text


async def test_one_goes_from_month_to_month(scores: Scores) -> None:
    """Back as far as one likes, forward to this month; over the turn of a year."""
    page = scores.tab("leadership")
    with at(NOW):
        await page.get("/leadership")
        assert "month=2026-10" in page.text
        assert "month=2026-12" not in page.text
        await page.get("/leadership?month=2026-01")
    assert "month=2025-12" in page.text
    assert "month=2026-02" in page.text


async def test_every_figure_leads_to_what_it_counts(scores: Scores) -> None:
    """The list behind each is as long as the figure says, to people and to programs alike."""
    first = await found(scores, "n1", EARLY, number="26-000001")
    second, told = complaint("s1", NOW - timedelta(hours=30))
    _, more = complaint("s1", NOW - timedelta(hours=2))
    await scores.hear(
        *told, *more, verdict(second, unit_code="s1", verdict="helped", attribution="none",
                              officers=(), number="26-000002"),
        called(first, "n1", EARLY, 8), called(second, "s1", NOW - timedelta(hours=30), 20),
        answered(first, "n1", solved=False), answered(second, "s1", solved=True), asked(second),
        RewardPaid(reward_id=first, case_id=first, submission_id=first, amount_fen=2000,
                   paid_at=NOW, phone_sealed="1.x", language="zh", due_at=NOW),
    )  # fmt: skip
    shown = await figures(scores, "2026-11")
    behind = {}
    with at(NOW):
        for which in WHICH:
            _, page = await scores.get(f"/api/v1/complaints?month=2026-11&which={which}")
            behind[which] = page["number"], [case["number"] for case in page["cases"]]
        tab = scores.tab("leadership")
        assert 200 == await tab.get("/leadership/cases?month=2026-11&which=complaints")
    assert [True, True, True] == [
        words in tab.text for words in ("26-000001", "窗口n1", "其中 1 件还没有结论")
    ]
    assert {which: behind[which] for which in WHICH if "verified_" not in which} == {
        "complaints": (3, ["26-000002", "26-000001"]), "called": (1, ["26-000001"]),
        "called_rule": (1, ["26-000001"]), "verified": (2, ["26-000002", "26-000001"]),
        "true": (1, ["26-000001"]), "rewards": (1, ["26-000001"]), "unsolved": (1, ["26-000001"]),
        "answered": (1, ["26-000002"]),
    }  # fmt: skip
    names = ("投诉", "当天回访", "按规定回访", "已核查", "属实", "办结但没解决", "短信问过，有回答")
    counted: tuple[Which, ...] = (
        "complaints",
        "called",
        "called_rule",
        "verified",
        "true",
        "unsolved",
        "answered",
    )
    assert [shown[name][0] for name in names] == [str(behind[which][0]) for which in counted]


async def test_what_a_figure_counts_is_paged(scores: Scores) -> None:
    """By its own link, fifty at a time; what is the inspection's tells neither unit nor subject."""
    cases = [await found(scores, "n1", EARLY + timedelta(hours=n)) for n in range(52)]
    await found(scores, "s1", NOW - timedelta(hours=1), recused=(OUTSIDERS,), number="26-000666")
    seen, path = list[str](), "/api/v1/complaints?month=2026-11"
    with at(NOW):
        while path:
            _, page = await scores.get(path)
            seen += [case["case_id"] for case in page["cases"]]
            path = page["next"] or ""
        assert 53 == len(seen) == len(set(seen))
        assert {str(case) for case in cases} < set(seen)
        tab = scores.tab("leadership")
        await tab.get("/leadership/cases?month=2026-11")
        hidden = [words in tab.text for words in ("26-000666", "窗口s1", "市局督察办理的件")]
        assert [False, False, True] == hidden
        assert 422 == await tab.get("/leadership/cases?which=nothing")


async def test_no_figure_leads_nowhere(scores: Scores) -> None:
    """Whatever the page counts, its number opens a list of that name with as many cases."""
    for hours in (2, 30, 50):
        await found(scores, "n1", NOW - timedelta(hours=hours))
    with at(NOW):
        tab = scores.tab("auditor")
        await tab.get("/leadership")
        links = re.findall(r'<b><a href="(/leadership/cases[^"]+)">([^<]+)</a>', tab.text)
        for link, shown in links:
            assert 200 == await tab.get(link), link
            number = re.search(r"共 (\d+) 件", tab.text)
            assert number
            assert "rewards" in link or shown == number[1], link
    assert len(WHICH) == len(links)
