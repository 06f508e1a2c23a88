"""What waits for one person, the second look on its own page, and what a shift hands over."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from services.verification.casework.pages import mine
from shared.db import Database
from shared.values import clock
from tests.integration.test_verification_assigning import sent
from tests.integration.verification_office import FAR_UNIT, Office, office
from tests.integration.verification_tab import tab
from tests.support import at

SERVICE = "verification"
CLEARED = {"verdict": "unsubstantiated", "attribution": "none"}


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def shown(bureau: Office, who: str, case_id: UUID, page: str = "/desk/mine") -> bool:
    """Whether somebody's page leads to the case."""
    return f'href="/desk/cases/{case_id}' in (await bureau.browse(who, page)).text


async def test_what_one_leads_or_helps_with_is_listed(bureau: Office) -> None:
    """Of others' cases nothing; an empty page says how one gets some."""
    empty = await bureau.browse("desk", "/desk/mine")
    assert "现在没有归您办的" in empty.text
    led, helped, other = [await bureau.case() for _ in range(3)]
    await sent(bureau, "desk", led, "lead", who="desk")
    await sent(bureau, "desk", helped, "helpers", who="desk", decision="join")
    await sent(bureau, "accused", other, "lead", who="accused")
    found = [await shown(bureau, "desk", case_id) for case_id in (led, helped, other)]
    assert [True, True, False] == found
    await bureau.judge("desk", led)
    await bureau.ask("county", "POST", f"cases/{led}/callbacks", {"outcome": "reached"})
    assert not await shown(bureau, "desk", led)


async def test_what_is_kept_from_whoever_helps_is_on_no_list_of_theirs(bureau: Office) -> None:
    """Who led it or helped before anybody knew that it is about them; the county keeps it."""
    led, helped = [await bureau.case() for _ in range(2)]
    for case_id in (led, helped):
        await sent(bureau, "county", case_id, "helpers", who="county", decision="join")
    await sent(bureau, "accused", led, "lead", who="accused")
    await sent(bureau, "accused", helped, "helpers", who="accused", decision="join")
    assert [True, True] == [await shown(bureau, "accused", one) for one in (led, helped)]
    for case_id in (led, helped):
        recused = {"decision": "recuse", "officer": "170001", "reason": "说的就是他"}
        await bureau.ask("county", "POST", f"cases/{case_id}/recusals", recused)
    assert [False, False] == [await shown(bureau, "accused", one) for one in (led, helped)]
    assert [True, True] == [await shown(bureau, "county", one) for one in (led, helped)]


async def test_a_verdict_waits_for_whoever_may_review_it(bureau: Office) -> None:
    """The unit's for the county and the city, the county's own for the city, and for no author."""
    of_unit, of_county = await bureau.case(), await bureau.case()
    await bureau.judge("desk", of_unit, **CLEARED)
    await bureau.judge("county", of_county, **CLEARED)
    for who, wanted in (("desk", (False, False)), ("county", (True, False)),
                        ("county2", (True, False)), ("city", (True, True)),
                        ("elsewhere", (False, False))):  # fmt: skip
        found = [await shown(bureau, who, case_id) for case_id in (of_unit, of_county)]
        assert wanted == tuple(found), who


async def test_a_request_waits_for_the_level_above(bureau: Office) -> None:
    """Until it is decided; not for whoever asks, nor for another county."""
    case_id = await bureau.case()
    await sent(bureau, "desk", case_id, "extension", days="1", reason="等监控")
    decide = f'href="/desk/cases/{case_id}/decision'
    pages = {who: (await bureau.browse(who, "/desk/mine")).text
             for who in ("desk", "county", "city", "elsewhere")}  # fmt: skip
    assert ["county", "city"] == [who for who, page in pages.items() if decide in page]
    assert "申请延期 1 天" in pages["county"]


async def test_the_review_page_shows_both_sides_and_confirms(bureau: Office) -> None:
    """Words and finding, what to look for, the unit's record, what happens then."""
    before, case_id = await bureau.case(), await bureau.case(words="材料带齐了也不给办")
    await bureau.judge("desk", before, **CLEARED)
    await bureau.review("county", before, 1, decision="return", note="再查")
    await bureau.judge("desk", case_id, **CLEARED, finding="系统当时有故障")
    county = await tab(bureau, "county")
    assert 200 == await county.get(f"/desk/cases/{case_id}/review")
    said = ("材料带齐了也不给办", "系统当时有故障", "依据能独立证明吗", "群众收到答复", "近 90 天")
    assert [] == [text for text in said if text not in county.text]
    assert "<dt>被退回</dt><dd>1</dd>" in county.text
    sent_to = f"/desk/cases/{case_id}/reviews"
    fields = (("reviews-decision", "confirm"), ("reviews-note", ""), ("revision", "1"))
    assert 303 == await county.send(sent_to, *fields)
    assert [case_id] == [UUID(e["case_id"]) for e in await bureau.events("case.verified.v1")]
    await county.get(f"/desk/cases/{case_id}/review")
    assert "您的复核" in county.text
    assert 'name="reviews-decision"' not in county.text


async def test_whoever_gave_the_verdict_is_told_why_they_do_not_review_it(bureau: Office) -> None:
    """No form, but the reason; the unit has no such page, another county no such case."""
    case_id = await bureau.case()
    await bureau.judge("county", case_id, **CLEARED)
    page = f"/desk/cases/{case_id}/review"
    own = await bureau.browse("county", page)
    assert ("您不能复核" in own.text, 'name="reviews-decision"' in own.text) == (True, False)
    assert [403, 404] == [(await bureau.browse(who, page)).status for who in ("desk", "elsewhere")]


async def test_a_shift_hands_over_what_is_late_and_what_is_due_tonight(bureau: Office) -> None:
    """On a sheet to be signed, with who works on it; nothing of another county or of next week."""
    case_id, far = await bureau.case(), await bureau.case(unit_code=FAR_UNIT)
    await sent(bureau, "county", case_id, "lead", who="county")
    with at(clock.now() + timedelta(days=3)):
        late = (await bureau.browse("county", "/desk/shift")).text
    assert ("已超期" in late, "交班人" in late, "接班人" in late) == (True, True, True)
    assert ("县督导" in late, f"/desk/cases/{far}" in late) == (True, False)
    assert f"/desk/cases/{case_id}" in late
    bare = await bureau.case(kind="rating", phone=None, words=None, categories=())
    assert not await shown(bureau, "county", bare, "/desk/shift")


async def test_each_list_goes_on_after_its_first_page(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing twice, nothing left out, and where a list ends there is no further page."""
    monkeypatch.setattr(mine, "_MOST", 2)
    cases = [await bureau.case(urgent=n == 2) for n in range(5)]
    for case_id in cases:
        await sent(bureau, "county", case_id, "lead", who="county")
        await sent(bureau, "desk", case_id, "extension", days="1", reason="等监控")
        await bureau.judge("desk", case_id, **CLEARED)
    lists = {"led": 'no" href="/desk/cases/([^/"]+)"', "reviews": "([^/]+)/review",
             "requests": "([^/]+)/decision"}  # fmt: skip
    for name, pattern in lists.items():
        address, found = "/desk/mine", []
        for _ in range(3):
            page = (await bureau.browse("county", address)).text
            found += re.findall(pattern, page)
            further = re.search(rf'href="(/desk/mine\?{name}=[^"&]+)"', page)
            address = further[1] if further else ""
        assert (sorted(map(str, cases)), "") == (sorted(found), address), name
    assert 422 == (await bureau.browse("county", "/desk/mine?led=nonsense")).status
