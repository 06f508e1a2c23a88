"""The running totals of the figures are the count of all cases, whatever is done in any order."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.verification import jobs
from services.verification.casework import citizens
from services.verification.casework.store import figures
from shared.db import Connection, Database
from shared.errors import Refused, Retry
from shared.events import AnswerRated
from shared.values import clock
from tests.integration.test_verification_answering import follow_up, press, withdraw
from tests.integration.verification_case import DESK, Casework
from tests.integration.verification_office import PHONE, UNIT
from tests.support import at

SERVICE = "verification"
START = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
ZONE, FAR = clock.SHANGHAI.key, "America/New_York"
STEPS = 120


async def settle(conn: Connection, most: int = 3) -> None:
    """Until all is summed; few at once, so that there are several runs."""
    while await figures.add_up(conn, ZONE, most):
        pass


async def waiting(conn: Connection) -> int:
    """Changes that are not summed yet."""
    found: int = await conn.fetchval("SELECT count(*) FROM figure_changes")
    return found


class History:
    """What people do to cases, in an order that chance decided once."""

    def __init__(self, work: Casework) -> None:
        self.work, self.cases = work, list[UUID]()
        self.draw = random.Random(1)
        self.acts: list[Callable[[], Awaitable[object]]] = [
            self.open, self.judge, self.judge, self.review, self.call, self.rate, self.withdraw,
            self.follow_up, self.press, self.correct_late,
        ]  # fmt: skip

    def some(self) -> UUID:
        """One of the cases."""
        return self.draw.choice(self.cases)

    async def step(self) -> None:
        """Somebody tries something; what is refused changes nothing."""
        act = self.draw.choice(self.acts) if self.cases else self.open
        try:
            async with self.work.conn.transaction():
                await act()
        except (Refused, Retry):
            return

    async def open(self) -> None:
        """A case, with or without a phone."""
        kind = self.draw.choice(("complaint", "complaint", "complaint", "request"))
        phone = self.draw.choice((PHONE, None))
        self.cases.append(await self.work.open(kind=kind, phone=phone))

    async def judge(self) -> None:
        """A verdict, or another one."""
        case = self.some()
        seen = (await self.work.stands(case)).revision
        verdict = self.draw.choice(("substantiated", "partly", "helped", "unsubstantiated"))
        await self.work.judge(self.draw.choice(("desk", "county", "city")), case, verdict, seen)

    async def correct_late(self) -> None:
        """A verdict of another month: it is of the case's own day."""
        with at(clock.now() + timedelta(days=33)):
            await self.judge()

    async def review(self) -> None:
        """A second look."""
        who, decision = (
            self.draw.choice(("county", "city2")),
            self.draw.choice(("confirm", "return")),
        )
        await self.work.review(who, self.some(), decision)

    async def call(self) -> None:
        """A call that reaches somebody or not."""
        await self.work.call("county", self.some(), self.draw.choice(("reached", "busy")))

    async def rate(self) -> None:
        """A citizen answers, perhaps again, perhaps out of order."""
        word = AnswerRated(
            submission_id=(await self.work.stands(self.some())).submission_id, kind="complaint",
            unit_code=UNIT, version=self.draw.randint(1, 5), revision=1, rated_at=clock.now(),
            solved=self.draw.choice((True, False, None)),
            satisfied=self.draw.choice((True, False, None)),
        )  # fmt: skip
        await citizens.on_answer_rated(self.work.conn, word)

    async def withdraw(self) -> None:
        """A citizen withdraws, or takes it back."""
        yes = self.draw.random() < 0.6
        await withdraw(self.work, self.some(), self.draw.randint(1, 5), yes=yes)

    async def follow_up(self) -> None:
        """A citizen does not accept it: the case is open again."""
        await follow_up(self.work, self.some())

    async def press(self) -> None:
        """A case that no figure knows."""
        await press(self.work, (await self.work.stands(self.some())).submission_id)


async def test_totals_are_the_count_of_all_cases(conn: Connection) -> None:
    """After each step of a history, however much of it is summed; in the end by any zone."""
    history = History(await Casework.begun(conn))
    for number in range(STEPS):
        with at(START + timedelta(minutes=40 * number)):
            await history.step()
        if number % 7 == 3:
            await figures.add_up(conn, ZONE, history.draw.choice((1, 4, 100)))
        counted = await figures.count_all(conn, ZONE)
        assert counted == await figures.get_figures(conn, ZONE), number
    await settle(conn)
    assert 0 == await waiting(conn)
    assert await figures.count_all(conn, ZONE) == await figures.get_figures(conn, ZONE)
    lively = [name for name, number in counted.items() if not number]
    assert [] == lively


async def test_before_anything_is_summed_all_cases_are_counted(conn: Connection) -> None:
    """Nobody waits for the job; a bureau that moves to another zone is counted by its days."""
    work = await Casework.begun(conn)
    with at(START + timedelta(hours=1)):
        case_id = await work.open(received_at=START)
    with at(START + timedelta(hours=8)):
        await work.call("county", case_id, "reached")
    told = {zone: await figures.get_figures(conn, zone) for zone in (ZONE, FAR)}
    assert [1, 0] == [told[zone]["called_back_same_day"] for zone in (ZONE, FAR)]
    for zone in (ZONE, FAR, ZONE):
        assert 1 == await figures.add_up(conn, zone, 100)
        assert 0 == await figures.add_up(conn, zone, 100)
        assert told == {each: await figures.get_figures(conn, each) for each in (ZONE, FAR)}


async def test_what_is_underway_is_counted_once(database: Database) -> None:
    """A case whose transaction ends after the totals began, or were summed, is in them then."""
    async with database.transaction() as conn:
        work = await Casework.begun(conn)
        case_id = await work.open()
    assert 1 == await jobs.sum_figures(database, DESK.policies)
    async with database.transaction() as late:
        await Casework(late).call("county", case_id, "reached")
        await Casework(late).open()
        assert 0 == await jobs.sum_figures(database, DESK.policies)
        async with database.transaction() as soon:
            await soon.execute("DELETE FROM figure_totals")
        assert 1 == await jobs.sum_figures(database, DESK.policies)
        async with database.acquire() as beside:
            assert 1 == (await figures.get_figures(beside, ZONE))["cases"]
    for summed in (3, 0):
        async with database.acquire() as conn:
            counted = await figures.count_all(conn, ZONE)
            found = await figures.get_figures(conn, ZONE)
        assert (2, 1) == (counted["cases"], counted["called_back"])
        assert counted == found
        assert summed == await jobs.sum_figures(database, DESK.policies)


async def test_what_no_figure_looks_at_is_no_change(conn: Connection) -> None:
    """A case that is only read, noted on or joined with another leaves the totals alone."""
    work = await Casework.begun(conn)
    case_id = await work.open()
    await settle(conn)
    await conn.execute("UPDATE cases SET lead = 'desk', incident_id = gen_random_uuid()")
    await work.reveal("county", case_id)
    assert 0 == await waiting(conn)
    await work.open()
    assert 1 == await waiting(conn)
