"""Nobody clears a unit alone: verdicts that wait for another person, whoever submits them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from shared.db import Database
from tests.integration.verification_office import OTHER_UNIT, Answer, Office, office
from tests.integration.verification_tab import tab

SERVICE = "verification"
CLEARED = {"verdict": "unsubstantiated", "attribution": "none"}


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def told(bureau: Office) -> list[tuple[int, str]]:
    """The verdicts that took effect."""
    return [(e["revision"], e["verdict"]) for e in await bureau.events("case.verified.v1")]


async def found(bureau: Office) -> UUID:
    """A case that its unit's desk found substantiated."""
    case_id = await bureau.case()
    assert 201 == (await bureau.judge("desk", case_id)).status
    return case_id


@pytest.mark.parametrize("verdict", ["unsubstantiated", "unverifiable", "helped", "out_of_scope"])
async def test_a_supervisor_alone_clears_nobody(bureau: Office, verdict: str) -> None:
    """Found true and then turned by the same supervisor: not final until the level above agrees."""
    case_id = await bureau.case()
    await bureau.judge("county", case_id)
    turned = await bureau.judge("county", case_id, verdict=verdict, attribution="none", revision=1)
    assert ("in_review", [(1, "substantiated")]) == (turned.json["state"], await told(bureau))
    alone = [await bureau.review(who, case_id, 2) for who in ("county", "county2")]
    assert [403, 403] == [answer.status for answer in alone]
    done = await bureau.review("city", case_id, 2)
    assert ("verified", (2, verdict)) == (done.json["state"], (await told(bureau))[-1])


async def test_a_unit_alone_does_not_pass_a_case_on(bureau: Office) -> None:
    """No matter of ours, a unit says of itself: the level above looks at it; a county alone may."""
    case_id, other = await bureau.case(), await bureau.case(unit_code=OTHER_UNIT)
    passed_on = {"verdict": "out_of_scope", "attribution": "none"}
    own = await bureau.judge("desk", case_id, **passed_on)
    assert ("in_review", []) == (own.json["state"], await told(bureau))
    above = await bureau.judge("county", other, **passed_on)
    assert "verified" == above.json["state"]
    assert "verified" == (await bureau.review("county", case_id, 1)).json["state"]


async def test_at_the_top_another_person_of_the_top_confirms(bureau: Office) -> None:
    """The city's own change waits for the city's other supervisor."""
    case_id = await found(bureau)
    await bureau.judge("city", case_id, **CLEARED, revision=1)
    own, other = [await bureau.review(who, case_id, 2) for who in ("city", "city2")]
    assert (403, "verified") == (own.status, other.json["state"])


async def test_a_detour_over_partly_clears_nobody(bureau: Office) -> None:
    """Substantiated, partly, helped: the last step waits although the one before was final."""
    case_id = await found(bureau)
    milder = await bureau.judge("county", case_id, verdict="partly", revision=1)
    helped = await bureau.judge("county", case_id, verdict="helped", attribution="none", revision=2)
    assert ("verified", "in_review") == (milder.json["state"], helped.json["state"])


async def test_what_a_review_confirmed_is_not_changed_by_one(bureau: Office) -> None:
    """Away from a confirmed verdict, also towards a graver one, two people are needed again."""
    case_id = await bureau.case()
    await bureau.judge("desk", case_id, **CLEARED)
    await bureau.review("county", case_id, 1)
    graver = await bureau.judge("county", case_id, revision=1)
    assert ("in_review", [(1, "unsubstantiated")]) == (graver.json["state"], await told(bureau))
    await bureau.review("city", case_id, 2)
    assert [(1, "unsubstantiated"), (2, "substantiated")] == await told(bureau)


async def test_a_returned_change_does_not_become_final_by_resubmitting(bureau: Office) -> None:
    """After a return whatever clears still waits, whoever submits it this time."""
    case_id = await found(bureau)
    await bureau.judge("county", case_id, **CLEARED, revision=1)
    back = await bureau.review("city", case_id, 2, decision="return", note="查监控")
    again = await bureau.judge("desk", case_id, verdict="helped", attribution="none", revision=2)
    assert ("open", "in_review") == (back.json["state"], again.json["state"])
    assert [(1, "substantiated")] == await told(bureau)


@pytest.mark.parametrize("seen", [1, 3])
async def test_a_stale_page_confirms_nothing(bureau: Office, seen: int) -> None:
    """The reviewer read revision 1, or names one that is not there; revision 2 stays open."""
    case_id = await bureau.case()
    await bureau.judge("desk", case_id, **CLEARED)
    await bureau.review("county", case_id, 1, decision="return", note="再查")
    await bureau.judge("desk", case_id, **CLEARED, revision=1)
    stale = await bureau.review("county", case_id, seen)
    assert (409, "refused.stale_revision") == (stale.status, stale.json["key"])
    assert [] == await told(bureau)
    assert 201 == (await bureau.review("county", case_id, 2)).status


async def test_a_review_must_say_what_was_read(bureau: Office) -> None:
    """Without a revision a review is refused by field."""
    case_id = await bureau.case()
    await bureau.judge("desk", case_id, **CLEARED)
    bare = await bureau.ask("county", "POST", f"cases/{case_id}/reviews", {"decision": "confirm"})
    assert (422, "revision") == (bare.status, bare.json["errors"][0]["field"])


async def test_a_stale_form_shows_what_was_typed(bureau: Office) -> None:
    """On the page too: nothing is confirmed, and the page says that the case has moved on."""
    case_id = await bureau.case()
    await bureau.judge("desk", case_id, **CLEARED)
    county, page = await tab(bureau, "county"), f"/desk/cases/{case_id}"
    await county.get(page)
    assert '<input type="hidden" name="revision" value="1">' in county.text
    await bureau.review("county", case_id, 1, decision="return", note="再查")
    await bureau.judge("desk", case_id, **CLEARED, revision=1)
    sent = (("decision", "confirm"), ("note", "看过了"), ("revision", "1"))
    assert 409 == await county.send(f"{page}/reviews", *sent)
    assert ("看过了" in county.text, []) == (True, await told(bureau))
    assert '<input type="hidden" name="revision" value="2">' in county.text


async def test_two_reviews_at_once_are_one(bureau: Office) -> None:
    """Of two supervisors above who decide at the same moment, one is told that it is done."""
    case_id = await bureau.case()
    await bureau.judge("county", case_id, **CLEARED)
    answers = await asyncio.gather(*(bureau.review(w, case_id, 1) for w in ("city", "city2")))
    assert [201, 409] == sorted(answer.status for answer in answers)
    assert [(1, "unsubstantiated")] == await told(bureau)


@pytest.mark.usefixtures("chance")
async def test_the_sample_is_not_drawn_again(bureau: Office) -> None:
    """Whoever gets a drawn verdict back and submits it again is drawn again, however often."""
    case_id = await drawn_case(bureau)
    for revision in range(1, 4):
        await returned(bureau, case_id, revision)
        answer = await bureau.judge("desk", case_id, revision=revision)
        assert ("verified", True) == (answer.json["state"], answer.json["review_pending"])


@pytest.mark.usefixtures("chance")
async def test_a_supervisor_does_not_shake_off_the_sample(bureau: Office) -> None:
    """A drawn verdict that a supervisor replaces is still looked at, by the level above them."""
    case_id = await drawn_case(bureau)
    replaced = await bureau.judge("county", case_id, verdict="partly", revision=1)
    assert replaced.json["review_pending"]
    assert 403 == (await bureau.review("county", case_id, 2)).status
    assert 201 == (await bureau.review("city", case_id, 2)).status


async def drawn_case(bureau: Office) -> UUID:
    """A case whose first verdict the sample drew."""
    while True:
        case_id = await bureau.case()
        if (await bureau.judge("desk", case_id)).json["review_pending"]:
            return case_id


async def returned(bureau: Office, case_id: UUID, revision: int) -> Answer:
    """The case, given back."""
    changes: dict[str, Any] = {"decision": "return", "note": "再查"}
    return await bureau.review("county", case_id, revision, **changes)
