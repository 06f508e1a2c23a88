"""Too much from one source is taken in, with a receipt, and waits; nobody else is touched."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientResponse

from services.intake.abuse.senders import COOKIE
from shared import policy
from shared.db import Database
from shared.events import HoldEnded
from shared.values import clock
from tests.integration.intake_site import UNIT, Site, body, code, settings, site
from tests.support import at

SERVICE = "intake"
RULE = policy.load(settings().policy_file).editions[-1]
BEHIND = {"trusted_proxies": "127.0.0.1"}
# A Thursday, 10:00 at the bureau: praise in closed hours is held for that.
OFFICE_HOURS = datetime(2026, 11, 12, 2, tzinfo=UTC)


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """Behind a proxy that says who asks, so that addresses count."""
    async with site(database, **BEHIND) as opened:
        await opened.add_unit()
        await opened.refresh()
        yield opened


async def send(intake: Site, address: str, **changed: Any) -> ClientResponse:
    """A complaint without a phone from an address."""
    headers = {"Idempotency-Key": uuid4().hex, "X-Forwarded-For": address}
    values = body(**{"phone": None, "words": f"{uuid4()}"} | changed)
    return await intake.client.post("/api/v1/submissions", json=values, headers=headers)


async def flood(intake: Site, address: str, often: int) -> None:
    """A network has sent so much by now: twice, and the rest stands in the table."""
    await send(intake, address)
    await intake.refresh()
    await intake.fetch("UPDATE limits SET number = $1 WHERE name = 'address'", often - 1)
    await send(intake, address)
    await intake.refresh()


async def told(intake: Site) -> list[dict[str, Any]]:
    """What others hear, oldest first."""
    sql = "SELECT body FROM outbox WHERE type = 'submission.received.v1' ORDER BY seq"
    return [json.loads(row["body"])["data"] for row in await intake.fetch(sql)]


async def test_what_is_held_promises_no_time(intake: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its receipt says that it was taken in; the clocks begin when somebody releases it."""
    for _ in range(RULE.limits.phone_day):
        await send(intake, "198.51.100.1", phone="13800138000")
    answer = await (await send(intake, "192.0.2.1", phone="13800138000")).json()
    assert "phone" == (await told(intake))[-1]["held"]
    row = (await intake.fetch("SELECT * FROM submissions WHERE id = $1::uuid",
                              answer["submission_id"]))[0]  # fmt: skip
    assert (None, None) == (row["callback_due_at"], row["verification_due_at"])


async def test_the_receipt_tells_that_it_waits(intake: Site) -> None:
    """Truthfully: somebody looks first; nothing to act on; or, released, like any other."""
    for _ in range(RULE.limits.phone_day + 1):
        answer = await (await send(intake, "198.51.100.1", phone="13800138000")).json()
    receipt, page = answer["receipt"]["code"], {"Accept": "text/html"}

    async def shown() -> tuple[str | None, bool]:
        async with intake.client.get(f"/api/v1/receipts/{receipt}") as account:
            waits = (await account.json())["waits"]
        async with intake.client.get(f"/r/{receipt}", headers=page) as html:
            return waits, "note wait" in await html.text()

    assert ("held", True) == await shown()
    ended = HoldEnded(
        submission_id=answer["submission_id"], unit_code=UNIT, number=1, outcome="set_aside",
        ended_at=clock.now(),
    )  # fmt: skip
    await intake.tell(ended)
    assert ("set_aside", True) == await shown()
    await intake.tell(ended.model_copy(update={"number": 2, "outcome": "released"}))
    assert (None, False) == await shown()


async def test_praise_from_one_device_is_held(intake: Site) -> None:
    """A browser that rates again and again, though its network changes."""
    cookie, most = "", RULE.praise.device_day
    with at(OFFICE_HOURS):
        for number in range(most + 2):
            async with intake.client.post(
                f"/w/{code()}", allow_redirects=False,
                data={"kind": "rating", "satisfaction": "5", "step": "tap", "key": uuid4().hex},
                headers={"X-Forwarded-For": f"10.0.{number}.1", "Accept": "text/html",
                         **({"Cookie": f"{COOKIE}={cookie}"} if cookie else {})},
            ) as answer:  # fmt: skip
                assert 303 == answer.status
                cookie = cookie or answer.cookies[COOKIE].value
    reasons = [each["held"] for each in await told(intake)]
    # The first tap brought the cookie, so it is counted from the second on.
    assert [None] * (most + 1) + ["burst"] == reasons


async def test_instances_share_what_they_count(database: Database) -> None:
    """Two processes on one database: together they let through what one would."""
    async with site(database, **BEHIND) as one, site(database, **BEHIND) as two:
        half = RULE.limits.address_hour // 2
        for number in range(half):
            await send(one, "203.0.113.1")
            await send(two, f"203.0.113.{number}")
        assert not any(each["held"] for each in await told(one))
        await one.refresh()
        await two.refresh()
        await send(two, "203.0.113.9")
        await send(two, "203.0.114.9")
        assert ["address", None] == [each["held"] for each in (await told(two))[-2:]]


async def test_a_new_process_knows_what_was_counted(database: Database) -> None:
    """After a restart the first second's count brings the rest back."""
    async with site(database, **BEHIND) as first:
        for _ in range(RULE.limits.address_hour):
            await send(first, "203.0.113.1")
        await first.refresh()
    async with site(database, **BEHIND) as second:
        await send(second, "203.0.113.1")
        await second.refresh()
        await send(second, "203.0.113.1")
        assert [None, "address"] == [each["held"] for each in (await told(second))[-2:]]


async def test_no_address_and_no_device_is_stored(intake: Site) -> None:
    """Keyed hashes only: nothing of what was counted stands in any table in clear."""
    await send(intake, "203.0.113.77", phone="13800138000")
    await intake.refresh()
    rows = await intake.fetch("SELECT name, key FROM limits")
    assert {"address", "phone"} <= {row["name"] for row in rows}
    plain = " ".join(f"{row['key']}" for row in rows)
    assert [] == [word for word in ("203.0.113", "138001") if word in plain]


async def test_this_machine_itself_is_not_counted(database: Database) -> None:
    """The demo, and whatever stands behind a proxy that nobody named as trusted."""
    async with site(database) as intake:
        for _ in range(RULE.limits.address_hour + 5):
            await (await intake.submit(uuid4().hex, phone=None, words=f"{uuid4()}")).release()
        assert {None} == {each["held"] for each in await told(intake)}


async def test_a_database_that_is_away_forgets_no_count(
    intake: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be shared is shared with the next second."""
    await send(intake, "203.0.113.77")
    share = next(job for job in intake.service.jobs if job.name == "share_counts")

    def away() -> Any:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(intake.database, "single", away)
        with pytest.raises(OSError, match="away"):
            await share.run()
    await share.run()
    assert Counter(address=1, code=1, unit=1) == Counter(
        {row["name"]: row["number"] for row in await intake.fetch("SELECT * FROM limits")}
    )


async def test_a_decision_is_taken_over_once(intake: Site) -> None:
    """The newest counts, in whatever order they are heard."""
    released = HoldEnded(
        submission_id=uuid4(), unit_code=UNIT, number=2, outcome="released", ended_at=clock.now()
    )
    aside = released.model_copy(update={"number": 1, "outcome": "set_aside"})
    await intake.tell(released, aside)
    rows = await intake.fetch("SELECT number, outcome FROM holds")
    assert [(2, "released")] == [tuple(row) for row in rows]
