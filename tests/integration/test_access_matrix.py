"""Role × route: who may call what, generated from the endpoints of all services."""

from dataclasses import dataclass
from typing import Any, get_args
from uuid import uuid4

from aiohttp import ClientSession

from services.verification.signin.sessions import hash_of
from shared import statements
from shared.access import Operator, Role
from shared.values import clock
from shared.web.endpoints import Endpoint, Visitor
from shared.web.texts import text
from tests.integration.verification_office import open_session
from tests.town import SERVICES, Town

ROLES: tuple[Role, ...] = get_args(Role)
# Somebody for each role, and some whose place or person must keep them out of the object.
PEOPLE = {
    "unit_operator": "north1", "county_supervisor": "northern", "city_supervisor": "city",
    "reward_approver": "approver", "leadership": "leader", "auditor": "auditor",
    "inspection": "inspector", "system_admin": "admin", "security_admin": "security",
    "audit_admin": "audit",
}  # fmt: skip
# A notice to a place; of the database's own years, as what is due is.
NOTICE = """
    INSERT INTO notices (year, number, case_id, unit_code, deadline_at, level, level_key,
        place_code, due_at, detected_at, policy_from)
    SELECT 2026, coalesce(max(number), 0) + 1, $1, 'n1', now(), 1, 'unit', $2, now(), now(),
        '2019-05-15' FROM notices
    RETURNING notice_id::text
"""
# What waits for a signature, as after a second strike.
FAILED = """
    UPDATE messages SET state = 'failed', settled_at = mashang_now(), next_at = NULL
    WHERE case_id = $1 AND purpose = 'thanks' RETURNING message_id
"""
SANCTION = """
    INSERT INTO sanctions (sanction_id, rule, badge, unit_code, period, case_ids, case_id, revision,
        proposed_at)
    VALUES (gen_random_uuid(), 'accountability', 'A-1', 'n1', '2026', ARRAY[$1::uuid], $1, 1, now())
    RETURNING sanction_id::text
"""

# A statement that stopped a vendor.
RUN = """
    WITH run AS (
        INSERT INTO reconciliations (vendor, day, source, digest, actor, rows, paid_fen,
            refunded_fen, topped_up_fen, differences, unknown, made_at)
        VALUES ('elsewhere', '2026-03-03', 'file', gen_random_uuid()::text, 'command', 1, 2000, 0,
            0, 1, 1, now())
        RETURNING run_id, vendor, made_at),
    difference AS (
        INSERT INTO reconciliation_differences (run_id, number, kind, order_id, facts)
        SELECT run_id, 1, 'unknown_order', 'strange1', '{"theirs_fen": 2000, "ref": "7"}' FROM run)
    INSERT INTO vendor_stops SELECT * FROM run RETURNING run_id::text
"""


@dataclass(frozen=True)
class Objects:
    """One of each, all of unit n1; the complaint is about officer A-1."""

    params: dict[str, str]

    def address(self, endpoint: Endpoint) -> str:
        """The endpoint's address with these objects in it."""
        return endpoint.path.format(**{name: self.params[name] for name in endpoint.params})


async def objects(place: Town, http: ClientSession) -> Objects:
    """A complaint, its case, a notice, and the reward that it earns; and praise for nobody."""
    answer = await place.complain(http, officer_badge="A-1")
    praise = await place.complain(
        http, kind="rating", satisfaction=5, words="办得快", categories=[], phone=None
    )
    case_id = await place.case_of(answer["submission_id"])
    token = await bearer(place, http, "verification", "city")
    verdict = {
        "verdict": "substantiated", "attribution": "officers", "officers": ["A-1"],
        "finding": "属实", "answer": "已整改", "revision": 0,
    }  # fmt: skip
    url = f"{place.urls['verification']}/api/v1/cases/{case_id}/verdicts"
    async with http.post(url, json=verdict, headers=token) as response:
        assert 201 == response.status, await response.text()
    await place.carry()
    async with place.databases["rewards"].acquire() as conn:
        reward_id = await conn.fetchval("SELECT id FROM rewards WHERE case_id = $1", case_id)
        run_id = await conn.fetchval(RUN)
    async with place.databases["verification"].acquire() as conn:
        notice_id = await conn.fetchval(NOTICE, case_id, "root")
        change_id = await conn.fetchval(
            "SELECT max(change_id) FROM directory_changes WHERE kind = 'officers'"
        )
    async with place.databases["notifications"].acquire() as conn:
        message_id = await conn.fetchval(FAILED, case_id)
    async with place.databases["scoring"].acquire() as conn:
        sanction_id = await conn.fetchval(SANCTION, case_id)
        year = await conn.fetchval("SELECT max(year) FROM criticisms")
    params = {
        "case_id": str(case_id), "reward_id": str(reward_id), "unit_code": "n1", "badge": "A-1",
        "message_id": str(message_id), "mismatch_id": "1", "receipt": answer["receipt"]["code"],
        "attachment_id": str(uuid4()), "commendation_id": praise["submission_id"],
        "vendor": "nobody", "secret": "none", "code": place.code("n1"), "notice_id": notice_id,
        "service_code": "other", "service_request_id": str(uuid4()), "token": str(uuid4()),
        "username": "southern", "sanction_id": sanction_id, "kind": "criticism",
        "year": str(year), "number": "1", "place_code": "north", "change_id": str(change_id),
        "preview_id": str(uuid4()), "name": "units.csv", "day": "2026-01-01",
        "run_id": run_id, "posting_no": "1", "event_id": str(uuid4()), "act_id": "1",
    }  # fmt: skip
    return Objects(params)


async def bearer(place: Town, http: ClientSession, service: str, username: str) -> dict[str, str]:
    """A program's header for this person at that service, made without their password."""
    if service == "verification":
        token = await open_session(place.databases[service], username)
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
    seed = place.settings["verification"].identity_seed
    token = statements.issue(await operator_of(place, username), seed)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}


def staff_api(place: Town) -> list[tuple[str, Endpoint]]:
    """Every endpoint for signed-in programs."""
    return [
        (name, endpoint)
        for name in SERVICES
        for endpoint in place.services[name].endpoints
        if endpoint.caller.kind == "staff" and endpoint.is_api
    ]


async def ask(
    http: ClientSession, place: Town, service: str, one: Endpoint, found: Objects, **options: Any
) -> int:
    """The status of a call with an empty body."""
    url = f"{place.urls[service]}{found.address(one)}"
    body: dict[str, str] | None = {} if one.body else None
    async with http.request(one.method, url, json=body, **options) as response:
        return response.status


async def test_every_role_is_let_in_exactly_where_the_table_says(place: Town) -> None:
    """401 without a token, 403 for the wrong role before anything is validated, else neither."""
    wrong = []
    async with ClientSession() as http:
        found = await objects(place, http)
        for service, one in staff_api(place):
            if one.path == "/api/v1/sessions":
                continue  # signing out would end the very session that asks
            assert 401 == await ask(http, place, service, one, found), one.path
            for role in ROLES:
                header = await bearer(place, http, service, PEOPLE[role])
                status = await ask(http, place, service, one, found, headers=header)
                allowed = role in one.caller.roles
                if allowed == (status in (401, 403)) or status >= 500:
                    wrong.append((service, one.method, one.path, role, status))
    assert [] == wrong


async def test_pages_send_strangers_to_the_desk(place: Town) -> None:
    """Without a session every staff page leads to signing in; a form with it is kept to be sent."""
    async with ClientSession(headers={"Accept": "text/html"}) as http:
        found = await objects(place, http)
        for service in SERVICES:
            for one in place.services[service].endpoints:
                if one.caller.kind != "staff" or one.is_api:
                    continue
                url = f"{place.urls[service]}{found.address(one)}"
                async with http.request(one.method, url, allow_redirects=False) as response:
                    wanted = (303,) if one.method == "GET" else (303, 401)
                    assert response.status in wanted, (one.method, url, response.status)


@dataclass(frozen=True)
class Screen:
    """A person's browser at one service, with the token that its forms carry."""

    cookie: str
    csrf: str

    @classmethod
    async def of(cls, place: Town, service: str, username: str) -> "Screen":
        """Signed in without a password; elsewhere than at the desk by the desk's statement."""
        database = place.databases["verification"]
        operator, now = await operator_of(place, username), clock.now()
        if service == "verification":
            token = await open_session(database, username)
            session, cookie = hash_of(token).hex()[:32], f"mashang={token}"
        else:
            seed, session = place.settings["verification"].identity_seed, "here"
            told = statements.issue(operator, seed, session=session, confirmed_at=now)
            cookie = f"mashang-who={told}"
        return cls(cookie, Visitor(operator, 1, session).csrf)

    async def ask(self, http: ClientSession, home: str, method: str, path: str) -> tuple[int, str]:
        """A page, or its form with nothing typed; redirects are not followed."""
        headers = {"Cookie": self.cookie, "Accept": "text/html", "Origin": home}
        form = {"csrf": self.csrf, "key": uuid4().hex} if method == "POST" else None
        async with http.request(
            method, f"{home}{path}", data=form, headers=headers, allow_redirects=False
        ) as response:
            # Documents are no text, and no refusal.
            return response.status, (await response.read()).decode(errors="replace")


async def operator_of(place: Town, username: str) -> Operator:
    """Somebody as the directory has them."""
    async with place.databases["verification"].acquire() as conn:
        row = await conn.fetchrow(
            "SELECT username, name, role, scope, badge FROM operators WHERE username = $1", username
        )
    assert row is not None
    return Operator(**row)


def staff_pages(place: Town) -> list[tuple[str, Endpoint]]:
    """Every page and form for people who are signed in."""
    return [
        (name, endpoint)
        for name in SERVICES
        for endpoint in place.services[name].endpoints
        if endpoint.caller.kind == "staff" and not endpoint.is_api
    ]


async def test_every_page_and_form_is_open_to_exactly_its_roles(place: Town) -> None:
    """Page × role: the wrong role is told so, and nothing else; the right one never is."""
    wrong, refused = [], text("zh", "refused.role")
    async with ClientSession() as http:
        found = await objects(place, http)
        for service, one in staff_pages(place):
            if one.path == "/desk/sign-out":
                continue
            for role in ROLES:
                screen = await Screen.of(place, service, PEOPLE[role])
                asked = http, place.urls[service], one.method, found.address(one)
                status, page = await screen.ask(*asked)
                told = (status, refused in page) == (403, True)
                if told == (role in one.caller.roles) or status >= 500 or status == 401:
                    wrong.append((service, one.method, one.path, role, status))
    assert [] == wrong


async def test_neither_the_officer_nor_the_receipt_learns_of_a_recusal(place: Town) -> None:
    """In any spelling typed at the window: 404 for the officer, and a receipt like any other."""
    told = []
    async with ClientSession() as http:
        header = await bearer(place, http, "verification", "accused")
        for typed in (None, "A-1", "ａ １", "警号：A-0001", "A1号", "A-11"):
            answer = await place.complain(http, officer_badge=typed)
            case_id = await place.case_of(answer["submission_id"])
            url = f"{place.urls['verification']}/api/v1/cases/{case_id}"
            async with http.get(url, headers=header) as response:
                assert (200 if typed is None else 404) == response.status, typed
            receipt = f"{place.urls['intake']}/api/v1/receipts/{answer['receipt']['code']}"
            async with http.get(receipt) as response:
                shown = await response.json()
            told.append([(line["step"], line["waiting"]) for line in shown["timeline"]])
            assert told[0] == told[-1]
