"""Role × route × object: who finds what, generated from the endpoints of all services.

Three complaints about one unit, of which each is for other people's eyes; and everybody who might
look: at the unit, beside it, above, in the other county, the officer meant, the inspection.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from services.verification.directory import commands as directory
from shared.db import Database
from shared.web.endpoints import Endpoint
from shared.web.forms import MEDIA_TYPE
from tests.conftest import Clone
from tests.integration.garbage import FILES, JSON, Request, Told, encoded, right_body, send
from tests.integration.test_access_matrix import NOTICE, Screen, bearer
from tests.town import SERVICES, Town, town

OTHERS = """username,name,role,scope,badge
sibling,何十七,unit_operator,n2,
southcounty,吕十八,county_supervisor,south,
"""
ROLES = {
    "north1": "unit_operator", "accused": "unit_operator", "sibling": "unit_operator",
    "southern": "unit_operator", "northern": "county_supervisor",
    "southcounty": "county_supervisor", "city": "city_supervisor", "inspector": "inspection",
    "auditor": "auditor", "leader": "leadership", "approver": "reward_approver",
}  # fmt: skip
ABOVE = {"northern", "city", "auditor"}
# Whose eyes a complaint is for: nobody's name in it; officer A-1's; a matter of integrity.
CASES: dict[str, tuple[dict[str, object], set[str]]] = {
    "plain": ({}, ABOVE | {"north1", "accused"}),
    "named": ({"officer_badge": "A-1"}, ABOVE),
    "serious": ({"categories": ["integrity"]}, {"inspector", "auditor"}),
}
# A unit's points and its officers': its own, whoever is above, and who reads figures.
UNIT = {"north1", "accused", "northern", "city", "inspector", "auditor", "leader"}
# What is on record of an officer no other officer reads, as who works as north1 is.
RECORDS = {
    "/scores/officers/{badge}", "/api/v1/officers/{badge}/strikes",
    "/api/v1/officers/{badge}/record",
}  # fmt: skip
# It leads to the page that it stands on, whoever asks and whatever for.
LED = {303}
# Two texts that contradict one another: there is no such page before there are.
NOT_NOW = {"/desk/cases/{case_id}/conflict"}


@dataclass(frozen=True)
class Thing:
    """Something in the parameters of addresses, what may be read of it, and by whom."""

    params: dict[str, str]
    seen_by: set[str]
    told: tuple[str, ...] = ()

    def is_for(self, who: str, one: Endpoint) -> bool:
        """Whether somebody finds it there."""
        return who in self.seen_by and not (who == "north1" and one.path in RECORDS)


@dataclass
class Ground:
    """The town, the things in it, and a browser and a program for everybody."""

    town: Town
    http: ClientSession
    things: dict[str, Thing] = field(default_factory=dict)
    screens: dict[tuple[str, str], Screen] = field(default_factory=dict)

    async def ask(self, service: str, one: Endpoint, who: str, params: dict[str, str]) -> Told:
        """What somebody is told who sends what is right but for who they are."""
        base, address = self.town.urls[service], one.path.format(**params)
        body = dict(right_body(one)) if one.method == "POST" else {}
        if "ids" in body and "case_id" in params:
            body["ids"] = [params["case_id"]]
        headers: dict[str, bytes | str] = {"Accept": "text/html", "Origin": base}
        if one.is_api:
            headers = {**await bearer(self.town, self.http, service, who)}
        else:
            screen = await self.screen(service, who)
            headers["Cookie"] = screen.cookie
            body |= {"csrf": screen.csrf, "key": uuid4().hex} if one.method == "POST" else {}
        raw = encoded(one, body) if body or one.body else b""
        kind = MEDIA_TYPE if one.form else FILES if one.uploads else JSON
        told = await send(base, address, Request(one.path, raw, kind, method=one.method), headers)
        assert told is not None
        return told

    async def screen(self, service: str, who: str) -> Screen:
        """Somebody's browser at a service."""
        if (service, who) not in self.screens:
            self.screens[service, who] = await Screen.of(self.town, service, who)
        return self.screens[service, who]

    def staff(self) -> Iterator[tuple[str, Endpoint]]:
        """Every endpoint for somebody who is signed in."""
        for service in SERVICES:
            for one in self.town.services[service].endpoints:
                if one.caller.kind == "staff":
                    yield service, one

    def meetings(self) -> Iterator[tuple[str, Endpoint, Thing, str]]:
        """Each endpoint about a thing, with each thing of its kind, and everybody of its roles."""
        for service, one in self.staff():
            for thing in self.things.values():
                if one.params and set(one.params) <= set(thing.params):
                    for who, role in ROLES.items():
                        if role in one.caller.roles:
                            yield service, one, thing, who


@pytest.fixture(scope="module")
async def ground(module_clone: Clone) -> AsyncIterator[Ground]:
    """One town for all of this, with one of each thing in it."""
    async with town(module_clone) as opened, ClientSession() as http:
        database = opened.databases["verification"]
        async with database.transaction() as conn:
            seal = opened.settings["verification"].seal
            await directory.import_csv(conn, OTHERS.encode(), seal, ())
        await opened.carry()
        found = Ground(opened, http)
        for name, (changed, seen_by) in CASES.items():
            found.things[name] = await complaint(opened, http, name, seen_by, changed)
        found.things["unit"] = Thing({"unit_code": "n1"}, UNIT)
        found.things["officer"] = Thing({"badge": "A-1"}, UNIT)
        yield found


async def complaint(
    place: Town, http: ClientSession, name: str, seen_by: set[str], changed: dict[str, object]
) -> Thing:
    """A complaint about unit n1 with words of its own, its case, and a notice about that."""
    words = f"只有这一件{name}里说的话"
    answer = await place.complain(http, words=words, **changed)
    case_id = str(await place.case_of(answer["submission_id"]))
    async with place.databases["verification"].acquire() as conn:
        notice_id = await conn.fetchval(NOTICE, case_id, "root")
        number = await conn.fetchval("SELECT number FROM cases WHERE case_id = $1", case_id)
    params = {"case_id": case_id, "notice_id": notice_id, "attachment_id": str(uuid4())}
    return Thing(params, seen_by, (words, case_id, f"{number:06}"))


async def stored(database: Database) -> str:
    """A digest of the cases and of what was done to them."""
    tables = ("cases", "case_actions", "case_requests", "callback_attempts", "verdicts",
              "notice_acknowledgements", "evidence")  # fmt: skip
    async with database.acquire() as conn:
        told = [
            await conn.fetchval(
                f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {one} t"
            )
            for one in tables
        ]
    return " ".join(map(str, told))


async def test_what_is_not_ones_own_does_not_exist(ground: Ground) -> None:
    """Pages, forms and programs alike hear 404, with none of its words; and nothing is changed."""
    wrong, asked = [], 0
    database = ground.town.databases["verification"]
    before = await stored(database)
    for service, one, thing, who in ground.meetings():
        if thing.is_for(who, one):
            continue
        told, asked = await ground.ask(service, one, who, thing.params), asked + 1
        known = {404} | (LED if one.method == "GET" and not one.is_api else set())
        shown = [said for said in thing.told[:1] if said.encode() in told.body]
        if told.status not in known or shown:
            wrong.append((service, one.method, one.path, who, told.status, thing.told[:1]))
    assert [] == wrong
    assert asked > 300
    assert before == await stored(database)


async def test_what_is_ones_own_is_found(ground: Ground) -> None:
    """Or hiding everything would do; what is not there for anybody is left out."""
    wrong, asked = [], 0
    for service, one, thing, who in ground.meetings():
        ours = thing.is_for(who, one) and one.method == "GET" and "attachment_id" not in one.params
        if ours and one.path not in NOT_NOW:
            told, asked = await ground.ask(service, one, who, thing.params), asked + 1
            if told.status >= 500 or told.status in (401, 403, 404):
                wrong.append((service, one.method, one.path, who, told.status))
    assert [] == wrong
    assert asked > 100


async def test_no_list_tells_of_what_is_not_ones_own(ground: Ground) -> None:
    """Whatever is asked for without naming it: no page or list has its words, id or number."""
    wrong = []
    for service, one in ground.staff():
        if one.method != "GET" or one.params or one.media != JSON:
            continue
        for who, role in ROLES.items():
            if role not in one.caller.roles:
                continue
            told = await ground.ask(service, one, who, {})
            wrong += [
                (service, one.path, who, said)
                for thing in ground.things.values() if who not in thing.seen_by
                for said in thing.told if said.encode() in told.body
            ]  # fmt: skip
    assert [] == wrong


async def test_naming_it_in_a_form_changes_nothing(ground: Ground) -> None:
    """Forms for several cases at once: whose it is not finds no case of that name in them."""
    database = ground.town.databases["verification"]
    before = await stored(database)
    for service, one in ground.staff():
        if one.method != "POST" or one.params or "ids" not in right_body_of(one):
            continue
        for thing in (ground.things[name] for name in CASES):
            for who, role in ROLES.items():
                if role in one.caller.roles and who not in thing.seen_by:
                    told = await ground.ask(service, one, who, thing.params)
                    assert thing.told[0].encode() not in told.body, (one.path, who)
    assert before == await stored(database)


def right_body_of(one: Endpoint) -> dict[str, object]:
    """What it takes, if that has a model."""
    return dict(right_body(one)) if one.body else {}
