"""A few cases from the window to the last SMS, as the services themselves bring them to an end."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from aiohttp import ClientSession

from services.notifications.jobs import Deliveries
from services.notifications.rules.messages import Limits
from services.rewards.jobs import Payouts
from services.rewards.rebinding import Rebinding
from shared import policy
from shared.bus.consuming import Consumer
from shared.bus.inbox import Inbox
from shared.bus.relay import Relay
from shared.jobs import Job
from shared.service import Running, Service
from shared.vendors.outcomes import Done
from tests.bench import turns
from tests.browser.filled import ask, praise
from tests.integration.notifications_parts import THRIFT, Postman
from tests.integration.test_rewards_two_instances import PACE, Counting
from tests.town import Town
from tests.vendors import confirmed

CASES = 6
MOST_RUNS = 5
CALLING = {
    "send_queued", "query_due", "submit_payouts", "query_payouts", "recover_payouts",
    "retry_payouts", "check_phones", "query_earlier", "fetch_statements",
}  # fmt: skip
FOUND = {
    "verdict": "substantiated", "attribution": "officers", "officers": ["A-1"],
    "finding": "监控里看得到", "answer": "已整改", "revision": 0,
}  # fmt: skip
HELPED = {
    "verdict": "helped", "attribution": "none", "finding": "告诉了要带什么",
    "answer": "请带户口本", "revision": 0,
}  # fmt: skip
PRESSED = FOUND | {"attribution": "unit", "officers": [], "categories": ["other"]}
_REQUEST: dict[str, Any] = {
    "kind": "request", "satisfaction": None, "categories": [],
    "words": "问落户要带什么",
}  # fmt: skip
WORDS = "叫号机坏了，等得有点久"
_RATING: dict[str, Any] = {
    "kind": "rating", "satisfaction": 4, "categories": [], "words": None, "phone": None,
}  # fmt: skip


async def live(place: Town, http: ClientSession, phones: int = 0) -> None:
    """A day: two complaints, three requests, a rating, one that was held, and praise.

    Of the complaints one stays true and is paid, one is overturned; the citizens of the requests do
    not accept the answer, withdraw, and tell of pressure. Who rated wants to be forgotten.
    """
    first = await place.complain(http, officer_badge="A-1", phone=f"1397777{phones:04}")
    second = await place.complain(http, **_REQUEST, phone=f"1387777{phones:04}")
    other = await place.complain(http, officer_badge="A-1", phone=None)
    gone, late = [await place.complain(http, **_REQUEST, phone=None) for _ in range(2)]
    told = (first, second, other, gone, late)
    cases = [await place.case_of(one["submission_id"]) for one in told]
    await turns.say(place, http, first, "additions", {"words": "下午也没有人"})
    await turns.say(place, http, gone, "withdrawals", {"withdrawn": True})
    await turns.work_together(place, http, cases[-1])
    await turns.be_late(place, http, cases[-1])
    for case_id in cases[:2]:
        await ask(place, http, "city", f"cases/{case_id}/callbacks", {"outcome": "reached"})
    for one, case_id in zip(told, cases, strict=True):
        who, verdict = ("northern", FOUND) if one in (first, other) else ("north1", HELPED)
        await ask(place, http, who, f"cases/{case_id}/verdicts", verdict)
    await _afterwards(place, http, told, cases)
    rated = await place.complain(http, **_RATING | {"words": WORDS})
    await turns.say(place, http, rated, "data", {"kind": "deletion", "known": WORDS})
    await turns.hold(place, http, **_RATING)
    await praise(place, http)
    await turns.say(place, http, first, "ratings", {"solved": True, "satisfied": True})
    await turns.reply(place, f"+861387777{phones:04}", "谢谢")


async def _afterwards(
    place: Town, http: ClientSession, told: Sequence[dict[str, Any]], cases: list[UUID]
) -> None:
    """What citizens and officers say to the verdicts, and what comes of it."""
    first, second, other = cases[:3]
    await turns.read(place, http, [first, other])
    await turns.appeal(place, http, first, decision="refuse")
    await turns.appeal(place, http, other, decision="grant", instead="others")
    await turns.say(place, http, told[1], "followups", {"words": "去了还是没有办成"})
    again = HELPED | {"revision": 1}
    await ask(place, http, "northern", f"cases/{second}/callbacks", {"outcome": "reached"})
    await ask(place, http, "northern", f"cases/{second}/verdicts", again)
    await turns.say(place, http, told[4], "reports", {"words": "要我改口"})
    await turns.look_into_pressure(place, http, PRESSED)


async def settle(place: Town) -> None:
    """All that vendors have to do, by vendors that do it; until nothing waits."""
    settings = place.settings["rewards"]
    policies, vendor = policy.load(settings.policy_file), Counting()
    payouts = Payouts(
        place.databases["rewards"], [vendor], settings.seal, PACE, [confirmed(vendor)],
        Rebinding(policies, settings.seal),
    )  # fmt: skip
    sms = Deliveries(
        place.databases["notifications"], Postman(Done("1", "ok")),
        place.settings["notifications"].seal, Limits(), THRIFT,
    )  # fmt: skip
    for _ in range(3):
        await _due(place, "rewards", "UPDATE rewards SET act_at = now() WHERE act_at IS NOT NULL")
        await payouts.submit()
        await _due(place, "rewards", "UPDATE rewards SET act_at = now() WHERE act_at IS NOT NULL")
        await payouts.query()
        await place.carry()
        await _due(place, "notifications", "UPDATE messages SET next_at = now(), not_before = NULL"
                   " WHERE next_at IS NOT NULL")  # fmt: skip
        await sms.send_queued()
        await sms.query_due()
        await place.carry()
    await work(place)


async def work(place: Town) -> None:
    """Every job that calls nobody, until it finds nothing more."""
    for job in jobs(place):
        for _ in range(MOST_RUNS):
            if not await job.run():
                break
    await place.carry()


def jobs(place: Town, *, calling: bool = False) -> list[Job]:
    """Those of all services, with those that every service has; named `service, job`."""
    return [
        replace(job, name=f"{name}, {job.name}")
        for name, service in place.services.items()
        for job in _running(place, service).all_jobs()
        if calling or job.name not in CALLING
    ]


def _running(place: Town, service: Service) -> Running:
    settings, database = place.settings[service.name], place.databases[service.name]
    url = settings.amqp_url.get_secret_value()
    relay = Relay(database, url, service.name, service.tasks, service.pace)
    box = Inbox(database, service.name, service.handlers, service.lock_first, service.lock_order)
    consumer = Consumer(url, service.name, settings.prefetch, box.take)
    before = list(database.after_commit)
    running = Running(service, settings, database, relay, consumer, box)
    database.after_commit[:] = before
    return running


async def _due(place: Town, service: str, statement: str) -> None:
    async with place.databases[service].acquire() as conn:
        await conn.execute(statement)
