"""Locks: taken in one order by every instance, and held by no one who has vanished."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from deploy.local.postgres import Postgres
from services.scoring import handlers
from services.scoring import service as scoring
from services.scoring.settings import Settings
from shared import config, db
from shared.bus.handling import Handler
from shared.bus.inbox import Inbox
from shared.db import Connection, Database
from shared.events import (
    CallbackLogged,
    CaseOpened,
    CaseVerified,
    Event,
    IncidentChanged,
    RewardDecided,
    RewardPaid,
)
from tests.conftest import Clone, eventually
from tests.integration.scoring_parts import DAY, UNIT, cleared, unit, verdict
from tests.integration.test_inbox import delivery
from tests.proxy import Proxy, proxy
from tests.samples import SAMPLES
from tests.support import captured_logs, variables

SERVICE = "scoring"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scoring's settings, for its real wiring."""
    own = {
        "policy_file": str(Path("deploy/policy.toml").absolute()),
        "identity_public": "A" * 43 + "=",
    }
    ports = {"http_port": "0", "ops_port": "0"}
    for name, value in variables(own | ports).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/x")
    monkeypatch.setenv("AMQP_URL", "amqp://127.0.0.1/")


def instance(database: Database, changed: Mapping[type[Event], Handler] | None = None) -> Inbox:
    """Another instance of scoring, wired as the service wires it, but for changed handlers."""
    service = scoring.build(config.load(Settings), database)
    handled = {**service.handlers, **(changed or {})}
    return Inbox(database, SERVICE, handled, service.lock_first)


def life(case_id: UUID, place: str) -> list[Event]:
    """What scoring hears of a case, in no order."""
    reward = uuid7()
    decided = next(event for event in SAMPLES if isinstance(event, RewardDecided))
    paid = next(event for event in SAMPLES if isinstance(event, RewardPaid))
    about = {"case_id": case_id, "submission_id": case_id, "unit_code": place}
    return [
        verdict(case_id, unit_code=place, officers=(f"1700{place[-2:]}",)),
        cleared(case_id, 2).model_copy(update={"unit_code": place}),
        CaseOpened(
            **about, kind="complaint", urgent=False, opened_at=DAY, callback_due_at=DAY,
            verification_due_at=DAY,
        ),
        *(
            CallbackLogged(
                **about, attempt=n, outcome="no_answer", state="open", called_at=DAY, due_at=DAY
            )
            for n in (1, 2)
        ),
        IncidentChanged(
            case_id=case_id, incident_id=uuid7(), unit_code=place, received_at=DAY, changed_at=DAY,
            version=1,
        ),
        decided.model_copy(update={"reward_id": reward, "case_id": case_id}),
        paid.model_copy(update={"reward_id": reward, "case_id": case_id}),
        unit(version=random.randint(1, 99)).model_copy(update={"unit_code": place}),
    ]  # fmt: skip


def batches(events: Sequence[Event], count: int) -> list[list[Event]]:
    """Shuffled, and dealt out."""
    dealt = list(events)
    random.shuffle(dealt)
    return [dealt[n::count] for n in range(count)]


@pytest.mark.usefixtures("build")
async def test_two_instances_never_stop_one_another(clone: Clone) -> None:
    """80 batches about the same units, cases and rewards, two at a time: not one deadlock."""
    url = await clone(SERVICE)
    places = [f"{UNIT[:-2]}{n:02}" for n in range(4)]
    cases = [uuid7() for _ in range(60)]
    first, second = await Database.connect(url, SERVICE), await Database.connect(url, SERVICE)
    work = batches([e for n, case in enumerate(cases) for e in life(case, places[n % 4])], 80)
    with captured_logs() as logs:
        await asyncio.gather(
            *(_take(instance(one), work[n::2]) for n, one in enumerate((first, second)))
        )
        boxes = [instance(first), instance(second)]
        while any(await asyncio.gather(*(box.retry() for box in boxes))):
            pass
    failed = [entry["error"] for entry in logs if entry["event"] == "batch failed"]
    assert [] == failed
    async with first.acquire() as conn:
        assert 60 == await conn.fetchval("SELECT count(*) FROM verdicts WHERE revision = 2")
        assert 0 == await conn.fetchval("SELECT count(*) FROM inbox_pending")
        assert 0 == await conn.fetchval(
            "SELECT coalesce(sum(balance_centipoints), 0) FROM unit_scores"
        )
    await first.close()
    await second.close()


@pytest.mark.usefixtures("build")
async def test_the_shared_lock_comes_before_any_row(clone: Clone) -> None:
    """One has a case's row when the other wants the lock that all verdicts share: none waits for
    what waits for it."""
    url = await clone(SERVICE)
    first, second = await Database.connect(url, SERVICE), await Database.connect(url, SERVICE)
    low, middle, high = (UUID(int=n) for n in (1, 2, 3))
    called = CallbackLogged(
        case_id=middle, submission_id=middle, unit_code=UNIT, attempt=1, outcome="no_answer",
        state="open", called_at=DAY, due_at=DAY,
    )  # fmt: skip
    has_row, has_lock = asyncio.Event(), asyncio.Event()

    async def call(conn: Connection, event: CallbackLogged) -> None:
        await handlers.on_callback_logged(conn, event)
        has_row.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(has_lock.wait(), 1)

    service = scoring.build(config.load(Settings), second)

    async def judge(conn: Connection, event: Event) -> None:
        await service.handlers[CaseVerified](conn, event)
        has_lock.set()

    one = instance(first, {CallbackLogged: call})
    two = instance(second, {CaseVerified: judge})
    with captured_logs() as logs:
        taking = asyncio.create_task(one.take([delivery(called), delivery(verdict(high))]))
        await has_row.wait()
        again = called.model_copy(update={"attempt": 2})
        await two.take([delivery(verdict(low)), delivery(again)])
        await taking
    assert [] == [entry["error"] for entry in logs if entry["event"] == "batch failed"]
    await first.close()
    await second.close()


async def _take(box: Inbox, work: Sequence[Sequence[Event]]) -> None:
    for batch in work:
        await box.take([delivery(event) for event in batch])


@asynccontextmanager
async def behind(clone: Clone, postgres: Postgres) -> AsyncIterator[tuple[Proxy, Database, str]]:
    """An instance behind a proxy, and the way past it."""
    url = await clone(SERVICE)
    async with proxy(postgres.port) as network:
        far = await Database.connect(network.through(url), SERVICE, 2)
        yield network, far, url
        far.pool.terminate()


@pytest.mark.usefixtures("build")
async def test_an_instance_that_vanishes_in_a_decision_holds_no_lock_for_long(
    clone: Clone, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No FIN, no RST: PostgreSQL ends its transaction; the other's event loses no attempt."""
    monkeypatch.setitem(db.SESSION, "idle_in_transaction_session_timeout", "3s")
    monkeypatch.setitem(db.SESSION, "lock_timeout", "300ms")
    async with behind(clone, postgres) as (network, far, url):
        entered = asyncio.Event()

        async def decide() -> None:
            async with far.transaction() as conn:
                await handlers.lock_first(conn, {type(verdict(uuid7()))})
                entered.set()
                await asyncio.sleep(3600)

        deciding = asyncio.create_task(decide())
        await entered.wait()
        network.freeze()
        near = await Database.connect(url, SERVICE)
        box = instance(near)
        await box.take([delivery(verdict(uuid7()))])
        async with near.acquire() as conn:
            stored = await conn.fetchrow("SELECT attempts, alone, error FROM inbox_pending")
            assert stored
            assert (0, False) == (stored["attempts"], stored["alone"])
            assert "LockNotAvailable" in stored["error"]
        await eventually(lambda: _retried(box, near), (0, 1), within=30)
        deciding.cancel()
        await near.close()


async def _retried(box: Inbox, database: Database) -> tuple[int, int]:
    async with database.acquire() as conn:
        await conn.execute("UPDATE inbox_pending SET next_at = now()")
    await box.retry()
    async with database.acquire() as conn:
        left = await conn.fetchval("SELECT count(*) FROM inbox_pending")
        assert not await conn.fetchval("SELECT count(*) FROM inbox_pending WHERE attempts > 0")
        return left, await conn.fetchval("SELECT count(*) FROM verdicts")


async def test_every_session_is_given_its_limits(database: Database) -> None:
    """What PostgreSQL itself says of a session: statement, lock, idle and dead peers, in 60 s."""
    seconds = {}
    async with database.acquire() as conn:
        for name in db.SESSION:
            if name != "timezone":
                seconds[name] = await conn.fetchval(
                    "SELECT setting::int / CASE unit WHEN 'ms' THEN 1000 ELSE 1 END"
                    " FROM pg_settings WHERE name = $1",
                    name,
                )
    assert all(value > 0 for value in seconds.values())
    idle, between = seconds["tcp_keepalives_idle"], seconds["tcp_keepalives_interval"]
    dead_peer = idle + between * seconds["tcp_keepalives_count"]
    in_statement = seconds["statement_timeout"] + seconds["idle_in_transaction_session_timeout"]
    assert max(dead_peer, in_statement, seconds["tcp_user_timeout"]) <= 60
    assert timedelta(seconds=seconds["lock_timeout"]) < timedelta(seconds=30)
