"""The open figures are counted from what happened, exactly, however it was heard of."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from uuid_utils.compat import uuid7

from services.intake.open import jobs, store
from services.intake.open.figures import Figures
from services.intake.service import build
from shared import events, policy
from shared.db import Database
from shared.events import Event
from tests.integration.intake_site import UNIT, Site, settings, site
from tests.support import at

SERVICE = "intake"
ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# 23:30 at the bureau on the last of June: an hour on it is July there, and still June in UTC.
EDGE = datetime(2026, 6, 30, 15, 30, tzinfo=UTC)
NOW = datetime(2026, 8, 3, 4, tzinfo=UTC)
CALLS: tuple[events.CallbackState, ...] = ("reached", "reached", "unreached")
POLICIES = policy.load(settings().policy_file)


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake."""
    async with site(database) as running:
        yield running


async def count_all(database: Database) -> None:
    """Until there is nothing new."""
    while await jobs.count_news(database, POLICIES):
        pass


async def numbers(database: Database) -> Counter[tuple[str, str, str]]:
    """What was counted, by month, kind and name."""
    async with database.acquire() as conn:
        months = await store.list_months(conn, datetime(2026, 1, 1, tzinfo=UTC).date())
    return Counter(
        {(f"{month:%Y-%m}", *place): n for month, row in months.items() for place, n in row.items()}
    )


@dataclass
class Story:
    """A submission as the test knows it, and what is told of it."""

    id: UUID
    kind: Any
    received_at: datetime
    phone: bool
    satisfaction: int | None
    told: list[Event] = field(default_factory=list)
    case: UUID = field(default_factory=uuid7)
    reward: UUID = field(default_factory=uuid7)

    @property
    def due(self) -> datetime:
        """24:00 of the day, or of the next for what came in the evening."""
        local = self.received_at.astimezone(ZONE)
        day = local.date() + (DAY if local.hour >= 18 else timedelta())
        return datetime(day.year, day.month, day.day, tzinfo=ZONE) + DAY

    def opens(self) -> None:
        """A case."""
        self.told.append(events.CaseOpened(
            case_id=self.case, submission_id=self.id, kind=self.kind, unit_code=UNIT, urgent=False,
            opened_at=self.received_at, callback_due_at=self.due, verification_due_at=self.due,
        ))  # fmt: skip

    def is_called(self, when: datetime, state: events.CallbackState) -> None:
        """A call that ends so."""
        self.told.append(events.CallbackLogged(
            case_id=self.case, submission_id=self.id, unit_code=UNIT, attempt=1,
            outcome="reached" if state == "reached" else "no_answer", state=state, called_at=when,
            due_at=self.due,
        ))  # fmt: skip

    def is_verified(self, when: datetime, verdict: events.Verdict, revision: int = 1) -> None:
        """A verdict."""
        self.told.append(events.CaseVerified(
            case_id=self.case, submission_id=self.id, incident_id=self.case, revision=revision,
            kind=self.kind, unit_code=UNIT, categories=("other",), verdict=verdict,
            attribution="unit", officers=(), answer_sealed=None, phone_sealed=None,
            phone_index=None, language="zh", received_at=self.received_at, verified_at=when,
        ))  # fmt: skip

    def is_paid(self, when: datetime) -> None:
        """20 yuan."""
        self.told.append(events.RewardPaid(
            reward_id=self.reward, case_id=self.case, submission_id=self.id, amount_fen=2000,
            phone_sealed="1.x", language="zh", paid_at=when, due_at=when,
        ))  # fmt: skip


_keys = count(1)


async def submit(intake: Site, when: datetime, **said: Any) -> Story:
    """Hand something in at a moment."""
    fields: dict[str, Any] = {"kind": "complaint", "satisfaction": 1, "phone": None} | said
    if fields["kind"] == "rating":
        fields |= {"categories": None, "words": None}
    if fields["kind"] == "request":
        fields |= {"categories": None, "satisfaction": None}
    with at(when):
        answer = await intake.submit(f"key-{next(_keys):020}", **fields)
    told = await answer.json()
    assert 201 == answer.status, told
    received = datetime.fromisoformat(told["received_at"])
    return Story(
        UUID(told["submission_id"]), fields["kind"], received, fields["phone"] is not None,
        fields["satisfaction"],
    )  # fmt: skip


async def test_months_are_those_of_the_bureau(intake: Site, database: Database) -> None:
    """Half an hour apart in one UTC month, they are of two months where the window is."""
    await submit(intake, EDGE)
    await submit(intake, EDGE + HOUR)
    with at(NOW):
        await count_all(database)
    found = await numbers(database)
    assert 1 == found["2026-06", "complaint", "received"]
    assert 1 == found["2026-07", "complaint", "received"]


async def test_what_is_overdue_turns_by_itself(intake: Site, database: Database) -> None:
    """No event tells that a due time has passed; the count does so after it, and not before."""
    story = await submit(intake, EDGE, phone="13800138000")
    story.opens()
    await intake.tell(*story.told)
    with at(story.due - HOUR):
        await count_all(database)
        assert 1 == (await numbers(database))["2026-06", "complaint", "pace_waiting"]
    with at(story.due + HOUR):
        await count_all(database)
    found = await numbers(database)
    late = [found["2026-06", "complaint", name] for name in ("pace_late", "call_late")]
    assert [1, 1] == late
    assert 0 == found["2026-06", "complaint", "pace_waiting"]


async def test_an_event_told_twice_counts_once(intake: Site, database: Database) -> None:
    """And one that arrives before what it follows counts when that is here, too."""
    story = await submit(intake, EDGE, phone="13800138000")
    story.opens()
    story.is_called(EDGE + HOUR / 4, "reached")
    story.is_verified(EDGE + HOUR, "partly")
    story.is_paid(EDGE + DAY)
    with at(NOW):
        for event in (*reversed(story.told), *story.told):
            await intake.tell(event)
            await count_all(database)
    june = {name: n for (month, kind, name), n in (await numbers(database)).items()
            if (month, kind) == ("2026-06", "complaint")}  # fmt: skip
    assert {
        "received": 1, "state_partly": 1, "pace_on_time": 1, "call_on_time": 1, "same_day": 1,
        "paid": 1, "paid_fen": 2000,
    } == june  # fmt: skip


async def test_nothing_to_count_is_nothing_to_do(intake: Site, database: Database) -> None:
    """Neither on an empty database nor when all is counted does the job ask to run again."""
    assert 0 == await jobs.count_news(database, POLICIES)
    await submit(intake, EDGE)
    with at(NOW):
        await count_all(database)
        assert 0 == await jobs.count_news(database, POLICIES)
        async with database.acquire() as conn:
            day, counted_at = await store.get_counted(conn)
    assert NOW.date() - jobs.OPEN_DAYS == day
    assert counted_at is not None


async def test_two_instances_count_one_after_the_other(intake: Site, database: Database) -> None:
    """While one counts the other has nothing to do, and nothing is counted twice."""
    await submit(intake, EDGE)
    with at(NOW):
        async with database.transaction() as conn:
            assert await store.take_turn(conn)
            assert 0 == await jobs.count_news(database, POLICIES)
        await count_all(database)
    assert 1 == (await numbers(database))["2026-06", "complaint", "received"]


async def test_days_while_nobody_counted_are_counted_later(
    intake: Site, database: Database
) -> None:
    """After three months' silence each day is there, a month's days a run."""
    for number in range(0, 90, 10):
        await submit(intake, EDGE + number * DAY)
    with at(EDGE + 91 * DAY):
        first = await jobs.count_news(database, POLICIES)
        assert first > 50
        await count_all(database)
    found = await numbers(database)
    received = sum(n for (_, _, name), n in found.items() if name == "received")
    assert 9 == received


async def test_a_recount_by_other_means_agrees(intake: Site, database: Database) -> None:
    """200 stories told in any order, some twice, counted now and then: each number is right."""
    chance = random.Random(54)
    stories = [await _story(intake, chance) for _ in range(200)]
    told = [event for story in stories for event in story.told]
    told += chance.sample(told, 60)
    chance.shuffle(told)
    with at(NOW):
        for start in range(0, len(told), 100):
            await intake.tell(*told[start : start + 100])
            await jobs.count_news(database, POLICIES)
        await count_all(database)
    assert recount(stories) == await numbers(database)


async def _story(intake: Site, chance: random.Random) -> Story:
    kind = chance.choice(["complaint", "complaint", "request", "rating"])
    story = await submit(
        intake, EDGE + chance.random() * 33 * DAY, kind=kind,
        satisfaction=chance.randint(1, 5) if kind == "rating" else chance.choice([1, 2, None]),
        phone=chance.choice([None, "13800138000"]) if kind != "rating" else None,
    )  # fmt: skip
    if kind == "rating":
        return story
    story.opens()
    if story.phone and chance.random() < 0.8:
        state: events.CallbackState = chance.choice(CALLS)
        story.is_called(story.received_at + chance.random() * 3 * DAY, state)
    if chance.random() < 0.8:
        verdict = chance.choice(get_args(events.Verdict))
        story.is_verified(story.received_at + chance.random() * 3 * DAY, verdict)
        if story.phone and verdict == "substantiated":
            story.is_paid(story.received_at + 4 * DAY)
    return story


def recount(stories: list[Story]) -> Counter[tuple[str, str, str]]:
    """The same from the stories as they were told, by a reading of the rules of its own."""
    found: Counter[tuple[str, str, str]] = Counter()
    for story in stories:
        month = f"{story.received_at.astimezone(ZONE):%Y-%m}"
        for name, number in _counted(story):
            found[month, story.kind, name] += number
        if story.satisfaction:
            said = "yes" if story.satisfaction >= 3 else "no"
            found[month, "asked", f"volunteered_{said}"] += 1
    return found


def _counted(story: Story) -> Iterator[tuple[str, int]]:
    yield "received", 1
    if story.kind == "rating":
        yield from (("state_none", 1), ("pace_none", 1), ("call_none", 1))
        return
    calls = [e for e in story.told if isinstance(e, events.CallbackLogged)]
    verdicts = [e for e in story.told if isinstance(e, events.CaseVerified)]
    paid = [e for e in story.told if isinstance(e, events.RewardPaid)]
    yield f"state_{verdicts[0].verdict if verdicts else 'open'}", 1
    yield f"pace_{_pace(story.due, verdicts[0].verified_at if verdicts else None)}", 1
    if not story.phone:
        yield "call_none", 1
    elif calls and calls[0].state == "unreached":
        yield "call_unreached", 1
    else:
        yield f"call_{_pace(story.due, calls[0].called_at if calls else None)}", 1
    day = story.received_at.astimezone(ZONE).date()
    if calls and calls[0].state == "reached" and calls[0].called_at.astimezone(ZONE).date() == day:
        yield "same_day", 1
    if verdicts and verdicts[0].verified_at.astimezone(ZONE).date() == day:
        yield "verified_same_day", 1
    if paid:
        yield from (("paid", 1), ("paid_fen", 2000))


def _pace(due: datetime, done: datetime | None) -> str:
    if done is None:
        return "late" if due < NOW else "waiting"
    return "on_time" if done <= due else "late"


async def test_what_is_held_counts_when_it_is_released(intake: Site, database: Database) -> None:
    """Praise that a person has yet to look at is in no number until then."""
    with at(EDGE):
        for number in range(40):
            code_key = f"flood-{number:016}"
            await intake.submit(
                code_key, kind="rating", satisfaction=5, words=None, categories=None, phone=None
            )
    with at(NOW):
        await count_all(database)
        before = (await numbers(database))["2026-06", "asked", "volunteered_yes"]
        held = await intake.fetch("SELECT id FROM submissions WHERE details ? 'held'")
        assert 40 == before + len(held)
        for number, row in enumerate(held, 1):
            await intake.tell(events.HoldEnded(
                submission_id=row["id"], unit_code=UNIT, number=1, outcome="released",
                ended_at=NOW,
            ))  # fmt: skip
            if number == 1:
                await count_all(database)
                now = (await numbers(database))["2026-06", "asked", "volunteered_yes"]
                assert before + 1 == now
        await count_all(database)
    assert 40 == (await numbers(database))["2026-06", "asked", "volunteered_yes"]


async def test_a_few_wait_until_more_are_with_them(intake: Site, database: Database) -> None:
    """Four more are counted and not published; the fifth brings all, a new week the rest."""
    saturday = NOW - 2 * DAY

    async def add(so_many: int, now: datetime = saturday) -> int | None:
        for _ in range(so_many):
            await submit(intake, saturday, kind="complaint", satisfaction=1)
        with at(now):
            await count_all(database)
        seen = await Figures(database, POLICIES).read()
        return None if seen.empty else seen.tables.shown(None, "complaint", "received")

    assert [None, None, 5] == [await add(0), await add(4), await add(1)]
    assert [5, 12, 12] == [await add(4), await add(3), await add(2)]
    assert 14 == (await numbers(database))["2026-08", "complaint", "received"]
    assert 14 == await add(0, NOW)


async def test_the_page_reads_no_cases(intake: Site, database: Database) -> None:
    """What it asks of the database names none of the tables that grow with the cases."""
    await submit(intake, EDGE)
    with at(NOW):
        await count_all(database)
        async with database.acquire() as conn:
            plan = await conn.fetch(f"EXPLAIN {store._SHOWN}", None)
        seen = await Figures(database, POLICIES).read()
    assert [] == [table for table in ("submissions", "timeline", "facts") if table in str(plan)]
    assert not seen.empty


async def test_the_job_is_wired(database: Database) -> None:
    """Every few seconds."""
    names = [job.name for job in build(settings(), database).jobs]
    assert "count_open" in names
