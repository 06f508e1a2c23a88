"""The running totals of scoring's figures are the count of all cases, in any order of arrival."""

import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from services.scoring import handlers, jobs
from services.scoring.commands import recount_all
from services.scoring.store import counted, days, figures, totals, troubled
from shared import events
from shared.bus.handling import Bulk
from shared.db import Connection, Database
from shared.values import clock
from tests.integration.scoring_parts import DAY, POLICIES, UNIT, unit, verdict

SERVICE = "scoring"
ZONE, FAR = "Asia/Shanghai", "America/New_York"
CASES, EVERY, MANY, PAGE = 24, 5, 60, 6
MONTHS = (clock.end_of_day(date(2026, 1, 31)), clock.end_of_day(date(2026, 4, 30)))
ELSEWHERE = unit().model_copy(update={"unit_code": "411703001", "path": ("411700", "411703001")})
Hear = Callable[[Connection], Awaitable[object]]
DECISIONS = ("scheduled", "held", "manual", "withdrawn", "refused")
VERDICTS = ("substantiated", "partly", "unsubstantiated")


def hears(handler: Callable[[Connection, Any], Awaitable[object]], event: events.Event) -> Hear:
    """A handler and what it is to hear."""
    return lambda conn: handler(conn, event)


class Story:
    """What is told of one case, by a number that chance goes by."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.case, self.own, self.reward = (UUID(int=draw.getrandbits(128)) for _ in range(3))
        self.kind = draw.choice(("complaint", "complaint", "complaint", "request"))
        self.received_at = DAY + timedelta(hours=draw.randint(0, 500))

    def told(self) -> Iterator[Hear]:
        """All of it, once; some of it is never heard."""
        whole = [
            *self.opened(), *self.decided(), *self.called(), *self.judged(), *self.answered(),
            *self.rewarded(),
        ]  # fmt: skip
        return (one for one in whole if self.draw.random() < 0.85)

    def later(self, hours: int) -> timedelta:
        """Within so many hours of the receipt, or long after."""
        return timedelta(hours=self.draw.choice((1, hours, 24 * 40)))

    def opened(self) -> Iterator[Hear]:
        """A submission and its case."""
        counting = Bulk(partial(handlers.on_submissions_received, POLICIES))
        yield hears(counting, events.SubmissionReceived(
            submission_id=self.own, kind=self.kind, unit_code=UNIT, satisfaction=1,
            received_at=self.received_at, held=self.draw.choice((None, None, None, "burst")),
        ))  # fmt: skip
        yield hears(Bulk(handlers.on_cases_opened), events.CaseOpened(
            case_id=self.case, submission_id=self.own, kind=self.kind, unit_code=UNIT,
            urgent=False, opened_at=self.received_at, callback_due_at=self.received_at,
            verification_due_at=self.received_at,
        ))  # fmt: skip

    def decided(self) -> Iterator[Hear]:
        """What was held is set aside or released, perhaps later."""
        for number in (1, 2):
            yield hears(handlers.on_hold_ended, events.HoldEnded(
                submission_id=self.own, unit_code=UNIT, number=number,
                outcome=self.draw.choice(("released", "set_aside")), ended_at=DAY,
            ))  # fmt: skip

    def called(self) -> Iterator[Hear]:
        """Calls, of which one may reach somebody."""
        for attempt, state in enumerate(("open", "reached", "unreached"), 1):
            yield hears(handlers.on_callback_logged, events.CallbackLogged(
                case_id=self.case, submission_id=self.own, unit_code=UNIT, attempt=attempt,
                outcome="reached" if state == "reached" else "busy", state=state,
                called_at=self.received_at + self.later(9),
                due_at=self.received_at + timedelta(hours=14),
            ))  # fmt: skip

    def judged(self) -> Iterator[Hear]:
        """Revisions of the verdict, some of them a month later; a merge with another incident."""
        for revision in (1, 2, 3):
            said = self.draw.choice(VERDICTS)
            officers = ("170001",) if said != "unsubstantiated" else ()
            moved = revision == 2 and self.case.int % 3 == 0
            yield hears(partial(handlers.on_case_verified, POLICIES), verdict(
                self.case, revision, submission_id=self.own, kind=self.kind, verdict=said,
                unit_code=ELSEWHERE.unit_code if moved else UNIT,
                attribution="officers" if officers else "none", officers=officers,
                received_at=self.received_at, due_at=self.received_at + timedelta(hours=14),
                handed_at=self.received_at + self.later(9) * revision,
            ))  # fmt: skip
        yield hears(partial(handlers.on_incident_changed, POLICIES), events.IncidentChanged(
            case_id=self.case, submission_id=self.own, unit_code=UNIT, incident_id=uuid4(),
            version=1, received_at=self.received_at, changed_at=DAY,
        ))  # fmt: skip

    def answered(self) -> Iterator[Hear]:
        """The two questions, and words about them."""
        for number in (1, 2):
            yield hears(handlers.on_question_asked, events.QuestionAsked(
                message_id=uuid4(), case_id=self.case, submission_id=self.own, revision=number,
                asked_at=DAY,
            ))  # fmt: skip
            yield hears(handlers.on_answer_rated, events.AnswerRated(
                submission_id=self.own, kind=self.kind, unit_code=UNIT, version=number,
                revision=self.draw.choice((1, 2)), solved=self.draw.choice((True, False, None)),
                satisfied=self.draw.choice((True, False, None)), rated_at=DAY,
            ))  # fmt: skip

    def rewarded(self) -> Iterator[Hear]:
        """A reward's decisions; it may be paid, and taken back."""
        own = {"reward_id": self.reward, "case_id": self.case, "submission_id": self.own}
        for version in (1, 2):
            yield hears(handlers.on_reward_decided, events.RewardDecided.model_validate(
                own | {"decision": self.draw.choice(DECISIONS), "reason": None,
                       "amount_fen": 2000, "decided_at": DAY, "due_at": DAY, "version": version}
            ))  # fmt: skip
        if self.draw.random() < 0.6:
            yield hears(handlers.on_reward_paid, events.RewardPaid.model_validate(
                own | {"amount_fen": 2000, "phone_sealed": "x", "language": "zh", "paid_at": DAY,
                       "due_at": DAY}
            ))  # fmt: skip
        if self.draw.random() < 0.2:
            yield hears(handlers.on_reward_reversed, events.RewardReversed.model_validate(
                own | {"amount_fen": 2000, "reversed_at": DAY}
            ))  # fmt: skip


def history(seed: int) -> list[Hear]:
    """What is told of all cases, in an order that nobody promised."""
    draw = random.Random(seed)
    told = [one for _ in range(CASES) for one in Story(draw).told()]
    draw.shuffle(told)
    return told


async def settle(conn: Connection, zone: str = ZONE, most: int = 7) -> None:
    """Until all is summed; few at once, so that there are several runs."""
    for add_up in (totals.add_up, troubled.add_up):
        while await add_up(conn, zone, most):
            pass


async def same(conn: Connection) -> dict[str, int]:
    """What is shown; it is what a count of all cases shows, and the totals alone say so."""
    shown = await figures.get_figures(conn, ZONE)
    assert await figures.count_all(conn, ZONE) == shown
    assert await totals.read(conn, ZONE)
    assert await days.count_all(conn, MONTHS, ZONE) == await days.list_days(conn, MONTHS, ZONE)
    return shown


async def same_lists(conn: Connection, zone: str = ZONE) -> tuple[int, int]:
    """What stands behind each figure, page by page, and units in trouble: as all cases tell.

    How many stand there, and how many incidents.
    """
    listed = 0
    for which in counted.WHICH:
        before, span = None, (MONTHS, zone, which)
        for _ in range(CASES):
            page = await counted.list_newest(conn, *span, before, PAGE)
            assert await counted.list_all(conn, *span, before, PAGE) == page
            if not page:
                break
            listed += len(page)
            before = page[-1]["received_at"], page[-1]["case_id"]
    first, second, third, end = (datetime(2026, n, 1, tzinfo=ZoneInfo(zone)) for n in (1, 2, 3, 4))
    starts = (first, second, third, end)
    trouble = await troubled.list_troubled(conn, starts, zone, 5)
    assert await troubled.list_all(conn, starts, 5) == trouble
    return listed, sum(one["third"] for one in trouble)


async def test_lists_and_months_are_those_of_all_cases(conn: Connection) -> None:
    """After each few events, however much is summed: also after revisions, merges and moves."""
    for window in (unit(), ELSEWHERE):
        await handlers.on_unit_changed(conn, window)
    await settle(conn)
    for number, hear in enumerate(history(5)):
        await hear(conn)
        if number % MANY == 0:
            await totals.add_up(conn, ZONE, 3)
            await troubled.add_up(conn, ZONE, 2)
            await same_lists(conn)
    await settle(conn)
    assert 0 == await conn.fetchval("SELECT count(*) FROM found_news")
    listed, incidents = await same_lists(conn)
    assert await counted.list_newest(conn, MONTHS, ZONE, "true", None, PAGE)
    assert CASES < listed
    assert 0 < incidents


async def test_lists_and_months_of_before_are_made_step_by_step(conn: Connection) -> None:
    """Until all are, and by another zone, they are made from the cases; then they stand."""
    await handlers.on_unit_changed(conn, unit())
    told = history(6)
    for hear in told:
        await hear(conn)
    for table in ("figure_news", "found_news"):
        await conn.execute(f"DELETE FROM {table}")
    shown = await same_lists(conn)
    for number in range(20):
        await totals.add_up(conn, ZONE, 30)
        await troubled.add_up(conn, ZONE, 30)
        if number % 9 == 0:
            assert shown == await same_lists(conn)
    for zone in (ZONE, FAR):
        await settle(conn, zone, 30)
        await same_lists(conn, zone)
    assert shown == await same_lists(conn)


async def test_totals_are_the_count_of_all_cases(conn: Connection) -> None:
    """After each event, however much of it is summed; in the end nothing is left to sum."""
    await handlers.on_unit_changed(conn, unit())
    await settle(conn)
    for number, hear in enumerate(history(1)):
        await hear(conn)
        if number % EVERY == 0:
            await totals.add_up(conn, ZONE, 3)
        shown = await same(conn)
    await settle(conn)
    assert 0 == await conn.fetchval("SELECT count(*) FROM figure_news")
    assert shown == await same(conn)
    assert [] == [name for name, number in shown.items() if not number]


async def test_cases_of_before_are_taken_in_step_by_step(conn: Connection) -> None:
    """Until all are, the figures count all cases; what comes meanwhile is counted once."""
    told = history(2)
    for hear in told[: len(told) // 2]:
        await hear(conn)
    await conn.execute("DELETE FROM figure_news")
    for hear in told[len(told) // 2 :]:
        await totals.add_up(conn, ZONE, 3)
        await hear(conn)
        assert await figures.count_all(conn, ZONE) == await figures.get_figures(conn, ZONE)
        assert await days.count_all(conn, MONTHS, ZONE) == await days.list_days(conn, MONTHS, ZONE)
    await settle(conn)
    await same(conn)


async def test_by_another_zone_all_are_counted_again(conn: Connection) -> None:
    """Days are others there; until that is done, and for whoever asks by the first, all count."""
    for hear in history(3):
        await hear(conn)
    told = {zone: await figures.count_all(conn, zone) for zone in (ZONE, FAR)}
    assert told[ZONE] != told[FAR]
    for zone in (ZONE, FAR, ZONE):
        await settle(conn, zone)
        for each in (ZONE, FAR):
            assert told[each] == await figures.get_figures(conn, each)
            assert (each == zone) == (await totals.read(conn, each) is not None)


async def test_what_is_underway_is_counted_once(database: Database) -> None:
    """A case and its call in two transactions at once: whichever ends later is counted then."""
    while await jobs.sum_figures(database, POLICIES):
        pass
    story = Story(random.Random(1))
    story.kind = "complaint"
    opened, calls = [*story.opened()], [*story.called()]
    async with database.transaction() as late:
        await opened[1](late)
        async with database.transaction() as soon:
            await calls[1](soon)
        assert 1 == await jobs.sum_figures(database, POLICIES)
    async with database.acquire() as conn:
        assert (1, 1) == await _called(conn)
    assert 2 == await jobs.sum_figures(database, POLICIES)
    async with database.acquire() as conn:
        assert (1, 1) == await _called(conn)
        await same(conn)


async def _called(conn: Connection) -> tuple[int, int]:
    shown = await figures.get_figures(conn, ZONE)
    return shown["cases"], shown["called_back"]


async def test_a_recount_tells_of_totals_that_are_wrong(database: Database) -> None:
    """`mashang score recount` compares the figures with the cases, too."""
    async with database.transaction() as conn:
        for hear in history(4):
            await hear(conn)
        await settle(conn)
    for wrong in (0, 1):
        lines: list[str] = []
        async with database.transaction() as conn:
            await recount_all(conn, POLICIES, lines.append)
        assert wrong == sum(line.startswith("figures: cases: ") for line in lines), lines
        async with database.transaction() as conn:
            await conn.execute("UPDATE figure_totals SET number = number + 1 WHERE name = 'cases'")
