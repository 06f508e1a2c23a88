"""The one errand, over a real table and with a vendor that does as told."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import CollectorRegistry, Counter

from deploy.local.postgres import Postgres
from shared.db import Connection, Database
from shared.observe import trace
from shared.vendors import pauses
from shared.vendors.errand import Errand, NotCalled
from shared.vendors.outcomes import Accepted, Done, Held, NotFound, Outcome, Unknown
from tests.conftest import Clone
from tests.support import captured_logs

SERVICE = "rewards"
MINUTE = timedelta(minutes=1)
DONE = Done("1", "done")


@dataclass(frozen=True)
class Row:
    """A letter to be carried."""

    name: str
    traceparent: str | None


@dataclass
class Post:
    """The store, the vendor and the notes of a test."""

    database: Database
    answers: dict[str, Outcome | Exception] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)
    traces: list[str | None] = field(default_factory=list)
    calls: Counter = field(
        default_factory=lambda: Counter(
            "calls", "x", ["vendor", "call", "outcome"], registry=CollectorRegistry()
        )
    )

    async def claim(self, conn: Connection, most: int) -> Sequence[Row]:
        """Lease what waits."""
        rows = await conn.fetch(
            """UPDATE letters SET state = 'leased' WHERE name IN
                   (SELECT name FROM letters WHERE state = 'waiting' ORDER BY name LIMIT $1
                    FOR UPDATE SKIP LOCKED)
               RETURNING name, traceparent""",
            most,
        )
        return [Row(row["name"], row["traceparent"]) for row in rows]

    async def call(self, row: Row) -> Outcome:
        """What the test wants, once nobody holds the row any more."""
        self.called.append(row.name)
        self.traces.append(trace.correlation_id())
        async with self.database.transaction() as conn:
            # A run beside this one may hold it while it claims, but no longer than that.
            await conn.execute("SET LOCAL lock_timeout = '60s'")
            lock = "SELECT state FROM letters WHERE name = $1 FOR UPDATE"
            assert "leased" == await conn.fetchval(lock, row.name)
        answer = self.answers.get(row.name, DONE)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def settle(self, conn: Connection, row: Row, outcome: Outcome) -> Row | None:
        """Note the outcome; what was not found goes on."""
        if isinstance(outcome, NotFound):
            return row
        await conn.execute("UPDATE letters SET state = $2 WHERE name = $1", row.name, outcome.code)
        return None

    @property
    def errand(self) -> Errand[Row]:
        """The errand over all this."""
        return Errand(
            name="send", vendor="paper", database=self.database, calls=self.calls,
            claim=self.claim, call=self.call, settle=self.settle, lease=MINUTE, at_once=3,
        )  # fmt: skip

    async def add(self, *names: str, traceparent: str | None = None) -> None:
        """Letters that wait."""
        async with self.database.acquire() as conn:
            for name in names:
                await conn.execute("INSERT INTO letters VALUES ($1, 'waiting', $2)", name,
                                   traceparent)  # fmt: skip

    async def states(self) -> dict[str, str]:
        """What became of each."""
        async with self.database.acquire() as conn:
            rows = await conn.fetch("SELECT name, state FROM letters ORDER BY name")
        return {row["name"]: row["state"] for row in rows}


@pytest.fixture
async def post(clone: Clone, templates: Postgres) -> AsyncIterator[Post]:
    """A database of rewards, for its table of pauses, and a table of letters beside it."""
    url = await clone(SERVICE)
    owner = await asyncpg.connect(templates.url(url.rpartition("/")[2]))
    await owner.execute(
        "CREATE TABLE letters (name text PRIMARY KEY, state text NOT NULL, traceparent text)"
    )
    await owner.close()
    database = await Database.connect(url, SERVICE)
    yield Post(database)
    await database.close()


def counted(post: Post, outcome: str, call: str = "send") -> float:
    """How many such outcomes were counted."""
    return float(post.calls.labels("paper", call, outcome)._value.get())


async def test_what_is_due_is_called_about_and_settled(post: Post) -> None:
    """Claimed up to the limit, committed, called, settled; the rest waits for the next run."""
    await post.add("a", "b", "c", "d")
    assert 3 == await post.errand.run()
    assert {"a": "done", "b": "done", "c": "done", "d": "waiting"} == await post.states()
    assert (1, 0) == (await post.errand.run(), await post.errand.run())
    assert (["a", "b", "c", "d"], 4) == (sorted(post.called), counted(post, "done"))


async def test_one_that_fails_disturbs_no_other(post: Post) -> None:
    """The others are settled, then the defect is raised; its row keeps its lease."""
    await post.add("a", "b", "c")
    post.answers["b"] = ZeroDivisionError("a defect")
    with pytest.raises(ZeroDivisionError):
        await post.errand.run()
    assert {"a": "done", "b": "leased", "c": "done"} == await post.states()


async def test_a_settling_that_fails_is_rolled_back_alone(post: Post) -> None:
    """Each row is settled in a transaction of its own."""
    await post.add("a", "b")

    async def settle(conn: Connection, row: Row, outcome: Outcome) -> None:
        await post.settle(conn, row, outcome)
        if row.name == "a":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await replace(post.errand, settle=settle).run()
    assert {"a": "leased", "b": "done"} == await post.states()


async def test_the_rows_trace_is_continued(post: Post) -> None:
    """A call belongs to the complaint that caused it; a row without a trace begins one."""
    trace_id = "1" * 32
    await post.add("a", traceparent=f"00-{trace_id}-{'2' * 16}-01")
    await post.add("b")
    await post.errand.run()
    traces = dict(zip(post.called, post.traces, strict=True))
    assert trace_id == traces["a"]
    assert traces["b"] not in (None, trace_id)


async def test_a_claim_that_was_slept_over_calls_nobody(post: Post) -> None:
    """Its lease may be over, and somebody else may be asking about the row."""
    await post.add("a")
    with captured_logs() as logs:
        assert 1 == await replace(post.errand, lease=timedelta()).run()
    assert ([], {"a": "leased"}) == (post.called, await post.states())
    assert ["stale claim dropped"] == [entry["event"] for entry in logs]


async def test_a_clock_that_is_set_back_revives_no_claim(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease ends by the time that only runs forward, whatever the machine's clock says."""
    await post.add("a")

    async def claim(conn: Connection, most: int) -> Sequence[Row]:
        claimed = await post.claim(conn, most)
        await asyncio.sleep(0.05)
        monkeypatch.setattr(time, "time", lambda: 0.0)
        return claimed

    errand = replace(post.errand, claim=claim, lease=timedelta(milliseconds=20))
    assert 1 == await errand.run()
    monkeypatch.undo()
    assert ([], {"a": "leased"}) == (post.called, await post.states())


async def test_a_row_may_go_on_to_another_errand(post: Post) -> None:
    """What settling returns is carried on, after its commit, by the errand `then`."""
    await post.add("a", "b")
    post.answers = {"a": NotFound(), "b": Unknown("lost")}

    async def again(row: Row) -> Outcome:
        post.called.append(f"again {row.name}")
        return DONE

    errand = replace(post.errand, name="ask", then=replace(post.errand, call=again))
    await errand.run()
    assert {"a": "done", "b": "lost"} == await post.states()
    assert ["a", "again a", "b"] == sorted(post.called)
    assert (1, 1) == (counted(post, "notfound", "ask"), counted(post, "done"))


async def test_held_pauses_and_one_row_looks_again(post: Post) -> None:
    """Nothing is claimed in a pause, one row after it, and all once one was taken."""
    errand = replace(post.errand, pause=MINUTE)
    await post.add("a")
    post.answers["a"] = Held("empty_wallet")
    assert 1 == await errand.run()
    await post.add("b", "c", "d")
    assert 0 == await errand.run()
    await end_the_pause(post)
    post.answers["b"] = Held("empty_wallet")
    assert (1, 0) == (await errand.run(), await errand.run())
    await end_the_pause(post)
    post.answers["c"] = Accepted("7", "done")
    assert 1 == await errand.run()
    await post.add("e", "f")
    assert 3 == await errand.run()


async def end_the_pause(post: Post) -> None:
    """The time of every pause is over."""
    async with post.database.acquire() as conn:
        await conn.execute("UPDATE vendor_pauses SET until_at = now() - interval '1 second'")


async def test_unknown_neither_pauses_nor_resumes(post: Post) -> None:
    """After a pause, only an order that was taken opens the door again."""
    errand = replace(post.errand, pause=MINUTE)
    async with post.database.transaction() as conn:
        await pauses.begin(conn, "paper", -MINUTE, "was_held")
    await post.add("a", "b", "c")
    post.answers = {"a": Unknown("lost"), "b": Unknown("lost")}
    assert [1, 1, 1, 0] == [await errand.run() for _ in range(4)]
    async with post.database.acquire() as conn:
        assert 10 == await pauses.room(conn, "paper", 10)


async def test_a_pause_is_one_vendors(post: Post) -> None:
    """Another vendor is served meanwhile."""
    async with post.database.transaction() as conn:
        await pauses.begin(conn, "paper", MINUTE, "x")
        assert (0, 10) == (await pauses.room(conn, "paper", 10), await pauses.room(conn, "b", 10))
        await pauses.end(conn, "paper")
        assert 10 == await pauses.room(conn, "paper", 10)


async def test_a_pause_is_known_to_every_process(post: Post) -> None:
    """It lies in the table: what another process writes there holds here, and the reverse."""
    async with post.database.acquire() as conn:
        await conn.execute(
            "INSERT INTO vendor_pauses VALUES ('paper', now() + interval '1 minute', 'x')"
        )
    await post.add("a")
    assert 0 == await replace(post.errand, pause=MINUTE).run()
    async with post.database.transaction() as conn:
        await pauses.begin(conn, "other", MINUTE, "empty_wallet")
        told = await conn.fetch("SELECT vendor, code FROM vendor_pauses ORDER BY vendor")
    assert [("other", "empty_wallet"), ("paper", "x")] == [tuple(row) for row in told]


async def test_what_could_not_be_called_is_settled_without_the_vendor(post: Post) -> None:
    """It pauses nothing and is not counted as an answer: the vendor was never asked."""
    await post.add("a")
    post.answers["a"] = NotCalled(Held("seal_broken"))
    await replace(post.errand, pause=MINUTE).run()
    assert {"a": "seal_broken"} == await post.states()
    assert 0 == counted(post, "held")
    async with post.database.acquire() as conn:
        assert 10 == await pauses.room(conn, "paper", 10)


async def test_instances_share_the_work(post: Post) -> None:
    """Runs at the same time call about each row once."""
    names = [f"{n:02}" for n in range(20)]
    await post.add(*names)
    while any(await asyncio.gather(*(post.errand.run() for _ in range(4)))):
        pass
    assert names == sorted(post.called)


async def test_all_are_called_at_once(post: Post) -> None:
    """A slow answer does not hold up the others of the same claim."""
    await post.add("a", "b", "c")
    together = asyncio.Barrier(3)

    async def meet(row: Row) -> Outcome:
        await together.wait()
        return DONE

    async with asyncio.timeout(60):
        await replace(post.errand, call=meet).run()
    assert {"done"} == set((await post.states()).values())
