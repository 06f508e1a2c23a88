"""What a citizen adds afterwards reaches the case, and whom it names loses sight of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.verification.casework import handlers
from services.verification.casework.store import additions
from shared.db import Connection
from shared.errors import Retry
from shared.events import SubmissionAdded
from shared.values import clock
from tests.integration.verification_case import DESK, SEAL, Casework
from tests.integration.verification_office import UNIT

SERVICE = "verification"


@pytest.fixture
async def work(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


def added(submission_id: UUID, words: str | None = None, **changed: Any) -> SubmissionAdded:
    """An addition, by default to a complaint."""
    own = uuid4()
    typed = changed.pop("typed", None)
    values = {
        "addition_id": own, "submission_id": submission_id, "number": 1, "unit_code": UNIT,
        "kind": "complaint", "satisfaction": 1, "added_at": clock.now(), "why": "open",
        "words_sealed": words and SEAL.close(words, f"words:{own}"),
        "officer_typed_sealed": typed and SEAL.close(typed, f"words:{own}:officer"),
    }  # fmt: skip
    return SubmissionAdded.model_validate(values | changed)


async def add(work: Casework, event: SubmissionAdded) -> None:
    """Let verification hear it."""
    await handlers.on_submission_added(DESK, work.conn, event)


async def sees(work: Casework, who: str, case_id: UUID) -> bool:
    """Whether somebody sees the case, and then what was added to it, too."""
    async with work.acting(who):
        cases = await work.conn.fetchval("SELECT count(*) FROM cases WHERE case_id = $1", case_id)
        rows = await work.conn.fetchval(
            "SELECT count(*) FROM case_additions WHERE case_id = $1", case_id
        )
    assert bool(cases) == bool(rows)
    return bool(cases)


async def test_an_addition_stands_at_the_case_once(work: Casework) -> None:
    """Heard twice it is there once; the words of before stay the case's words."""
    case_id = await work.open(words="排队两小时")
    before = await work.stands(case_id)
    event = added(before.submission_id, "补充：当时有录像")
    for _ in range(2):
        await add(work, event)
    (found,) = await additions.list_of(work.conn, case_id)
    assert event.words_sealed == found.words_sealed
    assert before.words_sealed == (await work.stands(case_id)).words_sealed
    assert 1 == [name for name, _ in await work.timeline(case_id)].count("added")


async def test_the_first_words_become_the_cases_own(work: Casework) -> None:
    """A case without words gets them, under its own seal: the desk reads what it is about."""
    case_id = await work.open(words=None)
    submission_id = (await work.stands(case_id)).submission_id
    await add(work, added(submission_id, "等了一上午"))
    case = await work.stands(case_id)
    assert case.words_sealed
    assert "等了一上午" == SEAL.open(case.words_sealed, f"words:{submission_id}")


@pytest.mark.parametrize(
    "naming",
    [{"officer_badge": "170009"}, {"words": "就是170009"}, {"typed": "警号170009"}],
)
async def test_who_is_named_by_an_addition_loses_the_case(
    work: Casework, naming: dict[str, Any]
) -> None:
    """By badge, in words or in the typed field (rule 18); those above still see it."""
    case_id = await work.open()
    submission_id = (await work.stands(case_id)).submission_id
    async with work.acting("desk"):
        assert await work.conn.fetchval("SELECT count(*) FROM cases WHERE case_id = $1", case_id)
    await add(work, added(submission_id, **naming))
    assert not await sees(work, "desk", case_id)
    assert await sees(work, "city", case_id)


async def test_what_is_named_anew_is_not_cleared(work: Casework) -> None:
    """That somebody above gave the case back after the first words says nothing of later ones."""
    case_id = await work.open(words="170009很凶")
    await work.conn.execute(
        "UPDATE cases SET cleared = recused, recused = '{}' WHERE case_id = $1", case_id
    )
    submission_id = (await work.stands(case_id)).submission_id
    await add(work, added(submission_id, "我说的就是170009"))
    assert not await sees(work, "desk", case_id)


async def test_an_addition_waits_for_its_case(work: Casework) -> None:
    """Order is never assumed: what came first is tried again."""
    with pytest.raises(Retry):
        await add(work, added(uuid4(), "早到"))


async def test_praise_is_kept_and_opens_no_case(work: Casework) -> None:
    """Words with 4 or 5 are a commendation of their unit; 3, or no words, are nothing more."""
    for level, words in ((5, "帮了大忙"), (4, None), (3, "还行")):
        event = added(uuid4(), words, kind="rating", satisfaction=level, why="thanks",
                      officer_badge="170001")  # fmt: skip
        for _ in range(2):
            await add(work, event)
    rows = await work.conn.fetch("SELECT satisfaction, officer_badge FROM commendations")
    assert [(5, "170001")] == [tuple(row) for row in rows]
    assert 0 == await work.conn.fetchval("SELECT count(*) FROM cases")
    async with work.acting("neighbour"):
        assert 0 == await work.conn.fetchval("SELECT count(*) FROM commendations")


async def test_praise_at_once_is_kept_as_well(work: Casework) -> None:
    """A rating of 5 that came with its words."""
    await work.open(kind="rating", satisfaction=5, words="谢谢", categories=(), phone=None)
    assert 1 == await work.conn.fetchval("SELECT count(*) FROM commendations")


async def test_what_a_citizen_chose_stands_in_the_case(work: Casework) -> None:
    """When, which matter, by which way, how to call, and the consent, as they were sent."""
    when = clock.now() - timedelta(hours=3)
    consent = {"notice": "1", "purposes": ["callback"], "recipients": ["bureau"], "at": when}
    case_id = await work.open(
        occurred_at=when, matter="领取身份证", channel="wechat", call_time="noon", reasons=(110,),
        call_language="local", consent=consent,
    )  # fmt: skip
    case = await work.stands(case_id)
    assert (when, "领取身份证", "wechat", "noon", "local", (110,)) == (
        case.occurred_at, case.matter, case.channel, case.call_time, case.call_language,
        case.reasons,
    )  # fmt: skip
    assert case.consent
    assert "1" == case.consent["notice"]


async def test_a_name_in_the_typed_field_keeps_the_case_away(work: Casework) -> None:
    """The officer typed by name with the submission, not only by badge."""
    sealed = uuid4()
    case_id = await work.open(
        submission_id=sealed, words=None, phone=None,
        officer_typed_sealed=SEAL.close("170009", f"words:{sealed}:officer"),
    )  # fmt: skip
    async with work.acting("desk"):
        seen = await work.conn.fetchval("SELECT count(*) FROM cases WHERE case_id = $1", case_id)
    assert 0 == seen
