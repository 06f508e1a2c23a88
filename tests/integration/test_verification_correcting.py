"""The second look may find something else: the reviewer's own verdict, and who looks at that."""

from uuid import UUID

import pytest

from services.verification.casework.acts import reviews
from services.verification.casework.bodies import CorrectionBody
from services.verification.casework.rules.verdicts import Step
from shared.db import Connection, Database
from shared.errors import Conflict, Forbidden, Invalid
from shared.values import lots
from tests.integration.verification_case import Casework
from tests.integration.verification_office import office
from tests.integration.verification_tab import tab

SERVICE = "verification"
FOUND = {
    "verdict": "partly", "attribution": "unit", "finding": "监控里确有此事", "answer": "已整改",
    "revision": 1, "note": "单位没有看第二个摄像头",
}  # fmt: skip


@pytest.fixture
async def casework(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


async def correct(casework: Casework, who: str, case_id: UUID, **changed: object) -> Step:
    """The reviewer's own verdict."""
    body = CorrectionBody.model_validate(FOUND | changed)
    done: Step = await casework.act(who, reviews.correct, case_id, body)
    return done


async def test_what_the_unit_did_not_find_the_level_above_finds(casework: Casework) -> None:
    """Two people disagree: the one above is right at once, as a revision of their own."""
    case_id = await casework.open()
    await casework.judge("desk", case_id, "unsubstantiated")
    submitted = (await casework.stands(case_id)).verified_at
    await casework.said()
    assert "verified" == (await correct(casework, "county", case_id)).state
    [told] = await casework.said("case.verified.v1")
    assert ("partly", 2, "unit") == (told["verdict"], told["revision"], told["attribution"])
    case = await casework.stands(case_id)
    assert (2, None, False) == (case.revision, case.review_due_at, case.review_pending)
    # The unit was in time; that another found more does not make it late.
    assert submitted == case.verified_at
    acts = [("verdict", "desk"), ("review", "county"), ("verdict", "county")]
    assert acts == (await casework.timeline(case_id))[-3:]


async def test_what_clears_a_unit_still_takes_another_pair_of_eyes(casework: Casework) -> None:
    """The county's own finding that nothing was wrong waits for the city, not for itself."""
    case_id = await casework.open()
    await casework.judge("desk", case_id, "unverifiable")
    cleared = {"verdict": "unsubstantiated", "attribution": "none"}
    assert "in_review" == (await correct(casework, "county", case_id, **cleared)).state
    assert [] == await casework.said("case.verified.v1")
    with pytest.raises(Forbidden):
        await casework.review("county", case_id, revision=2)
    assert "verified" == (await casework.review("city", case_id, revision=2)).state


async def test_a_sampled_verdict_is_corrected_though_it_took_effect(
    casework: Casework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others hear of the new revision, and the level above the reviewer looks at it again."""
    monkeypatch.setattr(lots, "is_drawn", lambda *_: True)
    case_id = await casework.open()
    await casework.judge("desk", case_id)
    assert (await casework.stands(case_id)).review_pending
    await correct(casework, "county", case_id)
    told = await casework.said("case.verified.v1")
    assert [1, 2] == [event["revision"] for event in told]
    with pytest.raises(Forbidden):
        await casework.review("county", case_id, revision=2)
    await casework.review("city", case_id, revision=2)
    assert not (await casework.stands(case_id)).under_review


async def test_who_may_not_review_corrects_nothing(casework: Casework) -> None:
    """Not the author, nor an equal, nor without a reason; nor what nobody has to look at."""
    case_id = await casework.open()
    await casework.judge("county", case_id, "unsubstantiated")
    for who in ("county", "county2"):
        with pytest.raises(Forbidden):
            await correct(casework, who, case_id)
    with pytest.raises(Invalid, match="note_needed"):
        await correct(casework, "city", case_id, note=" ")
    with pytest.raises(Conflict, match="stale"):
        await correct(casework, "city", case_id, revision=2)
    await correct(casework, "city", case_id)
    with pytest.raises(Conflict, match="nothing_to_review"):
        await correct(casework, "city2", case_id, revision=2)


async def test_the_page_takes_a_verdict_and_keeps_what_was_typed(database: Database) -> None:
    """Nothing is chosen; without a reason it is refused, and everything stands there again."""
    async with office(database) as bureau:
        case_id = await bureau.case()
        await bureau.judge("desk", case_id, verdict="unsubstantiated", attribution="none")
        county, page = await tab(bureau, "county"), f"/desk/cases/{case_id}/review"
        await county.get(page)
        assert "代替单位的" in county.text
        assert 'value="partly" required checked' not in county.text
        said = [
            ("verdicts-verdict", "partly"), ("verdicts-attribution", "unit"),
            ("verdicts-finding", "第二个摄像头里有"), ("verdicts-answer", "已整改"),
            ("verdicts-categories", "other"), ("revision", "1"),
        ]  # fmt: skip
        assert 422 == await county.send(page, *said)
        there = ('value="partly" required checked', "第二个摄像头里有", "<details open>")
        assert [] == [text for text in there if text not in county.text]
        assert 303 == await county.send(page, *said, ("note", "单位没有看"))
        await county.get(county.location)
        shown = ("改判", "单位没有看", "第二个摄像头里有", "部分属实")
        assert [] == [text for text in shown if text not in county.text]
        desk = await bureau.browse("desk", page)
        assert 403 == desk.status
