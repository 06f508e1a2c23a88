"""A citizen answers back, through all services: followed up, pressed, bound to a phone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, CookieJar

from shared.flows import SERVICES
from tests.integration.test_access_matrix import bearer
from tests.integration.verification_office import open_session
from tests.town import Town

Json = Any
UNJUST: dict[str, Any] = {"verdict": "unsubstantiated", "attribution": "none"}


@dataclass
class Street:
    """People of the town who ask its services."""

    place: Town
    http: ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, who: str, method: str, path: str, body: object = None, wanted: int = 0
    ) -> Json:
        """Somebody at the desk, by the API; then everybody hears what follows."""
        if who not in self.tokens:
            database = self.place.databases["verification"]
            self.tokens[who] = await open_session(database, who)
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Idempotency-Key": uuid4().hex}
        url = f"{self.place.urls['verification']}/api/v1/{path}"
        async with self.http.request(method, url, json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == wanted or (not wanted and response.status < 300), answer
        await self.place.carry()
        return answer

    async def judge(self, who: str, case_id: object, wanted: int = 0, **changed: Any) -> Json:
        """A verdict for which the unit answers."""
        body = {
            "verdict": "substantiated", "attribution": "unit", "finding": "监控属实",
            "answer": "已整改", "revision": 0, **changed,
        }  # fmt: skip
        return await self.ask(who, "POST", f"cases/{case_id}/verdicts", body, wanted)

    async def say(self, receipt: str, place: str, **body: object) -> Json:
        """The citizen, by the API."""
        url = f"{self.place.urls['intake']}/api/v1/receipts/{receipt}/{place}"
        headers = {"Idempotency-Key": uuid4().hex}
        async with self.http.post(url, json=body, headers=headers) as response:
            answer = await response.json()
            assert 201 == response.status, answer
        await self.place.carry()
        return answer

    async def receipt(self, code: str) -> Json:
        """What the receipt says."""
        async with self.http.get(f"{self.place.urls['intake']}/api/v1/receipts/{code}") as response:
            return await response.json()

    async def figures(self) -> dict[str, Json]:
        """The exact figures of every service."""
        found = {}
        for name in SERVICES:
            token = await bearer(self.place, self.http, name, "city")
            url = f"{self.place.urls[name]}/api/v1/figures"
            async with self.http.get(url, headers=token) as response:
                found[name] = await response.json()
        return found

    async def balance(self) -> int:
        """The unit's points."""
        async with self.place.databases["scoring"].acquire() as conn:
            sql = "SELECT balance_centipoints FROM unit_scores WHERE unit_code = 'n1'"
            return int(await conn.fetchval(sql) or 0)

    async def rewards(self, submission_id: str) -> list[tuple[str, str]]:
        """State and reason of the rewards of a submission."""
        async with self.place.databases["rewards"].acquire() as conn:
            sql = "SELECT state, coalesce(reason, '') FROM rewards WHERE submission_id = $1"
            return [tuple(row) for row in await conn.fetch(sql, submission_id)]


@pytest.fixture
async def street(place: Town) -> AsyncIterator[Street]:
    """The town, and a browser without cookies."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        yield Street(place, http)


async def test_a_follow_up_that_is_right_is_compensated_everywhere(street: Street) -> None:
    """The unit judged, the citizen does not accept: only the county decides, and all follow."""
    before = await street.balance()
    filed = await street.place.complain(street.http, phone="13977770111", words="没人理我")
    case_id = await street.place.case_of(filed["submission_id"])
    await street.judge("north1", case_id, verdict="helped", attribution="none")
    code = filed["receipt"]["code"]
    await street.say(code, "ratings", solved=False, satisfied=False)
    await street.say(code, "followups", words="录像里有我")
    shown = await street.receipt(code)
    assert ("reopened", True) == (shown["headline"], shown["unsolved"])
    await street.judge("north1", case_id, 403, revision=1)
    await street.judge("northern", case_id, revision=1, answer="查实了，对不起")
    shown = await street.receipt(code)
    assert ("answered", "查实了，对不起", True) == (
        shown["headline"], shown["answer"], shown["unsolved"]
    )  # fmt: skip
    assert before > await street.balance()
    assert [("ready", "")] == await street.rewards(filed["submission_id"])
    detail = await street.ask("northern", "GET", f"cases/{case_id}")
    [said] = detail["additions"]
    assert ("followup", "录像里有我") == (said["why"], said["words"])


async def test_a_verdict_that_falls_takes_everything_back(street: Street) -> None:
    """Found true by the unit, not by the level above: points return, the reward goes."""
    before = await street.balance()
    filed = await street.place.complain(street.http, phone="13977770112", words="材料退了三次")
    case_id = await street.place.case_of(filed["submission_id"])
    await street.judge("north1", case_id)
    assert before > await street.balance()
    await street.say(filed["receipt"]["code"], "followups", words="处理太轻")
    await street.judge("northern", case_id, revision=1, **UNJUST)
    await street.ask("city", "POST", f"cases/{case_id}/reviews",
                     {"decision": "confirm", "note": "", "revision": 2})  # fmt: skip
    assert before == await street.balance()
    assert [("refused", "verdict_changed")] == await street.rewards(filed["submission_id"])
    shown = await street.receipt(filed["receipt"]["code"])
    assert "结论改了" in shown["reward"]["text"]


async def test_a_phone_that_comes_after_the_verdict_earns_one_reward(street: Street) -> None:
    """Without a phone nothing is due; bound, one reward is on its way, and a call is due."""
    filed = await street.place.complain(street.http, phone=None, words="窗口关着门")
    case_id = await street.place.case_of(filed["submission_id"])
    await street.judge("north1", case_id)
    code = filed["receipt"]["code"]
    assert [] == await street.rewards(filed["submission_id"])
    assert "no_phone" == (await street.receipt(code))["reward"]["state"]
    digits = await bind(street, filed, "13977770113")
    assert [("ready", "")] == await street.rewards(filed["submission_id"])
    shown = await street.receipt(code)
    assert ("scheduled", "139****0113") == (shown["reward"]["state"], shown["phone_masked"])
    assert "callback_due" in [line["step"] for line in shown["timeline"]]
    detail = await street.ask("north1", "GET", f"cases/{case_id}")
    assert ("139****0113", "open") == (detail["phone"], detail["callback_state"])
    assert digits not in str(detail)


async def bind(street: Street, filed: Json, phone: str) -> str:
    """The citizen binds a phone with the code that notifications would send; the code."""
    code = filed["receipt"]["code"]
    await street.say(code, "phone-codes", phone=phone)
    seal = street.place.settings["notifications"].seal
    async with street.place.databases["notifications"].acquire() as conn:
        row = await conn.fetchrow(
            "SELECT message_id, code_sealed FROM messages WHERE submission_id = $1"
            " AND purpose = 'code'", filed["submission_id"],
        )  # fmt: skip
    assert row is not None
    digits: str = seal.open(row["code_sealed"], f"code:{row['message_id']}")
    await street.say(code, "phone", code=digits)
    return digits


async def test_pressure_is_seen_by_the_inspection_and_nowhere_else(street: Street) -> None:
    """Over HTTP: no list, no count, no search, no page and no figure shows it to anybody else."""
    filed = await street.place.complain(street.http, phone="13977770114", words="态度差")
    case_id = await street.place.case_of(filed["submission_id"])
    outside = ("north1", "northern", "city")
    before = [await everything(street, who) for who in outside], await street.figures()
    receipt = await street.receipt(filed["receipt"]["code"])
    await street.say(filed["receipt"]["code"], "reports", words="他们要我撤回")
    after = [await everything(street, who) for who in outside], await street.figures()
    assert before == after
    assert receipt == await street.receipt(filed["receipt"]["code"])
    [case] = (await street.ask("inspector", "GET", "cases"))["items"]
    found = await street.ask("inspector", "GET", f"cases/{case['case_id']}")
    assert ("pressure", "他们要我撤回", "139****0114") == (
        found["kind"], found["words"], found["phone"]
    )  # fmt: skip
    both = await street.ask("auditor", "GET", f"cases/{case_id}")
    assert [case["case_id"]] == [one["case_id"] for one in both["pressure"]]
    for who, said in product(outside, (case["number"], case["case_id"], found["submission_id"])):
        page = await street.ask(who, "GET", f"cases?state=all&number={said}")
        assert [] == page["items"]
        async with street.place.browser(who) as tab:
            url = f"{street.place.urls['verification']}/desk/cases/{said}"
            async with tab.get(url) as response:
                assert 404 == response.status
    for path, body in (
        ("callbacks", {"outcome": "reached"}),
        ("phone-reveals", {"reason": "x"}),
        ("recusals", {"decision": "recuse", "officer": "", "reason": "x"}),
    ):
        for who in outside:
            await street.ask(who, "POST", f"cases/{case['case_id']}/{path}", body, 404)


async def everything(street: Street, who: str) -> list[Json]:
    """Every list of the desk, each case in it, and the inbox as a page."""
    lists = [
        await street.ask(who, "GET", f"cases?{query}&limit=100")
        for query in ("state=all", "state=work", "state=open", "due=today", "due=late", "unit=n1")
    ]
    cases = [await street.ask(who, "GET", f"cases/{one['case_id']}") for one in lists[0]["items"]]
    url = f"{street.place.urls['verification']}/desk?state=all"
    async with street.place.browser(who) as tab, tab.get(url) as response:
        page = await response.text()
    return [lists, cases, page.count("<tr>"), page.count('class="tag')]
