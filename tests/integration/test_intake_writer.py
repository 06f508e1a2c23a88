"""The shared commit on a real PostgreSQL that hangs, cuts connections and refuses rows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from deploy.local.postgres import Postgres
from services.intake.accept.store.submissions import Row, Stored
from services.intake.accept.writer import Limits, Writer, Written
from services.intake.proof import checking, files
from services.intake.proof.statements import statement
from shared.bus.pace import Pace
from shared.db import Database
from shared.errors import Unavailable
from shared.tasks import Tasks
from shared.values import clock
from shared.values.notes import Signer
from tests.conftest import eventually
from tests.integration.intake_site import site
from tests.support import captured_logs

SERVICE = "intake"
SIGNER = Signer("mashang.example/receipts", b"s" * 32)


def row(name: str, badge: str | None = None) -> Row:
    """A row whose receipt depends only on its name."""
    facts = Stored(
        id=uuid7(), receipt_hash=sha256(name.encode()).digest(), content_hash=b"c", kind="rating",
        unit_code="1", counter=None, received_at=clock.now(), key_id="k", signature=b"",
        phone_index=None, callback_due_at=None, verification_due_at=None, leaf_index=0,
        tree_size=1, tree_path=b"",
    )  # fmt: skip
    return Row(
        facts, name, statement(facts), file="", satisfaction=5, categories="", words_sealed=None,
        phone_sealed=None,
        officer_badge=badge, urgent=False, language="zh", details=None, event_id=uuid7(),
        event_type="submission.received.v1", event_body="{}",
    )  # fmt: skip


def writing(database: Database, limits: Limits) -> Writer[Row]:
    """The writer, of rows that are made already."""
    return Writer(database, list, SIGNER, limits, Tasks(), Pace())


@pytest.fixture
async def locker(database: Database, postgres: Postgres) -> str:
    """The owner's URL of this test's database: only an owner may lock the whole table."""
    async with database.acquire() as conn:
        name = await conn.fetchval("SELECT current_database()")
    return postgres.url(name)


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[asyncpg.Connection]:
    """While inside, nobody else can write a submission: the server hangs."""
    owner = await asyncpg.connect(url)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("LOCK TABLE submissions IN ACCESS EXCLUSIVE MODE")
    try:
        yield owner
        await transaction.rollback()
    finally:
        await owner.close()


async def stored(database: Database) -> tuple[int, int, int]:
    """How many submissions, outbox letters, and transactions that made them."""
    async with database.acquire() as conn:
        return (
            await conn.fetchval("SELECT count(*) FROM submissions"),
            await conn.fetchval("SELECT count(*) FROM outbox"),
            await conn.fetchval("SELECT count(DISTINCT xmin::text) FROM submissions"),
        )


async def blocked(owner: asyncpg.Connection) -> None:
    """Wait until a backend waits for the lock."""
    sql = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await eventually(lambda: owner.fetchval(sql), True)


async def test_requests_at_the_same_time_share_a_commit(database: Database) -> None:
    """100 concurrent writes are 100 rows and 100 letters in only a few transactions."""
    async with writing(database, Limits()) as writer:
        written = await asyncio.gather(*(writer.write(row(str(n))) for n in range(100)))
    submissions, letters, transactions = await stored(database)
    assert (100, 100) == (submissions, letters)
    assert transactions <= 4
    assert all(w.fresh for w in written)


async def test_a_bad_row_fails_alone(database: Database) -> None:
    """A row that PostgreSQL cannot take gets its error; its 40 neighbours are stored."""
    rows = [row(str(n), badge="nul\x00" if n == 17 else None) for n in range(41)]
    async with writing(database, Limits()) as writer:
        answers = await asyncio.gather(*map(writer.write, rows), return_exceptions=True)
    failed = [n for n, answer in enumerate(answers) if isinstance(answer, Exception)]
    assert [17] == failed
    assert (40, 40) == (await stored(database))[:2]


def file_of(written: Written) -> str:
    """The receipt's file, made of what is stored."""
    return files.file_of(written.stored, statement(written.stored), SIGNER.public)


def signed_together(written: Written) -> int:
    """Of how many leaves the tree is, whose signature makes this row's receipt a genuine one."""
    return checking.check(file_of(written).encode(), [SIGNER.public]).size


async def test_a_batch_is_signed_once(database: Database) -> None:
    """Rows of one commit share a signature; each row has the file that what is stored makes."""
    async with writing(database, Limits(linger=0.05)) as writer:
        written = await asyncio.gather(*(writer.write(row(str(n))) for n in range(13)))
        alone = await writer.write(row("alone"))
    assert [13] * 13 == [signed_together(one) for one in written]
    assert 1 == len({one.stored.signature for one in written})
    assert list(range(13)) == sorted(one.stored.leaf_index or 0 for one in written)
    assert [file_of(one) for one in written] == [one.own.file for one in written]
    assert 1 == signed_together(alone)


async def test_a_batch_is_told_in_one_line(database: Database) -> None:
    """The log names every submission that a commit took in, and none that it did not."""
    rows = [row(str(n), badge="nul\x00" if n == 2 else None) for n in range(5)]
    with captured_logs() as logs:
        async with writing(database, Limits(linger=0.05)) as writer:
            await asyncio.gather(*map(writer.write, rows), return_exceptions=True)
    (told,) = [entry for entry in logs if entry["event"] == "submissions received"]
    expected = {str(one.facts.id) for n, one in enumerate(rows) if n != 2}
    assert (4, expected, ["1"] * 4) == (
        told["count"], set(told["submission_ids"]), told["unit_codes"]
    )  # fmt: skip


async def test_what_is_signed_together_was_stored_together(database: Database) -> None:
    """A row that cannot be stored is in no tree that anybody gets a receipt of."""
    rows = [row(str(n), badge="nul\x00" if n == 5 else None) for n in range(8)]
    async with writing(database, Limits(linger=0.05)) as writer:
        answers = await asyncio.gather(*map(writer.write, rows), return_exceptions=True)
    stored = [answer for answer in answers if isinstance(answer, Written)]
    assert [4, 4, 4, 4, 1, 2, 2] == [signed_together(one) for one in stored]


async def test_an_impossible_row_fails_alone_too(database: Database) -> None:
    """A row that breaks a constraint fails by itself as well."""
    rows = [row(str(n))._replace(satisfaction=9 if n == 3 else 5) for n in range(8)]
    async with writing(database, Limits()) as writer:
        answers = await asyncio.gather(*map(writer.write, rows), return_exceptions=True)
    assert [3] == [n for n, answer in enumerate(answers) if isinstance(answer, Exception)]
    assert isinstance(answers[3], asyncpg.CheckViolationError)


async def test_one_key_twice_in_a_batch_is_stored_once(database: Database) -> None:
    """Two rows under one receipt in the same batch: both get the facts of the first."""
    async with writing(database, Limits()) as writer:
        one, two = await asyncio.gather(writer.write(row("same")), writer.write(row("same")))
    assert one.stored == two.stored
    assert {True, False} == {one.fresh, two.fresh}
    assert (1, 1) == (await stored(database))[:2]


async def test_the_same_row_again_counts_as_ours(database: Database) -> None:
    """After a COMMIT whose answer was lost, repeating the row finds it and reports success."""
    same = row("same")
    async with writing(database, Limits()) as writer:
        first, again = await writer.write(same), await writer.write(same)
    assert (first.stored, True) == (again.stored, again.fresh)
    assert (1, 1) == (await stored(database))[:2]


async def test_a_cut_connection_is_survived(database: Database, locker: str) -> None:
    """Backends killed in the middle of the statement: the rows are written again, once."""
    async with writing(database, Limits()) as writer:
        async with locked(locker) as owner:
            waiting = [asyncio.create_task(writer.write(row(str(n)))) for n in range(10)]
            await blocked(owner)
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock'"
            )
        written = await asyncio.gather(*waiting)
    assert all(w.fresh for w in written)
    assert (10, 10) == (await stored(database))[:2]


async def test_what_no_row_can_be_made_of_fails_alone(database: Database) -> None:
    """A defect in making one row is told to its own caller; its neighbours are stored."""

    def make(names: Sequence[str]) -> list[Row]:
        if "broken" in names:
            raise ZeroDivisionError
        return [row(name) for name in names]

    async with Writer(database, make, SIGNER, Limits(linger=0.05), Tasks(), Pace()) as writer:
        answers = await asyncio.gather(
            *(writer.write(name) for name in ("0", "1", "broken", "3")), return_exceptions=True
        )
    assert [Written, Written, ZeroDivisionError, Written] == [type(answer) for answer in answers]
    assert (3, 3) == (await stored(database))[:2]


async def test_patience_ends_without_a_false_success(database: Database, locker: str) -> None:
    """A hanging server: Unavailable for the one being written and the one behind it."""
    async with writing(database, Limits(rows=1, in_flight=1, patience=0.3)) as writer:
        async with locked(locker) as owner:
            waiting = [asyncio.create_task(writer.write(row(str(n)))) for n in range(2)]
            await blocked(owner)
            answers = await asyncio.gather(*waiting, return_exceptions=True)
        later = await writer.write(row("later"))
    assert [Unavailable, Unavailable] == [type(answer) for answer in answers]
    assert later.fresh


async def test_a_full_queue_refuses_at_once(database: Database, locker: str) -> None:
    """What is over the limit is told so without waiting; the rest is stored."""
    async with writing(database, Limits(rows=1, in_flight=1, waiting=2)) as writer:
        async with locked(locker) as owner:
            first = asyncio.create_task(writer.write(row("0")))
            await blocked(owner)
            queued = [asyncio.create_task(writer.write(row(str(n)))) for n in (1, 2)]
            await asyncio.sleep(0)
            with pytest.raises(Unavailable):
                await writer.write(row("3"))
        await asyncio.gather(first, *queued)
    assert (3, 3) == (await stored(database))[:2]


async def test_leaving_writes_what_waits(database: Database) -> None:
    """A drain answers everybody who was already in, and refuses newcomers."""
    async with writing(database, Limits(rows=2, in_flight=1)) as writer:
        waiting = [asyncio.create_task(writer.write(row(str(n)))) for n in range(9)]
        await asyncio.sleep(0)
    assert all(w.fresh for w in await asyncio.gather(*waiting))
    with pytest.raises(Unavailable):
        await writer.write(row("late"))


async def test_a_caller_who_leaves_harms_nobody(database: Database, locker: str) -> None:
    """A cancelled request's row is stored, and its neighbours are answered."""
    async with writing(database, Limits()) as writer:
        async with locked(locker) as owner:
            gone, stays = (asyncio.create_task(writer.write(row(str(n)))) for n in range(2))
            await blocked(owner)
            gone.cancel()
            await asyncio.sleep(0)
        assert (await stays).fresh
    assert (2, 2) == (await stored(database))[:2]


async def test_the_relay_is_woken_after_the_commit(database: Database) -> None:
    """Whoever waits for commits hears of every batch."""
    woken: list[bool] = []
    database.after_commit.append(lambda: woken.append(True))
    async with writing(database, Limits()) as writer:
        await writer.write(row("0"))
    assert [True] == woken


async def test_the_citizen_hears_that_we_are_busy(database: Database, locker: str) -> None:
    """While the database hangs: 503 as a problem, and the form again with what was typed."""
    async with site(database, patience_seconds=0.3) as intake, locked(locker):
        problem = await intake.submit("a-random-key-0001")
        form = await intake.form(kind="request", words="补办身份证", key="k" * 20)
        assert (503, "application/problem+json") == (problem.status, problem.content_type)
        assert 503 == form.status
        assert "补办身份证</textarea>" in await form.text()
