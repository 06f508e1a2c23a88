"""A town with something on every page: what no single complaint brings about.

It is made once for a module; what is put into a database here a service would put there itself.
"""

import io
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from aiohttp import ClientSession

from services.intake.open.publishing import publish
from services.rewards import books
from services.rewards.closing import close
from services.rewards.rules.mismatches import Mismatch
from services.rewards.store import mismatches
from services.verification.casework.acts import drafts
from services.verification.casework.acts.desk import Desk
from services.verification.casework.pages.case_forms import FORMS
from services.verification.signin import totp
from services.verification.signin.store import factors
from shared import policy
from shared.bus import pending
from shared.bus.pending import Received
from shared.console import acts, processes
from shared.console.waiting import Wanted
from shared.events import SubmissionReceived, wrap
from shared.jobs import JobState
from shared.values import clock
from shared.values.notes import Signer
from shared.web.forms import Fields
from tests import hostile
from tests.integration.test_access_matrix import Objects, bearer, objects, operator_of
from tests.integration.test_notifications_api import ADD
from tests.integration.test_open_pages import JULY, put
from tests.integration.test_sample_pages import committed, revealed
from tests.samples import SAMPLES
from tests.town import Town
from tests.vendors import AIRTIME

# Who signs in with a second factor, and who with a password that somebody gave them.
WITH_FACTOR, GIVEN = "approver2", "inspector2"
RECEIVED = next(event for event in SAMPLES if isinstance(event, SubmissionReceived))
LONG_AGO = date(2020, 1, 1)
OFFICER = "badge,name,unit_code,phone\nA-9,卫十九,n1,\n"
VERDICT = {
    "verdict": "unsubstantiated", "attribution": "none", "finding": "监控中一直有人",
    "answer": "核查中没有找到空岗的时段", "revision": 0,
}  # fmt: skip


async def fill(place: Town) -> Objects:
    """One of each, in every state that a page shows."""
    async with ClientSession() as http:
        found = await objects(place, http)
        waiting = await place.complain(http, phone=None)
        praised = await praise(place, http)
        await place.complain(http, kind="rating", words=None, phone=None, categories=[])
        params = found.params | await _cases(place, http)
        params |= {"waiting": waiting["receipt"]["code"], "praised": praised}
    await _doors(place)
    await _desk(place)
    await _public(place)
    params["posting_no"] = str(await _books(place))
    params["event_id"] = await _set_aside(place)
    async with place.databases["notifications"].transaction() as conn:
        await conn.execute(ADD, uuid4(), "held")
    params["preview_id"] = await _previewed(place)
    params["kiosk"] = place.code("n1", kiosk=1)
    return Objects(params)


async def _cases(place: Town, http: ClientSession) -> dict[str, str]:
    """One that is open, one that pages, one with a request, one that waits for a second look, and
    one whose verdict overtook a draft.
    """
    told = [await place.complain(http) for _ in range(4)]
    ids = [await place.case_of(one["submission_id"]) for one in told]
    asks: dict[str, Any] = {"kind": "request", "satisfaction": None, "categories": []}
    urgent = await place.complain(http, **asks, words="明天高考，身份证丢了", urgent=True)
    await _draft(place, ids[3])
    for case_id in ids[2:]:
        await ask(place, http, "north1", f"cases/{case_id}/verdicts", VERDICT)
    asked = {"days": 1, "reason": "监控要到明天才能调"}
    await ask(place, http, "north1", f"cases/{ids[1]}/extension", asked)
    names = ("open", "asked", "reviewed", "overtaken")
    ids_by_name = {name: str(one) for name, one in zip(names, ids, strict=True)}
    return ids_by_name | {"urgent": str(await place.case_of(urgent["submission_id"]))}


async def ask(place: Town, http: ClientSession, who: str, path: str, body: dict[str, Any]) -> None:
    """Somebody does something at the desk, and everybody hears of it."""
    header = await bearer(place, http, "verification", who)
    url = f"{place.urls['verification']}/api/v1/{path}"
    async with http.post(url, json=body, headers=header) as answer:
        assert 201 == answer.status, await answer.text()
    await place.carry()


async def _draft(place: Town, case_id: UUID) -> None:
    settings = place.settings["verification"]
    desk = Desk(policy.load(settings.policy_file), settings.seal)
    who = await operator_of(place, "city")
    typed = Fields({"verdicts-finding": ("窗口没有人",), "revision": ("0",)})
    async with place.databases["verification"].transaction(as_=who) as conn:
        await drafts.keep(conn, desk, who, case_id, typed, FORMS)


async def _doors(place: Town) -> None:
    """Somebody has a second factor, somebody a password that is not their own."""
    seal = place.settings["verification"].seal
    sealed = seal.close(totp.new_secret(), f"factor:{WITH_FACTOR}")
    async with place.databases["verification"].transaction() as conn:
        await factors.claim(conn, WITH_FACTOR, sealed)
        await factors.mark_used(conn, WITH_FACTOR, 1, clock.now())
        await conn.execute(
            "UPDATE operators SET password_until = now() + interval '1 day' WHERE username = $1",
            GIVEN,
        )


async def _desk(place: Town) -> None:
    """A rating is held, a template kept, a phone on duty."""
    held = SubmissionReceived(
        submission_id=uuid4(), kind="rating", unit_code="n1", satisfaction=5, held="burst",
        received_at=clock.now(),
    )  # fmt: skip
    async with place.databases["verification"].transaction() as conn:
        await place.services["verification"].handlers[SubmissionReceived](conn, held)
    async with ClientSession() as http:
        said = {"title": "致歉", "body": "向您道歉。", "version": 0}
        await ask(place, http, "city", "templates", said)
        await ask(place, http, "city", "duty-phone", {"phone": "13912345678"})


async def _public(place: Town) -> None:
    """A month of open figures, and a day of the random review."""
    database, intake = place.databases["intake"], place.services["intake"]
    await put(database, date(2026, 7, 2), JULY)
    async with database.transaction() as conn:
        await publish(conn, [], datetime(2026, 8, 3, 4, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
        for event in (committed(), revealed()):
            await intake.handlers[type(event)](conn, event)


async def _books(place: Town) -> int:
    """A payment that nobody ordered, and a closed month; the posting that filled a wallet in it."""
    who = await operator_of(place, "approver")
    async with place.databases["rewards"].transaction(as_=who) as conn:
        await mismatches.add(conn, Mismatch("no_order", AIRTIME.name, uuid4().hex))
        paid_in = (AIRTIME.name, 10_000, LONG_AGO, clock.now(), who.username, "转账")
        posting = await books.top_up(conn, *paid_in)
        await close(conn, who, LONG_AGO, Signer("house/closes", bytes(32)))
        return posting


async def _set_aside(place: Town) -> str:
    """At every service an event waits for a person, another was discarded, and a job fails."""
    event, other = wrap(RECEIVED, "intake"), wrap(RECEIVED, "intake")
    failed = JobState("sum", 1.0, None, clock.now(), "TimeoutError()", late=True)
    told = processes.Told(clock.now(), "takes nothing: low on memory", "info", [failed])
    for database in place.databases.values():
        await processes.tell(database, told)
        async with database.transaction() as conn:
            for event_id, body in (event, other):
                message = Received(event_id, RECEIVED.TYPE, body)
                await pending.store(conn, "nobody", [message], "TimeoutError()", state="parked")
            chosen = Wanted(event_id=other[0])
            assert 1 == await acts.begin(conn, "discard", "admin", "它的办件是测试", chosen)
            await processes.make_loud(conn, "admin", "登记慢", "info", 30)
            # What is looked at an hour later was told just now.
            await conn.execute("UPDATE process_states SET seen_at = now() + interval '1 day'")
    return str(event[0])


async def _previewed(place: Town) -> str:
    """A file of officers that the city looks at before it imports it."""
    path = "/desk/directory/import"
    async with place.browser("city") as http:
        url = f"{place.urls['verification']}{path}"
        async with http.get(url) as page:
            csrf = (await page.text()).partition('name="csrf" value="')[2].partition('"')[0]
        form = {"csrf": csrf, "file": io.BytesIO(OFFICER.encode())}
        headers = {"Origin": place.urls["verification"]}
        async with http.post(url, data=form, headers=headers) as answer:
            assert answer.url.path.startswith(f"{path}/"), await answer.text()
            return answer.url.path.rpartition("/")[2]


async def praise(place: Town, http: ClientSession) -> str:
    """A commendation of officer A-1 with a photo; its receipt's code."""
    said = {"kind": "rating", "satisfaction": 5, "categories": [], "phone": None, "words": None}
    receipt: str = (await place.complain(http, **said))["receipt"]["code"]
    url, key = f"{place.urls['intake']}/api/v1/receipts/{receipt}", {"Idempotency-Key": uuid4().hex}
    photo = {"photos": io.BytesIO(hostile.J)}
    async with http.post(f"{url}/attachments", data=photo, headers=key) as answer:
        named = await answer.json()
    words = {"words": "帮我妈妈填好了表，还扶她到门口", "officer_badge": "A-1", **named}
    async with http.post(f"{url}/additions", json=words, headers=key) as answer:
        assert 201 == answer.status, await answer.text()
    await place.carry()
    return receipt
