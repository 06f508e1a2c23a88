"""Officers appeal against their marks: once, in time, to the level above; then it is answered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared import policy
from shared.db import Database
from shared.policy import promises
from shared.values import clock
from tests.integration.test_verification_assigning import sent
from tests.integration.test_verification_requests import asked, lapse
from tests.integration.verification_office import Office, by_hand, office
from tests.integration.verification_tab import tab
from tests.support import at

SERVICE = "verification"
REASON = "当天我在县局开会，不在窗口"
WORD = "值班表和会议签到一致"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def marked(bureau: Office, who: str = "desk", *badges: str) -> UUID:
    """A complaint found true against officers, 170001 unless others are named."""
    case_id = await bureau.case()
    officers = list(badges or ("170001",))
    found = await bureau.judge(who, case_id, attribution="officers", officers=officers)
    assert 201 == found.status, found.text
    return case_id


async def own(bureau: Office, who: str, case_id: UUID, reason: str = REASON) -> int:
    """The status of an appeal from an officer's own page."""
    browser = await tab(bureau, who)
    await browser.get("/desk/appeals")
    return await browser.send("/desk/appeals", ("case_id", str(case_id)), ("reason", reason))


async def answered(bureau: Office, who: str, case_id: UUID, decision: str, **more: str) -> int:
    """The status of an answer to the appeal that waits."""
    fields = {"request_id": await asked(bureau, case_id), "decision": decision, "word": WORD}
    return (await sent(bureau, who, case_id, "decision", **fields | more)).status


async def told(bureau: Office) -> list[tuple[str, int, int]]:
    """What was said of appeals: state, revision, version."""
    events = await bureau.events("appeal.changed.v1")
    return [(one["state"], one["revision"], one["version"]) for one in events]


async def verdict(bureau: Office, case_id: UUID) -> tuple[Any, ...]:
    """Revision, state, verdict, attribution and officers of a case."""
    async with bureau.database.acquire() as conn:
        row = await conn.fetchrow(
            "SELECT revision, state, verdict, attribution, officers FROM cases WHERE case_id = $1",
            case_id,
        )
    return tuple(row or ())


async def test_an_officer_appeals_from_their_own_page_and_is_right(bureau: Office) -> None:
    """Of the case they see nothing but what was found; the county grants: the unit answers now.

    The citizen's answer stays word for word, and the event says by which verdict the reward stays.
    """
    case_id = await marked(bureau)
    page = await bureau.browse("accused", "/desk/appeals")
    assert (True, False) == ("办事效率" in page.text or "推诿" in page.text or "属实" in page.text,
                             "排了两小时的队" in page.text)  # fmt: skip
    assert 404 == (await bureau.browse("accused", f"/desk/cases/{case_id}")).status
    assert 303 == await own(bureau, "accused", case_id)
    assert [("filed", 1, 1)] == await told(bureau)
    mine = await bureau.browse("county", "/desk/mine")
    assert f"/desk/cases/{case_id}/decision" in mine.text
    above = await bureau.browse("county", f"/desk/cases/{case_id}/decision")
    assert (True, True) == (REASON in above.text, 'name="instead" value="others">' in above.text)
    assert 303 == await answered(bureau, "county", case_id, "grant", instead="others")
    assert (2, "verified", "substantiated", "unit", []) == await verdict(bureau, case_id)
    assert [("filed", 1, 1), ("overturned", 1, 2)] == await told(bureau)
    first, second = await bureau.events("case.verified.v1")
    assert (None, "substantiated") == (first["overturned"], second["overturned"])
    shown = await bureau.browse("county", f"/desk/cases/{case_id}")
    assert 2 == shown.text.count("情况属实,已整改</dd>")
    for words in ("170001申诉", "170001申诉成立", WORD):
        assert words in shown.text
    gone = await bureau.browse("accused", "/desk/appeals")
    assert ("没有记在您名下的投诉" in gone.text, "申诉成立" in gone.text) == (True, True)
    assert f'class="words">{WORD}</td>' in gone.text, "who was right reads why"


async def test_what_is_refused_stands_and_is_not_appealed_again(bureau: Office) -> None:
    """Once: the second appeal is refused with the reason, by the officer and on their behalf."""
    case_id = await marked(bureau)
    assert 303 == await own(bureau, "accused", case_id)
    assert 409 == await own(bureau, "accused", case_id)
    assert 422 == await answered(bureau, "county", case_id, "refuse", word=" ")
    assert 303 == await answered(bureau, "county", case_id, "refuse")
    assert (1, "verified", "substantiated", "officers", ["170001"]) == await verdict(
        bureau, case_id
    )
    assert [("filed", 1, 1), ("upheld", 1, 2)] == await told(bureau)
    assert 409 == await own(bureau, "accused", case_id)
    again = await sent(bureau, "desk", case_id, "appeal", officer="170001", reason=REASON)
    assert (409, True, True) == (again.status, "每件只能申诉一次" in again.text,
                                 REASON in again.text)  # fmt: skip
    mine = await bureau.browse("accused", "/desk/appeals")
    assert (True, True) == ("维持原结论" in mine.text, f'class="words">{WORD}</td>' in mine.text)
    unit = await bureau.browse("desk", f"/desk/cases/{case_id}")
    assert WORD in unit.text, "the unit reads it on the case, where it may see that"
    for who in ("neighbour", "elsewhere", "county"):
        other = await bureau.browse(who, "/desk/appeals")
        assert (200, False) == (other.status, WORD in other.text), who


async def test_an_officer_without_appeals_is_told_so_in_both_languages(bureau: Office) -> None:
    """Neither list is a blank: no marks, no appeals; while one waits, nobody has said anything."""
    for language, words in (
        ("en", ("Nothing is on your record", "You have not appealed")),
        ("zh", ("没有记在您名下的投诉", "还没有申诉过")),
    ):
        page = await bureau.browse("accused", f"/desk/appeals?lang={language}")
        assert [True, True] == [text in page.text for text in words], language
    case_id = await marked(bureau)
    await own(bureau, "accused", case_id)
    assert "还没有答复" in (await bureau.browse("accused", "/desk/appeals")).text
    again = await bureau.judge("county", case_id, attribution="policy", revision=1)
    assert 201 == again.status
    assert "由新的结论作出" in (await bureau.browse("accused", "/desk/appeals")).text


async def test_the_time_to_appeal_ends_with_the_fifth_working_day(bureau: Office) -> None:
    """A moment before it is taken, at the end it is refused; the page says so and has no form."""
    early, late = await marked(bureau), await marked(bureau)
    async with bureau.database.acquire() as conn:
        final = await conn.fetchval("SELECT final_at FROM cases WHERE case_id = $1", late)
    rule = policy.load(by_hand()).at(final)
    end = promises.appealable_until(final, rule)
    with at(end - timedelta(seconds=30)):
        assert 303 == await own(bureau, "accused", early)
    with at(end):
        assert 409 == await own(bureau, "accused", late)
        behalf = await sent(bureau, "desk", late, "appeal", officer="170001", reason=REASON)
        assert (409, True) == (behalf.status, "申诉期限已过" in behalf.text)
        page = await bureau.browse("desk", f"/desk/cases/{late}/appeal")
        assert ("申诉期限已过" in page.text, "<textarea" in page.text) == (True, False)
        async with bureau.database.acquire() as conn:
            await conn.execute("UPDATE case_requests SET due_at = mashang_now()")
        await lapse(bureau)
        assert 303 == await answered(bureau, "county", early, "refuse"), "late, and not lapsed"


@pytest.mark.parametrize(
    ("judge", "filer", "who", "status"),
    [
        ("desk", "county", "county", 403),
        ("desk", "desk", "desk", 403),
        ("desk", "county", "county2", 303),
        ("county", "desk", "county", 403),
        ("county", "desk", "county2", 403),
        ("county", "desk", "city", 303),
        ("city", "desk", "city", 403),
        ("city", "desk", "city2", 303),
        ("desk", "desk", "elsewhere", 404),
    ],
)
async def test_another_person_of_the_level_above_answers(
    bureau: Office, judge: str, filer: str, who: str, status: int
) -> None:
    """Above whoever had the last word, and never who filed it; at the top another person."""
    case_id = await marked(bureau, judge)
    filed = await sent(bureau, filer, case_id, "appeal", officer="170001", reason=REASON)
    assert 303 == filed.status
    body = {"request_id": await asked(bureau, case_id), "decision": "refuse", "word": WORD}
    answer = await bureau.ask(who, "POST", f"cases/{case_id}/decision", body)
    assert {303: 201}.get(status, status) == answer.status


async def test_who_is_found_to_be_unfounded_after_all_waits_for_another_person(
    bureau: Office,
) -> None:
    """The citizen needs a new answer; the county alone clears nobody: the city confirms it."""
    case_id = await marked(bureau)
    await own(bureau, "accused", case_id)
    assert 422 == await answered(bureau, "county", case_id, "grant")
    assert 422 == await answered(bureau, "county", case_id, "grant", instead="unfounded")
    told_so = {"instead": "unfounded", "answer": "经再次核查，当时窗口有人。"}
    assert 303 == await answered(bureau, "county", case_id, "grant", **told_so)
    waiting: tuple[Any, ...] = (2, "in_review", "unsubstantiated", "none", [])
    assert waiting == await verdict(bureau, case_id)
    assert 1 == len(await bureau.events("case.verified.v1"))
    assert ("overturned", 1, 2) == (await told(bureau))[-1]
    assert 201 == (await bureau.review("city", case_id, 2)).status
    last = (await bureau.events("case.verified.v1"))[-1]
    assert ("unsubstantiated", "substantiated") == (last["verdict"], last["overturned"])


async def test_what_is_returned_to_be_judged_again_still_follows_from_the_appeal(
    bureau: Office,
) -> None:
    """The next verdict tells by which one the reward is, too; one after a follow-up does not."""
    case_id = await marked(bureau)
    await own(bureau, "accused", case_id)
    told_so = {"instead": "unfounded", "answer": "经再次核查，当时窗口有人。"}
    assert 303 == await answered(bureau, "county", case_id, "grant", **told_so)
    back = await bureau.review("city", case_id, 2, decision="return", note="再问一个人")
    assert 201 == back.status
    found = {"verdict": "unsubstantiated", "attribution": "none", "revision": 2}
    assert 201 == (await bureau.judge("county", case_id, **found)).status
    assert 201 == (await bureau.review("city", case_id, 3)).status
    last = (await bureau.events("case.verified.v1"))[-1]
    assert (3, "unsubstantiated", "substantiated") == (
        last["revision"], last["verdict"], last["overturned"],
    )  # fmt: skip
    again = await bureau.judge("city2", case_id, **found | {"revision": 3})
    assert 201 == again.status
    assert 201 == (await bureau.review("city", case_id, 4)).status
    last = (await bureau.events("case.verified.v1"))[-1]
    assert (4, None) == (last["revision"], last["overturned"])


async def test_who_comes_second_is_told(bureau: Office) -> None:
    """The officer and a colleague at once: one appeal. Two of the county at once: one answer."""
    case_id = await marked(bureau)
    own_body = {"case_id": str(case_id), "reason": REASON}
    behalf = {"officer": "170001", "reason": REASON}
    filed = await asyncio.gather(
        bureau.ask("accused", "POST", "appeals", own_body),
        bureau.ask("desk", "POST", f"cases/{case_id}/appeal", behalf),
    )
    assert [201, 409] == sorted(one.status for one in filed)
    grant = {"request_id": await asked(bureau, case_id), "decision": "grant", "word": WORD,
             "instead": "policy"}  # fmt: skip
    both: tuple[dict[str, str], ...] = ({"decision": "refuse"}, {})
    answers = await asyncio.gather(
        *(bureau.ask(who, "POST", f"cases/{case_id}/decision", grant | other)
          for who, other in zip(("county", "county2"), both, strict=True))
    )  # fmt: skip
    assert [201, 409] == sorted(one.status for one in answers)
    assert 2 == len(await told(bureau))


async def test_one_of_two_officers_appeals(bureau: Office) -> None:
    """The other keeps the mark; a verdict that marks nobody any more answers for both."""
    case_id = await marked(bureau, "desk", "170001", "170002")
    await own(bureau, "accused", case_id)
    await sent(bureau, "desk", case_id, "appeal", officer="170002", reason=REASON)
    async with bureau.database.acquire() as conn:
        first = str(
            await conn.fetchval("SELECT request_id FROM case_requests WHERE badge = '170001'")
        )
    answer = {"request_id": first, "decision": "grant", "word": WORD}
    one = await bureau.ask("county", "POST", f"cases/{case_id}/decision",
                           answer | {"instead": "others"})  # fmt: skip
    assert 201 == one.status
    assert ("officers", ["170002"]) == (await verdict(bureau, case_id))[3:]
    assert 1 == len(one.json["requests"])
    again = await bureau.judge("county", case_id, attribution="policy", revision=2)
    assert 201 == again.status
    assert ("overturned", 3, 2) == (await told(bureau))[-1]
    shown = await bureau.browse("county", f"/desk/cases/{case_id}")
    assert "170002申诉成立" in shown.text
    assert "None" == await asked(bureau, case_id)


async def test_what_is_looked_at_again_is_not_answered_yet(bureau: Office) -> None:
    """Neither filed nor answered while no verdict marks the officer; after the next one it is."""
    case_id = await marked(bureau)
    await own(bureau, "accused", case_id)
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE cases SET state = 'open', final_at = NULL, verified_at = NULL")
    assert 409 == await answered(bureau, "county", case_id, "refuse")
    other = await sent(bureau, "desk", case_id, "appeal", officer="170001", reason=REASON)
    assert (409, True) == (other.status, "正在重新核查" in other.text)
    found = await bureau.judge(
        "desk", case_id, attribution="officers", officers=["170001"], revision=1
    )
    assert 201 == found.status
    assert 303 == await answered(bureau, "county", case_id, "refuse")


async def test_nobody_appeals_for_a_mark_that_is_not_theirs(bureau: Office) -> None:
    """Not another officer, not a case that is not there, not a verdict that marks nobody."""
    case_id = await marked(bureau)
    for who, named in (("desk", case_id), ("accused", uuid4()), ("county", case_id)):
        assert 409 == await own(bureau, who, named)
    unmarked = await bureau.case()
    await bureau.judge("desk", unmarked)
    assert 409 == await own(bureau, "accused", unmarked)
    other = await sent(bureau, "desk", unmarked, "appeal", officer="170001", reason=REASON)
    assert (409, True) == (other.status, REASON in other.text)
    empty = await own(bureau, "accused", case_id, "  ")
    assert (422, []) == (empty, await told(bureau))


async def test_programs_appeal_as_people_do(bureau: Office) -> None:
    """The list, the appeal, and what then stands around the case for whoever works on it."""
    case_id = await marked(bureau)
    listed = await bureau.ask("accused", "GET", "appeals")
    [mark] = listed.json["items"]
    assert (str(case_id), True, []) == (mark["case_id"], mark["appealable"], mark["appeals"])
    body = {"case_id": str(case_id), "reason": REASON}
    filed = await bureau.ask("accused", "POST", "appeals", body)
    assert 201 == filed.status
    [mark] = (await bureau.ask("accused", "GET", "appeals")).json["items"]
    assert (False, [None]) == (mark["appealable"], [one["outcome"] for one in mark["appeals"]])
    [heard] = (await bureau.ask("accused", "GET", "appeals")).json["answered"]
    assert (str(case_id), None, "") == (heard["case_id"], heard["outcome"], heard["word"])
    [waits] = (await bureau.ask("county", "GET", f"cases/{case_id}/work")).json["requests"]
    assert ("appeal", "170001", True) == (waits["kind"], waits["officer"], waits["yours"])
    assert filed.json["request_id"] == waits["request_id"]
    assert clock.now().isoformat() < waits["due_at"]
    assert [] == (await bureau.ask("neighbour", "GET", "appeals")).json["items"]
