"""Turns that cases take: what citizens still say, officers appeal against, and the desk asks.

Each is brought about as it would be, by those whose it is; what only time does is put there.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiohttp import ClientSession

from services.intake.accept.making import Maker
from services.notifications.hearing import Hearing
from services.notifications.providers.protocol import Inbound
from services.verification.casework.store import sampling
from shared import policy
from shared.bus.outbox import publish
from shared.events import SampleCommitted, SubmissionReceived
from shared.values import clock, lots
from tests.browser.filled import ask
from tests.integration.test_access_matrix import bearer
from tests.town import Town
from tests.vendors import SMS

SEED = "5e" * 32
# Nobody has decided, and its case is still the unit's.
_WAITS = "SELECT request_id FROM case_requests WHERE case_id = $1 AND outcome IS NULL"
_LATE = "UPDATE cases SET verification_due_at = mashang_now() WHERE case_id = $1"
_NOTICE = "SELECT notice_id FROM notices WHERE case_id = $1"
_PRESSURE = "SELECT case_id FROM cases WHERE kind = 'pressure' AND state = 'open'"
_UNREAD = """
    SELECT year, number FROM criticisms c WHERE case_id = ANY($1) AND NOT EXISTS (
        SELECT FROM paper_readings r
        WHERE (r.kind, r.year, r.number) = ('criticism', c.year, c.number))
"""


async def say(place: Town, http: ClientSession, told: dict[str, Any], what: str, body: Any) -> None:
    """A citizen says something with the receipt, and everybody hears of it."""
    url = f"{place.urls['intake']}/api/v1/receipts/{told['receipt']['code']}/{what}"
    async with http.post(url, json=body, headers={"Idempotency-Key": uuid4().hex}) as answer:
        if answer.status >= 300:
            raise ValueError(f"{what}: {answer.status} {await answer.text()}")
    await place.carry()


async def appeal(place: Town, http: ClientSession, case_id: UUID, **decision: str) -> None:
    """Officer A-1 appeals against the county's mark, and the city answers."""
    header = await bearer(place, http, "verification", "accused")
    url = f"{place.urls['verification']}/api/v1/appeals"
    said = {"case_id": str(case_id), "reason": "当天我在县局开会"}
    async with http.post(url, json=said, headers=header) as answer:
        if answer.status != 201:
            raise ValueError(await answer.text())
    await place.carry()
    await decide(place, http, "city", case_id, word="值班表和会议签到一致", **decision)


async def decide(place: Town, http: ClientSession, who: str, case_id: UUID, **said: str) -> None:
    """The level above answers the request that waits."""
    waiting = await _value(place, "verification", _WAITS, case_id)
    body = {"request_id": str(waiting), **said}
    await ask(place, http, who, f"cases/{case_id}/decision", body)


async def work_together(place: Town, http: ClientSession, case_id: UUID) -> None:
    """Another helps; more time is given, and the citizen hears how it stands."""
    at = f"cases/{case_id}"
    await ask(place, http, "northern", f"{at}/helpers", {"who": "northern", "decision": "join"})
    await ask(place, http, "north1", f"{at}/extension", {"days": 1, "reason": "监控要到明天才能调"})
    await decide(place, http, "northern", case_id, decision="grant")
    await ask(place, http, "north1", f"{at}/word", {"word": "正在调监控"})


async def be_late(place: Town, http: ClientSession, case_id: UUID) -> None:
    """Its time is over: a notice, which the unit acknowledges."""
    async with place.databases["verification"].acquire() as conn:
        await conn.execute(_LATE, case_id)
    await _run(place, "verification", "issue_notices")
    notice = await _value(place, "verification", _NOTICE, case_id)
    await ask(place, http, "north1", f"notices/{notice}/acknowledgement", {"plan": "下午调监控"})


async def hold(place: Town, http: ClientSession, **said: Any) -> None:
    """What came too often is held, until the city lets it count."""
    judge = Maker._judged

    def held(own: Maker, one: Any, event: SubmissionReceived) -> Any:
        told, due = judge(own, one, event)
        return told.model_copy(update={"held": "burst"}), due

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Maker, "_judged", held)
        told = await place.complain(http, **said)
    decided = {"ids": [told["submission_id"]], "outcome": "released", "reason": "一家人来办事"}
    await ask(place, http, "city", "holds/decisions", decided)


async def read(place: Town, http: ClientSession, cases: list[UUID]) -> None:
    """The unit reads what it is told of these cases."""
    async with place.databases["scoring"].acquire() as conn:
        unread = await conn.fetch(_UNREAD, cases)
    for year, number in unread:
        path = f"{place.urls['scoring']}/api/v1/papers/criticism/{year}/{number}/reading"
        header = await bearer(place, http, "scoring", "north1")
        async with http.post(path, headers=header) as answer:
            if answer.status >= 300:
                raise ValueError(await answer.text())
    await place.carry()


async def look_into_pressure(place: Town, http: ClientSession, verdict: dict[str, Any]) -> None:
    """The inspection ends what was reported to it."""
    case_id = await _value(place, "verification", _PRESSURE)
    await ask(place, http, "inspector", f"cases/{case_id}/verdicts", verdict)


async def reply(place: Town, phone: str, said: str) -> None:
    """A citizen answers by SMS."""
    settings = place.settings["notifications"]
    hearing = Hearing(settings.seal, policy.load(settings.policy_file))
    async with place.databases["notifications"].transaction() as conn:
        await hearing.take(conn, SMS.name, [Inbound(uuid4().hex, phone, said)])
    await place.carry()


async def draw_yesterday(place: Town, owner: asyncpg.Connection) -> None:
    """All lots until now were a day's that is over: its seed is told, and another is drawn."""
    seal = place.settings["verification"].seal
    async with place.databases["verification"].transaction() as conn:
        drawn = await conn.fetchval("SELECT min(day) FROM sample_draws")
        day = drawn - timedelta(days=1)
        promise, sealed = lots.commitment(day, SEED), seal.close(SEED, f"seed:{day}")
        await sampling.add_seed(conn, sampling.Seed(day, promise, sealed), clock.now())
        told = SampleCommitted(day=day, commitment=promise, committed_at=clock.now())
        await publish(conn, told)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("UPDATE sample_draws SET day = $1", day)
    await owner.execute("RESET session_replication_role")
    await _run(place, "verification", "draw_seeds")


async def _run(place: Town, service: str, name: str) -> None:
    await next(job for job in place.services[service].jobs if job.name == name).run()
    await place.carry()


async def _value(place: Town, service: str, sql: str, *args: Any) -> Any:
    async with place.databases[service].acquire() as conn:
        return await conn.fetchval(sql, *args)
