"""What is forgotten after its time or on request, everywhere, and what stays as it was."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession

from deploy.cli import data
from services.intake.migrations import intake_0012
from services.intake.privacy import store as intake_store
from services.rewards.store import erasures as rewards_erasures
from services.verification.casework.store import erasures as verification_erasures
from shared import policy
from shared.db import Database
from shared.events import ContactErased
from shared.personal import HELD
from tests.conftest import ROOT, Clone
from tests.integration.test_access_matrix import bearer
from tests.support import at
from tests.town import SERVICES, Town, town

PHONE, WORDS = "13977770100", "等了一上午没有人，我叫李建军"
LATER = datetime.now(UTC) + timedelta(days=181)
VERDICT = {
    "verdict": "substantiated", "attribution": "unit", "finding": "属实", "answer": "已整改",
    "revision": 0,
}  # fmt: skip
ERASED = {
    "intake": "".join([*intake_store.ERASING.values(), intake_0012.ERASING]),
    "verification": "".join(verification_erasures.ERASING.values()),
    "rewards": rewards_erasures._ERASE,
}


@pytest.fixture
async def place(clone: Clone) -> AsyncIterator[Town]:
    """Five services."""
    async with town(clone) as opened:
        yield opened


async def run(place: Town, service: str, *names: str) -> None:
    """Run some jobs of a service, then carry what they said."""
    jobs = {job.name: job for job in place.services[service].jobs}
    for name in names:
        await jobs[name].run()
    await place.carry()


async def forget(place: Town) -> None:
    """Every service does what it does by the clock about forgetting."""
    await run(place, "intake", "erase_due", "remove_photos")
    await run(place, "verification", "erase_cases")
    await run(place, "rewards", "erase_phones")


async def text_of(database: Database) -> str:
    """Everything that stands in a database."""
    async with database.acquire() as conn:
        tables = [
            row["tablename"]
            for row in await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname='public'")
        ]
        told = [
            row[0] for table in tables for row in await conn.fetch(f"SELECT t::text FROM {table} t")
        ]
    return "\n".join(told)


async def figures(place: Town, http: ClientSession) -> dict[str, Any]:
    """All statistics."""
    told = {}
    for service in SERVICES:
        token = await bearer(place, http, service, "city")
        url = f"{place.urls[service]}/api/v1/figures"
        async with http.get(url, headers=token) as response:
            assert 200 == response.status
            told[service] = await response.json()
    return told


async def complain(place: Town, http: ClientSession) -> dict[str, Any]:
    """A complaint with words and a phone."""
    return await place.complain(http, words=WORDS, phone=PHONE)


async def judge(place: Town, http: ClientSession, submission_id: str) -> None:
    """Its case is found true, and closed; nobody looks at it again."""
    case_id = await place.case_of(submission_id)
    url = f"{place.urls['verification']}/api/v1/cases/{case_id}/verdicts"
    token = await bearer(place, http, "verification", "city")
    async with http.post(url, json=VERDICT, headers=token) as response:
        assert 201 == response.status, await response.text()
    async with place.databases["verification"].acquire() as conn:
        await conn.execute("UPDATE cases SET review_pending = false, review_due_at = NULL")
    await place.carry()


async def pay(place: Town, submission_id: str) -> None:
    """As if the airtime had arrived, and nobody had anything to ask any more."""
    async with place.databases["rewards"].acquire() as conn:
        await conn.execute(
            """UPDATE rewards SET state = 'paid', paid_at = mashang_now(), act_at = NULL,
                   sent_at = mashang_now() WHERE submission_id = $1""",
            UUID(submission_id),
        )
    async with place.databases["intake"].acquire() as conn:
        await conn.execute(
            """INSERT INTO timeline (submission_id, step, key, at, details)
               VALUES ($1, 'reward_paid', 'x', mashang_now(), $2)""",
            UUID(submission_id), {"amount_fen": 2000},
        )  # fmt: skip


async def seeds(place: Town) -> set[str]:
    """The phone and the words as they are sealed in intake."""
    async with place.databases["intake"].acquire() as conn:
        row = await conn.fetchrow("SELECT words_sealed, phone_sealed FROM submissions")
    assert row
    return set(row.values())


async def holders(place: Town, looked_for: set[str]) -> set[str]:
    """The services in whose databases one of them stands."""
    return {
        name
        for name, database in place.databases.items()
        if any(one in told for told in [await text_of(database)] for one in looked_for)
    }


def data_of(place: Town, answer: dict[str, Any]) -> str:
    """The address of one's own data, for programs."""
    return f"{place.urls['intake']}/api/v1/receipts/{answer['receipt']['code']}/data"


async def ask(
    place: Town, http: ClientSession, answer: dict[str, Any], **wish: str
) -> tuple[int, dict[str, Any]]:
    """Ask for something: the status and what is answered."""
    headers = {"Idempotency-Key": uuid4().hex}
    async with http.post(data_of(place, answer), json=wish, headers=headers) as response:
        return response.status, await response.json()


async def test_after_its_time_a_phone_is_nowhere(place: Town) -> None:
    """Not sealed, not as an index but where it was paid; and every figure is what it was."""
    async with ClientSession() as http:
        answer = await complain(place, http)
        await judge(place, http, answer["submission_id"])
        await pay(place, answer["submission_id"])
        sealed = await seeds(place)
        async with place.databases["intake"].acquire() as conn:
            index = await conn.fetchval("SELECT phone_index FROM submissions")
        before = await figures(place, http)
        assert {"intake", "verification", "rewards", "notifications"} == await holders(
            place, sealed
        )
        # What has been sent has no phone any more; this one was not.
        async with place.databases["notifications"].acquire() as conn:
            await conn.execute("UPDATE messages SET state = 'held', next_at = NULL")
        with at(LATER):
            await forget(place)
        assert set() == await holders(place, sealed)
        assert {"rewards"} == await holders(place, {index})
        assert set() == await holders(place, {PHONE, f"+86{PHONE}", WORDS})
        told = await figures(place, http)
        for name in ("intake", "verification", "rewards", "scoring"):
            assert before[name] == told[name]
        receipt = f"{place.urls['intake']}/api/v1/receipts/{answer['receipt']['code']}"
        async with http.get(receipt) as response:
            shown = await response.json()
        assert ("substantiated", "已整改") == (shown["verdict"], shown["answer"])


async def test_what_is_owed_is_done_first(place: Town) -> None:
    """A case that is open, and a reward that is under way, keep what they need, however old."""
    async with ClientSession() as http:
        answer = await complain(place, http)
        sealed = await seeds(place)
        with at(LATER):
            await forget(place)
        assert {"intake", "verification"} == await holders(place, sealed)
        await judge(place, http, answer["submission_id"])
        with at(LATER):
            await forget(place)
        assert "rewards" in await holders(place, sealed)
        assert "intake" in await holders(place, sealed)


async def test_rewards_keeps_a_phone_until_it_is_settled(place: Town) -> None:
    """Also if it hears too early: the vendor may still have to be asked."""
    async with ClientSession() as http:
        answer = await complain(place, http)
        await judge(place, http, answer["submission_id"])
        sealed = await seeds(place)
        submission_id = UUID(answer["submission_id"])
        await place._hear("rewards", ContactErased(submission_id=submission_id, erased_at=LATER))
        await run(place, "rewards", "erase_phones")
        assert "rewards" in await holders(place, sealed)
        await pay(place, answer["submission_id"])
        await run(place, "rewards", "erase_phones")
        assert "rewards" not in await holders(place, sealed)


async def test_a_copy_shows_everything_to_its_owner_only(place: Town) -> None:
    """Whoever found the paper and guesses is told nothing, and soon not even that."""
    async with ClientSession() as http:
        answer = await complain(place, http)
        for known in (PHONE, f"+86 {PHONE}", "等了一上午", WORDS):
            status, told = await ask(place, http, answer, kind="copy", known=known)
            assert (200, WORDS, f"+86{PHONE}") == (
                status, told["data"]["words"], told["data"]["phone"],
            )  # fmt: skip
        for known in ("", "13800138000", "等了", "没有人", "x" * 200):
            status, told = await ask(place, http, answer, kind="copy", known=known)
            assert (422, "wrong.not_known") == (status, told["errors"][0]["key"])
        status, _ = await ask(place, http, answer, kind="copy", known=PHONE)
        assert 429 == status


async def test_deletion_is_honest(place: Town) -> None:
    """Later, while the case is open; then by itself. A rating that nobody handles goes at once."""
    async with ClientSession() as http:
        answer = await complain(place, http)
        sealed = await seeds(place)
        _, told = await ask(place, http, answer, kind="deletion", known=PHONE)
        assert "later" == told["outcome"]
        await forget(place)
        assert {"intake", "verification"} == await holders(place, sealed)
        await judge(place, http, answer["submission_id"])
        await pay(place, answer["submission_id"])
        with at(datetime.now(UTC) + timedelta(days=2)):
            await forget(place)
        assert set() == await holders(place, sealed) - {"notifications"}
        async with http.get(data_of(place, answer)) as response:
            left = await response.json()
        assert (False, False) == (left["words"], left["phone"])
        assert left["erased_at"]


async def test_a_rating_is_deleted_within_the_hour(place: Town) -> None:
    """Nothing is owed, so nobody waits."""
    async with ClientSession() as http:
        answer = await place.complain(
            http, kind="rating", satisfaction=5, words=WORDS, phone=None, categories=[]
        )
        sealed = await seeds(place) - {None}
        _, told = await ask(place, http, answer, kind="deletion", known="等了一上午")
        assert "soon" == told["outcome"]
        await forget(place)
        assert set() == await holders(place, sealed)


async def test_a_correction_reaches_the_desk(place: Town) -> None:
    """Beside what was written first, once, and with the copy."""
    async with ClientSession() as http:
        answer = await complain(place, http)
        status, told = await ask(
            place, http, answer, kind="correction", known=PHONE, words="是下午"
        )
        assert (200, "added") == (status, told["outcome"])
        await place.carry()
        async with place.databases["verification"].acquire() as conn:
            assert 1 == await conn.fetchval("SELECT count(*) FROM case_additions")
        _, told = await ask(place, http, answer, kind="copy", known=PHONE)
        assert ["【更正】是下午"] == [one["words"] for one in told["data"]["added"]]
        status, told = await ask(place, http, answer, kind="correction", known=PHONE)
        assert (422, "words") == (status, told["errors"][0]["field"])


async def test_the_pages_say_the_same(place: Town) -> None:
    """What is kept, the answers, the copy as a file; what was typed is not lost, nor in a link."""
    async with ClientSession() as http, place.browser() as browser:
        answer = await complain(place, http)
        page = f"{place.urls['intake']}/r/{answer['receipt']['code']}/data"
        async with browser.get(page) as response:
            shown = await response.text()
        assert "要一份副本" in shown
        assert WORDS not in shown
        form = {"kind": "copy", "known": "不对", "words": "是下午", "key": "k" * 24}
        async with browser.post(page, data=form) as response:
            shown = await response.text()
            assert 422 == response.status
        assert "和您留的对不上" in shown
        assert "是下午" in shown
        async with browser.post(page, data={**form, "known": PHONE}) as response:
            shown = await response.text()
        assert WORDS in shown
        assert PHONE not in str(response.url)
        async with browser.post(page, data={**form, "known": PHONE, "file": "1"}) as response:
            assert "attachment" in response.headers["Content-Disposition"]
            assert WORDS == (await response.json())["words"]
        async with browser.get(f"{place.urls['intake']}/privacy") as response:
            assert "180" in await response.text()
        async with browser.get(f"{place.urls['intake']}/r/0000-0000-0000-0000/data") as response:
            assert 404 == response.status


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_personal_is_overlooked(clone: Clone, service: str) -> None:
    """Each column for something sealed, a hash of a person or an address is declared, and goes."""
    database = await Database.connect(await clone(service), service)
    async with database.acquire() as conn:
        rows = await conn.fetch(
            """SELECT table_name || '.' || column_name AS name, column_name LIKE '%\\_sealed'
                   OR column_name IN ('phone_index', 'phone_hash', 'password_hash', 'token_hash',
                       'address') AS personal
               FROM information_schema.columns WHERE table_schema = 'public'"""
        )
    await database.close()
    declared = {column: held for held in HELD[service] for column in held.columns}
    assert {row["name"] for row in rows if row["personal"]} <= set(declared)
    assert set(declared) <= {row["name"] for row in rows}
    erased = ERASED.get(service, "")
    for name in (name for name, held in declared.items() if held.forgotten):
        table, column = name.split(".")
        assert column in erased or f"DELETE FROM {table}" in erased, name
        assert table in erased, name


def test_the_page_about_data_is_up_to_date() -> None:
    """`deploy/DATA.md` is what `mashang data` prints of the rules that are delivered."""
    file = ROOT / "deploy/policy.toml"
    told = data.page(policy.load(file).editions[-1], file.name)
    assert (ROOT / "deploy/DATA.md").read_text("utf-8") == told
    assert "180 days (`privacy.kept_days`)" in told
