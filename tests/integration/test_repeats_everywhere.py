"""Whatever writes, and comes twice, is done once: every such endpoint of every service."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession

from deploy.local.postgres import Postgres
from services.intake.open311 import keys
from services.rewards import books
from services.rewards.rules.ledger import following
from services.rewards.rules.mismatches import Mismatch
from services.rewards.rules.payouts import move
from services.rewards.store import closes, mismatches, orders, rewards
from services.verification.casework.rules.requests import Request as AskedAbove
from services.verification.casework.store import requests
from services.verification.directory import previewing
from services.verification.directory.acts import Rules
from services.verification.directory.commands import Imported, import_csv
from services.verification.directory.rules import sheets
from services.verification.directory.store import operators, previews
from shared.events import SubmissionReceived
from shared.values import clock
from shared.web.endpoints import Endpoint, Who
from shared.web.forms import MEDIA_TYPE
from tests import hostile
from tests.conftest import Clone
from tests.integration.citizens_acts import SAID, Body, Make
from tests.integration.garbage import FILES, JSON, Request, Told, encoded, send, with_file
from tests.integration.test_access_matrix import NOTICE, PEOPLE, RUN, SANCTION, bearer
from tests.integration.test_garbage import PHOTOS, Place, placed
from tests.integration.test_notifications_api import ADD
from tests.integration.test_rewards_decisions import advance, deny
from tests.town import SERVICES, town
from tests.vendors import AIRTIME

# What coming twice is no second act, each with its reason.
NO_ACT = {
    "POST /reports/{vendor}/{secret}/inbound": "the vendor's own number of a reply is kept",
    "POST /desk/views/removal": "a view that was forgotten twice is forgotten",
    "POST /api/v1/sessions": "each sign-in is a session of its own",
    "POST /desk/sign-in": "the same, by form",
    "DELETE /api/v1/sessions": "signed out twice is signed out",
    "POST /desk/sign-out": "the same, by form",
    "POST /api/v1/statements": "a statement changes nothing",
    "POST /desk/second": "a code is good once, and opens a session of its own",
    "POST /desk/new-password": "the password is chosen by then, and leads to the sign-in",
    "POST /desk/keys": "the same keys are chosen again",
    "POST /desk/confirm": "confirmed twice is confirmed",
    "POST /desk/account/password": "changed twice to the same is changed once",
    "POST /desk/account/sessions": "ended twice is ended",
    "POST /desk/account/factor": "a code is good once",
    "POST /desk/account/codes": "the codes that were shown last are good",
    "POST /desk/accounts/{username}/factor": "taken away twice is taken away",
    "POST /desk/accounts/{username}/sessions": "ended twice is ended",
    "POST /r": "a receipt is looked up",
    "POST /desk/cases/{case_id}": "it leads to a section's own act, or keeps the newest draft",
    "POST /desk/cases/{case_id}/draft": "it keeps the newest draft",
    "POST /desk/cases/{case_id}/conflict": "once chosen, there is nothing left to choose",
    "POST /rewards/{reward_id}": "it shows the page again",
    "POST /mismatches": "the same",
    "POST /invitations/look": "a list is looked at, and nothing of it is kept",
    "POST /desk/directory/holidays": "a calendar is looked at, and nothing of it is kept",
    "POST /desk/directory/holidays/file": "the same, as a file",
    "POST /desk/directory/import": "a file that is looked at twice is imported once",
    "POST /reconciliations/statements": "a file that comes twice adds and takes nothing",
}
CRITICISM = """
    INSERT INTO criticisms (year, number, case_id, revision, unit_code, issued_at)
    SELECT 2026, coalesce(max(number), 0) + 1, $1, 1, 'n1', now() FROM criticisms WHERE year = 2026
    RETURNING year, number
"""
DUTY = """
    INSERT INTO duties (unit_code, counter, badge, starts_at, ends_at, added_by)
    VALUES ('n1', 1, $1, now() + $2, now() + $2 + interval '1 hour', 'north1') RETURNING duty_id
"""
# A report makes a question due: now and once more now is the same.
REPORTS = "POST /reports/{vendor}/{secret}"
# What a citizen's form at a window is for.
KINDS = {
    "complaint": "complaint", "request": "request", "/w/{code}": "rating", "/k/{code}": "rating",
}  # fmt: skip
NOTE: Body = {"note": "看过了"}
VERDICT: Body = {
    "verdict": "unverifiable", "attribution": "none", "finding": "查不清", "answer": "已说明",
    "revision": 0, "categories": ["other"],
}  # fmt: skip


@pytest.fixture(scope="module")
async def place(module_clone: Clone, templates: Postgres) -> AsyncIterator[Place]:
    """A town of its own, where any app is on the list."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "client_of", lambda *_: "app")
        async with town(module_clone) as opened, placed(opened, templates) as made:
            yield made


def a_photo() -> bytes:
    """One that nobody has sent yet."""
    return hostile.J + uuid4().bytes


async def submission(place: Place) -> tuple[Body, Body]:
    """A complaint at a window."""
    body = {
        "code": place.found.params["code"], "kind": "complaint", "satisfaction": 1,
        "categories": ["other"], "words": f"等了很久 {uuid4()}",
    }  # fmt: skip
    return place.found.params, body


async def request(place: Place) -> tuple[Body, Body]:
    """A wish at a window, which is of no category."""
    return place.found.params, {"words": f"想问一问 {uuid4()}"}


async def case(place: Place, *, judged: bool = False) -> Body:
    """A fresh case, perhaps with a verdict that waits for its review."""
    async with ClientSession() as http:
        answer = await place.town.complain(http)
        case_id = await place.town.case_of(answer["submission_id"])
        if judged:
            header = await bearer(place.town, http, "verification", "north1")
            url = f"{place.town.urls['verification']}/api/v1/cases/{case_id}/verdicts"
            async with http.post(url, json=VERDICT, headers=header) as response:
                assert 201 == response.status, await response.text()
    return {"case_id": str(case_id)}


async def call_back(place: Place) -> tuple[Body, Body]:
    """A call to the citizen."""
    return await case(place), {"outcome": "busy", "note": "占线"}


async def verdict(place: Place) -> tuple[Body, Body]:
    """The first verdict."""
    return await case(place), VERDICT


async def review(place: Place) -> tuple[Body, Body]:
    """The second look."""
    return await case(place, judged=True), {"decision": "confirm", "revision": 1}


async def correction(place: Place) -> tuple[Body, Body]:
    """The second look finds something else."""
    found = {"verdict": "partly", "attribution": "unit", "revision": 1, "note": "监控里有"}
    return await case(place, judged=True), VERDICT | found


async def reveal(place: Place) -> tuple[Body, Body]:
    """The citizen's phone."""
    return await case(place), {"reason": "回访"}


async def questions(place: Place) -> tuple[Body, Body]:
    """What a citizen answers by phone."""
    judged = await case(place, judged=True)
    async with ClientSession() as http:
        header = await bearer(place.town, http, "verification", "northern")
        url = f"{place.town.urls['verification']}/api/v1/cases/{judged['case_id']}/reviews"
        async with http.post(
            url, json={"decision": "confirm", "revision": 1}, headers=header
        ) as response:
            assert 201 == response.status, await response.text()
    return judged, {"solved": "1"}


async def recusal(place: Place) -> tuple[Body, Body]:
    """An officer who may be meant."""
    return await case(place), {"decision": "recuse", "officer": "A-2", "reason": "在场"}


async def lead(place: Place) -> tuple[Body, Body]:
    """A case is given to somebody else."""
    return await case(place), {"who": "city", "word": "市里办"}


async def helpers(place: Place) -> tuple[Body, Body]:
    """Somebody helps."""
    return await case(place), {"who": "city", "decision": "join"}


async def many(place: Place) -> tuple[Body, Body]:
    """A case among several."""
    given = {"who": "northern", "word": "县里办"}
    return {}, {"ids": [(await case(place))["case_id"]], **given}


async def merging(place: Place) -> tuple[Body, Body]:
    """Two cases of one unit are one event."""
    one, other = [(await case(place))["case_id"] for _ in range(2)]
    return {}, {"ids": [one, other], "into": one, "reason": "同一件事"}


async def answers(place: Place) -> tuple[Body, Body]:
    """A tap on the lowest face, without a word."""
    own = uuid4()
    event = SubmissionReceived(
        submission_id=own, kind="rating", unit_code="n1", satisfaction=1, received_at=clock.now()
    )
    database = place.town.databases["verification"]
    async with database.transaction() as conn:
        await place.town.services["verification"].handlers[SubmissionReceived](conn, event)
        case_id = await conn.fetchval("SELECT case_id FROM cases WHERE submission_id = $1", own)
    said = {"verdict": "helped", "finding": "看过了", "answer": "谢谢您"}
    return {}, {"ids": [f"{case_id}.0"], **said}


async def extension(place: Place) -> tuple[Body, Body]:
    """More time is asked for."""
    return await case(place), {"days": "2", "reason": "等监控"}


async def dispute(place: Place) -> tuple[Body, Body]:
    """Who was assigned does not want it."""
    params = await case(place)
    async with place.town.databases["verification"].acquire() as conn:
        await conn.execute(
            "UPDATE cases SET lead = 'north1' WHERE case_id = $1", UUID(str(params["case_id"]))
        )
    return params, {"reason": "当天不在岗"}


async def word(place: Place) -> tuple[Body, Body]:
    """The citizen hears how it stands."""
    return await case(place), {"word": "还在等监控录像"}


async def page(place: Place) -> tuple[Body, Body]:
    """An urgent request pages, and somebody has it."""
    params = await case(place)
    async with place.town.databases["verification"].acquire() as conn:
        await conn.execute(
            "UPDATE cases SET page_due_at = mashang_now() WHERE case_id = $1",
            UUID(str(params["case_id"])),
        )
    return params, {}


async def duty_phone(_: Place) -> tuple[Body, Body]:
    """Another phone is on duty."""
    return {}, {"phone": "13912345678"}


async def incident(place: Place) -> tuple[Body, Body]:
    """Two cases may be one event."""
    other = await case(place)
    told = {"decision": "merge", "incident": other["case_id"], "reason": "同一件事"}
    return await case(place), told


async def unlike(place: Place) -> tuple[Body, Body]:
    """Two cases are not."""
    other = await case(place)
    return await case(place), {"incident": other["case_id"]}


async def marked(place: Place, badge: str) -> str:
    """A case with a verdict against an officer."""
    case_id = str((await case(place))["case_id"])
    async with ClientSession() as http:
        header = await bearer(place.town, http, "verification", "northern")
        url = f"{place.town.urls['verification']}/api/v1/cases/{case_id}/verdicts"
        found = {"verdict": "substantiated", "attribution": "officers", "officers": [badge]}
        async with http.post(url, json=VERDICT | found, headers=header) as response:
            assert 201 == response.status, await response.text()
    return case_id


async def appeal(place: Place) -> tuple[Body, Body]:
    """A colleague appeals."""
    case_id = await marked(place, "A-1")
    return {"case_id": case_id}, {"officer": "A-1", "reason": "当天不在岗"}


async def own_appeal(place: Place) -> tuple[Body, Body]:
    """The officer appeals."""
    return {}, {"case_id": await marked(place, "A-2"), "reason": "当天不在岗"}


async def decision(place: Place) -> tuple[Body, Body]:
    """Somebody below asks for more time."""
    params, now = await case(place), clock.now()
    case_id, seal = UUID(str(params["case_id"])), place.town.settings["verification"].seal
    async with place.town.databases["verification"].acquire() as conn:
        told = "SELECT submission_id FROM cases WHERE case_id = $1"
        reason = seal.close("要问证人", f"note:{await conn.fetchval(told, case_id)}")
        asked = AskedAbove(
            uuid4(), case_id, "extension", "north1", "unit_operator", reason, 2, now,
            now + timedelta(hours=1),
        )  # fmt: skip
        assert await requests.add(conn, asked)
    return params, {"request_id": str(asked.request_id), "decision": "grant"}


async def reward(place: Place, *steps: Any) -> Body:
    """A ready reward, some steps on."""
    async with ClientSession() as http:
        phone = f"1397777{uuid4().int % 10_000:04}"
        answer = await place.town.complain(http, phone=phone)
        case_id = await place.town.case_of(answer["submission_id"])
        header = await bearer(place.town, http, "verification", "north1")
        url = f"{place.town.urls['verification']}/api/v1/cases/{case_id}/verdicts"
        found = VERDICT | {"verdict": "substantiated", "attribution": "unit"}
        async with http.post(url, json=found, headers=header) as response:
            assert 201 == response.status, await response.text()
    await place.town.carry()
    async with place.town.databases["rewards"].transaction() as conn:
        earned = await rewards.claim_by_case(conn, case_id)
        assert earned is not None
        if steps == ("held",):
            held = move(earned, "held", await rewards.get_now(conn), reason="roster_phone")
            assert await rewards.mark(conn, held)
        elif steps:
            lost = await advance(conn, earned, *steps)
            await conn.execute(
                "UPDATE rewards SET sent_at = sent_at - interval '8 days',"
                " act_at = act_at + interval '1 hour' WHERE id = $1", lost.id,
            )  # fmt: skip
            await deny(conn, lost)
            assert await orders.list_of(conn, lost)
    return {"reward_id": str(earned.id)}


async def approval(place: Place) -> tuple[Body, Body]:
    """A word on a held reward."""
    return await reward(place, "held"), NOTE | {"decision": "refuse"}


async def hold(place: Place) -> tuple[Body, Body]:
    """A ready reward is stopped."""
    return await reward(place), NOTE


async def write_off(place: Place) -> tuple[Body, Body]:
    """One of two signatures."""
    return await reward(place, "leased", "lost"), NOTE


async def resolution(place: Place) -> tuple[Body, Body]:
    """A mismatch is settled."""
    async with place.town.databases["rewards"].transaction() as conn:
        await mismatches.add(conn, Mismatch("no_order", "airtime", uuid4().hex))
        newest = await conn.fetchval("SELECT max(mismatch_id) FROM mismatches")
    return {"mismatch_id": str(newest)}, NOTE


async def lift(place: Place) -> tuple[Body, Body]:
    """One of two words that a stopped vendor may be paid through again."""
    async with place.town.databases["rewards"].transaction() as conn:
        return {"run_id": await conn.fetchval(RUN)}, NOTE


async def top_up(place: Place) -> tuple[Body, Body]:
    """Money in a wallet."""
    return {}, NOTE | {"vendor": AIRTIME.name, "yuan": "20.00", "day": "2026-03-03"}


async def reversal(place: Place) -> tuple[Body, Body]:
    """It was typed wrongly."""
    async with place.town.databases["rewards"].transaction() as conn:
        now = await rewards.get_now(conn)
        day = clock.service_day(now)
        number = await books.top_up(conn, AIRTIME.name, 2000, day, now, "ann", "x")
    return {"posting_no": str(number)}, NOTE


async def month(place: Place) -> tuple[Body, Body]:
    """The earliest month that is open, of years ago."""
    async with place.town.databases["rewards"].transaction() as conn:
        last = await closes.get_last(conn)
        if last is None:
            now = await rewards.get_now(conn)
            await books.top_up(conn, AIRTIME.name, 2000, date(2020, 1, 1), now, "ann", "x")
    return {}, {"month": f"{following(last) if last else date(2020, 1, 1)}"}


async def release(place: Place) -> tuple[Body, Body]:
    """A held message goes out again."""
    message_id = uuid4()
    async with place.town.databases["notifications"].transaction() as conn:
        await conn.execute(ADD, message_id, "held")
    return {"message_id": str(message_id)}, {}


async def resend(place: Place) -> tuple[Body, Body]:
    """An SMS that failed is sent again."""
    params, _ = await release(place)
    async with place.town.databases["notifications"].transaction() as conn:
        await conn.execute(
            "UPDATE messages SET state = 'failed', settled_at = now() WHERE message_id = $1",
            UUID(params["message_id"]),
        )
    return params, {"reason": "对方说没收到"}


async def stop(_: Place) -> tuple[Body, Body]:
    """Somebody calls who wants no more SMS."""
    phone = f"138{uuid4().int % 10**8:08}"
    return {}, {"phone": phone, "stopped": "1", "reason": "来电要求"}


async def tap(place: Place) -> tuple[Body, Body]:
    """A face at a kiosk."""
    return {"code": place.town.code("n1", kiosk=1)}, {"satisfaction": "5"}


async def why(place: Place) -> tuple[Body, Body]:
    """Reasons of the visit that has just rated badly."""
    params, visit = {"code": place.town.code("n1", kiosk=1)}, {"key": uuid4().hex}
    url = f"{place.town.urls['intake']}/k/{params['code']}"
    async with ClientSession() as http, http.post(url, data=visit | {"satisfaction": "1"}) as page:
        assert 200 == page.status
    return params, visit | {"categories": "other"}


async def held(place: Place) -> tuple[Body, Body]:
    """A submission waits for a person."""
    event = SubmissionReceived(
        submission_id=uuid4(), kind="rating", unit_code="n1", satisfaction=5, held="burst",
        received_at=clock.now(),
    )  # fmt: skip
    async with place.town.databases["verification"].transaction() as conn:
        await place.town.services["verification"].handlers[SubmissionReceived](conn, event)
    return {}, {"ids": [str(event.submission_id)], "outcome": "released", "reason": "核过"}


async def proof(place: Place) -> tuple[Body, Body]:
    """A photo of what somebody found; the file comes by itself."""
    return await case(place), {"about": "大厅 14:41"}


async def template(place: Place) -> tuple[Body, Body]:
    """A text for answers."""
    return {}, {"title": "致歉", "body": "向您道歉。", "version": "0"}


async def view(_: Place) -> tuple[Body, Body]:
    """A choice of cases gets a name."""
    return {}, {"title": f"晚了的 {uuid4()}"[:40], "asked": "due=late&step=call"}


async def draw(place: Place) -> tuple[Body, Body]:
    """Some of those a window served are drawn."""
    visits = "\n".join(["visit", *(f"V{n} {uuid4()}" for n in range(3))])
    return {}, {"unit": "n1", "size": "2", "visits": visits}


async def filed(_: Place) -> tuple[Body, Body]:
    """What somebody said by phone."""
    said = {"unit": "n1", "way": "phone", "words": f"没有人 {uuid4()}", "language": "zh"}
    return {}, said | {"kind": "complaint", "phone": "13977770100", "consent": "1"}


async def export(_: Place) -> tuple[Body, Body]:
    """A list is taken away."""
    return {}, {"asked": "", "format": "csv"}


async def ledger(_: Place) -> tuple[Body, Body]:
    """A unit's entries are taken away."""
    return {}, {"asked": "unit=n1", "format": "csv"}


async def record(_: Place) -> tuple[Body, Body]:
    """What is on record of an officer is taken away."""
    return {}, {"asked": "badge=A-2", "format": "csv"}


async def reading(place: Place) -> tuple[Body, Body]:
    """A circulated criticism of the unit has been read."""
    async with place.town.databases["scoring"].acquire() as conn:
        row = await conn.fetchrow(CRITICISM, uuid4())
    assert row is not None
    return {"kind": "criticism", "year": str(row[0]), "number": str(row[1])}, {}


async def attribute(place: Place) -> tuple[Body, Body]:
    """Praise for nobody in particular is found to mean somebody."""
    own = uuid4()
    event = SubmissionReceived(
        submission_id=own, kind="rating", unit_code="n1", satisfaction=5,
        words_sealed=place.town.settings["intake"].seal.close("办得快", f"words:{own}"),
        received_at=clock.now(),
    )  # fmt: skip
    async with place.town.databases["verification"].transaction() as conn:
        await place.town.services["verification"].handlers[SubmissionReceived](conn, event)
    return {"commendation_id": str(own)}, {"badge": "A-1"}


async def acknowledge(place: Place) -> tuple[Body, Body]:
    """A late case's notice is acknowledged by its unit."""
    params = await case(place)
    async with place.town.databases["verification"].acquire() as conn:
        notice_id = await conn.fetchval(NOTICE, params["case_id"], "n1")
    return {"notice_id": notice_id}, {"plan": "下午去看监控"}


async def duty(place: Place) -> tuple[Body, Body]:
    """An officer is put on duty."""
    day = clock.service_day(clock.now()) + timedelta(days=uuid4().int % 9000)
    hours = {"begins": "09:00", "ends": "12:00"}
    return {"unit_code": "n1"}, {"counter": "1", "badge": "A-1", "days": [f"{day}"], **hours}


async def off_duty(place: Place) -> tuple[Body, Body]:
    """An officer is taken off the roster again."""
    async with place.town.databases["verification"].acquire() as conn:
        duty_id = await conn.fetchval(DUTY, "A-1", timedelta(days=9100))
    return {"unit_code": "n1"}, {"ids": [str(duty_id)]}


async def same_duties(place: Place) -> tuple[Body, Body]:
    """A week is as the week before, which is another one each time."""
    away = timedelta(days=9300 + 21 * (uuid4().int % 500))
    async with place.town.databases["verification"].acquire() as conn:
        await conn.fetchval(DUTY, "A-2", away)
    day = clock.service_day(clock.now()) + away + timedelta(days=7)
    return {"unit_code": "n1"}, {"week": f"{day}"}


async def window(place: Place) -> tuple[Body, Body]:
    """A window gets a name."""
    return {"unit_code": "n1"}, {"counter": "1", "version": "0", "name": "户口窗口"}


async def sign(place: Place) -> tuple[Body, Body]:
    """A proposed sanction is declined; of somebody without strikes, as provisional ones wait."""
    other = SANCTION.replace("'A-1'", "'A-9'")
    async with place.town.databases["scoring"].acquire() as conn:
        sanction_id = await conn.fetchval(other, str(uuid4()))
    return {"sanction_id": sanction_id}, {"decision": "decline", "reason": "另案处理"}


async def a_place(place: Place) -> tuple[Body, Body]:
    """A place of the tree has another name."""
    return await _named(place, "places", "place_code", "south", level="county", parent="root")


async def a_unit(place: Place) -> tuple[Body, Body]:
    """A unit has another name."""
    body = {"parent": "north", "kind": "vehicle", "counters": "1", "active": "yes"}
    return await _named(place, "units", "unit_code", "n2", **body)


async def an_officer(place: Place) -> tuple[Body, Body]:
    """An officer has another name."""
    return await _named(place, "officers", "badge", "A-2", unit_code="n1", active="yes")


async def an_operator(place: Place) -> tuple[Body, Body]:
    """An operator has another name."""
    body = {"role": "auditor", "scope": "root", "active": "yes"}
    return await _named(place, "operators", "username", "auditor", **body)


async def _named(place: Place, table: str, param: str, code: str, **body: str) -> tuple[Body, Body]:
    async with place.town.databases["verification"].acquire() as conn:
        version = await conn.fetchval(
            f"SELECT version FROM {table} WHERE {param} = $1",
            code,
        )
    return {param: code}, {**body, "name": f"改名 {uuid4()}", "version": str(version)}


async def new_place(place: Place) -> tuple[Body, Body]:
    """One more county."""
    return {}, {"code": uuid4().hex, "name": "新县", "level": "county", "parent": "root"}


async def new_unit(place: Place) -> tuple[Body, Body]:
    """One more unit."""
    body = {"name": "新室", "parent": "south", "kind": "household", "counters": "1"}
    return {}, {"code": uuid4().hex[:15], **body}


async def new_officer(place: Place) -> tuple[Body, Body]:
    """One more officer."""
    return {}, {"badge": uuid4().hex[:20], "name": "新人", "unit_code": "n1", "phone": ""}


async def new_operator(place: Place) -> tuple[Body, Body]:
    """One more operator, whose password is shown."""
    body = {"name": "新人", "role": "auditor", "scope": "root"}
    return {}, {"username": f"u{uuid4().hex[:20]}", **body}


async def new_password(place: Place) -> tuple[Body, Body]:
    """A temporary password for somebody."""
    return {"username": "southern"}, {}


async def taken_back(place: Place) -> tuple[Body, Body]:
    """A change of a unit that nothing rests on."""
    rows = f"code,name,parent,kind,counters\ns1,南县 {uuid4()},south,exit_entry,3\n"
    seal = place.town.settings["verification"].seal
    async with place.town.databases["verification"].transaction() as conn:
        done = await import_csv(conn, rows.encode(), seal, ("city", "county", "unit"))
        assert isinstance(done, Imported), done
        change_id = await conn.fetchval("SELECT max(change_id) FROM directory_changes")
    return {"change_id": str(change_id)}, {}


# The directory's forms, by their addresses.
async def a_file(place: Place) -> tuple[Body, Body]:
    """A file with one more unit was looked at."""
    own, username = uuid4(), PEOPLE["system_admin"]
    seal = place.town.settings["verification"].seal
    raw = f"code,name,parent,kind,counters\nx{own.hex[:8]},新室,north,household,1\n".encode()
    async with place.town.databases["verification"].transaction() as conn:
        sealed = seal.close_file(raw, f"note:import:{own}")
        await previews.add_preview(conn, own, username, sealed)
        there = await operators.get_operator(conn, username)
        assert there is not None
        shown = await previewing.look(conn, Rules((), seal), there.identity, sheets.read(raw))
    return {"preview_id": str(own)}, {"mark": shown.mark}


async def waiting_again(place: Place) -> tuple[Body, Body]:
    """An event that was set aside, in every service."""
    kind = f"x.{uuid4().hex}"
    for database in place.town.databases.values():
        async with database.acquire() as conn:
            await conn.execute(
                """INSERT INTO inbox_pending (consumer, event_id, type, body, state, parked_at)
                   VALUES ('nobody', gen_random_uuid(), $1, '{}', 'parked', now())""",
                kind,
            )
    return {}, {"act": "replay", "type": kind}


async def louder(place: Place) -> tuple[Body, Body]:
    """The usual, for a while."""
    return {}, {"level": "info", "minutes": "5"}


DIRECTORY: Mapping[str, Make] = {
    f"/desk/directory/{address}": make
    for address, make in {
        "places/{place_code}": a_place, "units/{unit_code}": a_unit,
        "officers/{badge}": an_officer, "operators/{username}": an_operator,
        "new/place": new_place, "new/unit": new_unit, "new/officer": new_officer,
        "new/operator": new_operator, "operators/{username}/password": new_password,
        "changes/{change_id}": taken_back, "import/{preview_id}": a_file,
    }.items()
}  # fmt: skip
ACTS: Mapping[str, Make] = {
    "submissions": submission, "/w/{code}": submission, "/k/{code}": tap,
    "/k/{code}/why": why, "complaint": submission,
    "request": request, "callbacks": call_back, "verdicts": verdict, "reviews": review,
    "review": correction, "corrections": correction,
    "phone-reveals": reveal, "questions": questions, "evidence": proof,
    "approvals": approval, "holds": hold,
    "write-offs": write_off,
    "resolutions": resolution, "reading": reading, "lifts": lift, "top-ups": top_up,
    "reversal": reversal, "closes": month,
    "release": release, "resend": resend, "/stops": stop, "/api/v1/stops": stop,
    "recusals": recusal, "decisions": held,
    "/desk/held": held, "/desk/templates": template, "/api/v1/templates": template,
    "/desk/views": view, "/invitations": draw,
    "/filings": filed, "exports": export, "/scores/entries/exports": ledger,
    "/api/v1/scores/entries/exports": ledger, "/scores/officers/exports": record,
    "/api/v1/scores/officers/exports": record,
    "lead": lead, "helpers": helpers, "extension": extension, "dispute": dispute,
    "word": word, "page": page, "duty-phone": duty_phone,
    "incident": incident, "unlike": unlike,
    "appeal": appeal, "/desk/appeals": own_appeal, "/api/v1/appeals": own_appeal,
    "decision": decision, "acknowledgement": acknowledge, "/desk/bulk/assign": many,
    "/api/v1/bulk/assign": many, "/api/v1/bulk/answer": answers,
    "/desk/bulk/merge": merging, "/api/v1/bulk/merge": merging,
    "/desk/bulk/answer": answers, "signature": sign,
    "/desk/commendations/{commendation_id}": attribute,
    "duties": duty, "/desk/directory/units/{unit_code}/duties/removal": off_duty,
    "/api/v1/units/{unit_code}/duties/removal": off_duty, "again": same_duties,
    "/desk/directory/units/{unit_code}/windows": window, **SAID,
    "/console/acts": waiting_again, "/console/level": louder,
    **DIRECTORY,
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A request that can be sent again."""

    url: str
    address: str
    request: Request
    usual: Mapping[str, bytes | str]

    async def go(self) -> Told:
        """The answer."""
        told = await send(self.url, self.address, self.request, self.usual)
        assert told is not None
        return told


def act_of(one: Endpoint) -> Make | None:
    """How a right request of this endpoint is made."""
    return ACTS.get(one.path) or ACTS.get(one.path.rpartition("/")[2])


def writes(place: Place) -> list[tuple[str, Endpoint]]:
    """Every endpoint that may change something."""
    return [
        (service, one)
        for service in SERVICES
        for one in place.town.services[service].endpoints
        if one.method != "GET"
    ]


def name_of(one: Endpoint) -> str:
    """Method and path."""
    return f"{one.method} {one.path}"


async def prepared(place: Place, service: str, one: Endpoint, make: Make) -> Sent:
    """A right request, with its key, by somebody who may."""
    params, body = await make(place)
    await place.town.carry()
    # The form is everybody's who works on cases; the second look and calls are the level above's.
    above = make in (review, decision, call_back, questions, lead, helpers)
    asker = replace(one, who=Who("staff", ("county_supervisor",))) if above else one
    usual = dict(await place.usual(service, asker))
    if one.form:
        # A citizen's form has more fields than a model, and its own key; staff's have a token.
        body = {"key": uuid4().hex, "step": "details"} | body
        if kind := KINDS.get(one.path) or KINDS.get(one.path.rpartition("/")[2]):
            body["kind"] = kind
        body |= {"csrf": await place.csrf(service, usual)} if one.csrf == "token" else {}
    media = FILES if one.uploads else MEDIA_TYPE if one.form else JSON
    raw = encoded(one, body) if one.form or one.body else b""
    raw = with_file(body, a_photo()) if one.uploads else raw
    address = one.path.format(**{**place.found.params, **params})
    right = Request(one.path, raw, media, method=one.method)
    return Sent(place.town.urls[service], address, right, usual)


def test_every_write_is_either_known_here_or_no_act(place: Place) -> None:
    """A new endpoint that writes must say which it is; and whoever writes for staff has a key."""
    known = {name_of(one) for _, one in writes(place) if act_of(one)}
    others = {name_of(one) for _, one in writes(place)} - known
    assert {*NO_ACT, REPORTS} == others
    assert set(PEOPLE) >= {role for _, one in writes(place) for role in one.caller.roles}
    without = {name_of(o) for _, o in writes(place) if name_of(o) in known and o.repeat == "none"}
    # The citizens' forms carry the same key as their API, in a field of their own.
    forms = (
        "/w/{code}", "/w/{code}/complaint", "/w/{code}/request", "/k/{code}", "/k/{code}/why",
        "/r/{receipt}/thanks",
    )  # fmt: skip
    assert {f"POST {path}" for path in forms} == without


@pytest.mark.timeout(600)
@pytest.mark.parametrize("service", SERVICES)
async def test_each_act_that_comes_twice_is_done_once(service: str, place: Place) -> None:
    """The second time no table of any service and no file changes, and the answer is the same.

    Every form that takes photos is sent with one, which lies on the disk once.
    """
    wrong = []
    for owner, one in writes(place):
        if owner == service and (make := act_of(one)):
            sent = await prepared(place, service, one, make)
            before, first = await place.stored(), await sent.go()
            after, second = await place.stored(), await sent.go()
            changed = {table for table in after if before[table] != after[table]}
            kept = changed - {f"{service}.repeats"}
            if not kept or first.status >= 400 or (PHOTOS in kept) != bool(one.uploads):
                wrong.append(f"{name_of(one)}: not done: {first.status} {first.body[:300]!r}")
            if after != await place.stored():
                wrong.append(f"{name_of(one)}: done twice")
            if not same(one, first, second):
                wrong.append(f"{name_of(one)}: {first.status} and then {second.status}")
    assert [] == wrong


def same(one: Endpoint, first: Told, second: Told) -> bool:
    """Word for word for a program (200 for a receipt that was 201); for a browser, as useful."""
    if one.path == "/api/v1/submissions":
        return (201, 200) == (first.status, second.status)
    return first.status == second.status and (not one.is_api or first.body == second.body)


async def test_each_act_under_another_key_is_another(place: Place) -> None:
    """Where a person may do the same again, a new key does it: a call, a complaint."""
    for service, one in writes(place):
        make = act_of(one)
        if make not in (call_back, submission) or not one.is_api or make is None:
            continue
        sent = await prepared(place, service, one, make)
        assert (await sent.go()).status < 300
        before = await place.stored()
        again = {**sent.usual, "Idempotency-Key": uuid4().hex}
        assert (await Sent(sent.url, sent.address, sent.request, again).go()).status < 300
        assert before != await place.stored()


async def test_a_report_that_comes_twice_changes_nothing_more(place: Place) -> None:
    """For whichever vendor: what it may be about is due already."""
    for service, one in writes(place):
        if name_of(one) == REPORTS:
            request = Request("report", b'{"external_id": "abcdefgh1234"}', JSON, method="POST")
            sent = Sent(place.town.urls[service], place.address(service, one), request, {})
            before = await place.stored()
            statuses = {(await sent.go()).status for _ in range(2)}
            assert 1 == len(statuses)
            assert before == await place.stored()
