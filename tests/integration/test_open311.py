"""Open311 GeoReport v2, asked by a client that is not ours, and by hand where it asks nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from aiohttp import ClientResponse
from georeport import GeoReport
from jsonschema import Draft202012Validator
from uuid_utils.compat import uuid7

from services.intake.open import jobs
from services.intake.open311 import keys
from shared import events, policy
from shared.config import key_ring
from shared.db import Database
from shared.events import UnitChanged
from tests.integration.intake_site import UNIT, Site, settings, site
from tests.support import at

SERVICE = "intake"
ROOT = "/open311/v2"
RING = key_ring(settings().code_keys)
KEY = keys.key_of(RING, "cityapp")
WORDS = "等了一上午没有人"
NOW = datetime(2026, 7, 2, 6, 47, tzinfo=UTC)
NOWHERE = UUID("01930000-0000-7000-8000-00000000dead")
# The resources' required members and types, as the specification tells them.
REQUEST = {
    "type": "object",
    "required": ["service_request_id", "status", "service_code", "requested_datetime"],
    "properties": {
        "service_request_id": {"type": "string"},
        "status": {"enum": ["open", "closed"]},
        "requested_datetime": {"type": "string", "pattern": "^[0-9-]{10}T[0-9:]{8}[+-][0-9:]{5}$"},
        "lat": {"type": ["number", "null"]},
        "long": {"type": ["number", "null"]},
    },
}
SERVICES = {
    "type": "array",
    "minItems": 2,
    "items": {
        "type": "object",
        "required": ["service_code", "service_name", "type", "metadata"],
        "properties": {
            "service_code": {"type": "string"},
            "metadata": {"type": "boolean"},
            "type": {"enum": ["realtime", "batch", "blackbox"]},
            "keywords": {"type": "string"},
        },
    },
}
DEFINITION = {
    "type": "object",
    "required": ["service_code", "attributes"],
    "properties": {
        "attributes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["variable", "code", "datatype", "required", "order", "description"],
                "properties": {
                    "datatype": {"enum": ["string", "number", "datetime", "text",
                                          "singlevaluelist", "multivaluelist"]},
                    "values": {"type": "array", "items": {"required": ["key", "name"]}},
                },
            },
        }
    },
}  # fmt: skip


@dataclass
class City:
    """A running intake with a window, and how an outsider's client reaches it."""

    intake: Site

    @property
    def root(self) -> str:
        """Where the API is."""
        return str(self.intake.client.make_url(ROOT))

    async def ask(self, kind: str, question: Callable[[GeoReport], Any]) -> Any:
        """Ask as somebody else's program does, in a thread of its own."""
        return await asyncio.to_thread(question, GeoReport(self.root, output_format=kind))

    async def send(self, kind: str = "json", key: str = "", **changed: str) -> ClientResponse:
        """Hand a complaint in."""
        fields = {
            "api_key": KEY, "service_code": "nobody_at_window", "address_id": UNIT,
            "description": WORDS, "phone": "13800138000", "email": "li@example.org",
            "first_name": "小红", "last_name": "李", "lat": "32.98", "long": "114.02",
        }  # fmt: skip
        sent = {name: value for name, value in (fields | changed).items() if value}
        headers = {"Idempotency-Key": key} if key else {}
        return await self.intake.client.post(f"{ROOT}/requests.{kind}", data=sent, headers=headers)

    async def created(self, **changed: str) -> dict[str, Any]:
        """The answer to one that was taken in."""
        answer = await self.send(**changed)
        (told,) = await answer.json()
        assert 200 == answer.status, told
        return dict(told)


@pytest.fixture
async def city(database: Database) -> AsyncIterator[City]:
    """A city with one window, and one app on the list."""
    async with site(database, open311_clients="cityapp, other") as intake:
        await intake.add_unit()
        yield City(intake)


@pytest.mark.parametrize("kind", ["json", "xml"])
async def test_another_program_finds_what_there_is(city: City, kind: str) -> None:
    """The kinds of request and their attributes, with the windows to choose from."""
    services = await city.ask(kind, lambda client: client.get_service_list())
    codes = [service["service_code"] for service in services]
    assert {"cold_attitude", "nobody_at_window", "other", "request"} <= set(codes)
    told = await city.ask(kind, lambda client: client.get_service_definition("other"))
    attributes = told["attributes"] if kind == "json" else told["attributes"]["attribute"]
    assert ["unit", "satisfaction", "officer"] == [one["code"] for one in attributes]
    windows = attributes[0]["values"]
    first = windows[0] if kind == "json" else windows["value"]
    assert {"key": UNIT, "name": "驻马店市公安局车辆管理所业务大厅"} == dict(first)


@pytest.mark.parametrize("kind", ["json", "xml"])
async def test_another_program_follows_a_request(city: City, kind: str) -> None:
    """By its id, in the list, by its state; nothing of the words, the place and the person."""
    one, two = await city.created(), await city.created(service_code="other")
    wanted = one["service_request_id"]
    found = await city.ask(kind, lambda client: client.get_service_request(wanted))
    assert (wanted, "open", "nobody_at_window") == (
        found["service_request_id"],
        found["status"],
        found["service_code"],
    )
    listed = await city.ask(kind, lambda client: client.get_service_requests(status="open,closed"))
    assert {wanted, two["service_request_id"]} == {each["service_request_id"] for each in listed}
    some = await city.ask(kind, lambda client: client.get_service_requests(wanted))
    assert wanted == (some[0] if kind == "json" else some)["service_request_id"]
    for secret in (WORDS, UNIT, "驻马店", "13800138000", "小红", "li@example.org", "32.98"):
        assert secret not in str(listed)


async def test_a_request_is_a_submission_like_any_other(city: City) -> None:
    """Sealed words and phone, an event for the desk, a signed receipt in the notice."""
    told = await city.created(**{"attribute[satisfaction]": "2", "attribute[officer]": "A-0017"})
    (row,) = await city.intake.fetch("SELECT * FROM submissions")
    assert UUID(told["service_request_id"]) == row["id"]
    assert ("complaint", ["nobody_at_window"], 2, "A0017") == (
        row["kind"], row["categories"], row["satisfaction"], row["officer_badge"]
    )  # fmt: skip
    assert WORDS not in str(dict(row))
    assert 1 == len(await city.intake.fetch("SELECT FROM outbox"))
    code = told["service_notice"].split()[-1].rsplit("/", 1)[1]
    answer = await city.intake.client.get(f"/api/v1/receipts/{code}")
    assert 200 == answer.status
    assert told["service_request_id"] == (await answer.json())["submission_id"]
    assert code not in told["service_request_id"]


async def test_a_request_for_help_may_be_urgent(city: City) -> None:
    """The same door, another kind; the window may be named as an attribute."""
    await city.created(
        service_code="request", address_id="", **{"attribute[unit]": UNIT, "attribute[urgent]": "1"}
    )
    (row,) = await city.intake.fetch("SELECT kind, urgent, categories FROM submissions")
    assert ("request", True, []) == (row["kind"], row["urgent"], row["categories"])


async def test_a_repeat_with_its_key_is_no_second_request(city: City) -> None:
    """The same key gets the same id and receipt, another text under it is refused."""
    first = await city.send(key="k" * 20)
    again = await city.send(key="k" * 20)
    assert await first.json() == await again.json()
    other = await city.send(key="k" * 20, description="别的话")
    assert 400 == other.status
    assert 1 == len(await city.intake.fetch("SELECT FROM submissions"))
    theirs = await city.send(key="k" * 20, api_key=keys.key_of(RING, "other"))
    assert 200 == theirs.status
    assert 2 == len(await city.intake.fetch("SELECT FROM submissions"))
    assert 400 == (await city.send(key="short")).status


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "cityapp.000000000000000000000000"}, 403, "api_key"),
        ({"api_key": keys.key_of(RING, "stranger")}, 403, "api_key"),
        ({"api_key": keys.key_of({"1": b"x" * 32}, "cityapp")}, 403, "api_key"),
        ({"api_key": "é.é"}, 403, "api_key"),
        ({"service_code": "nothing"}, 400, "service_code: "),
        ({"service_code": ""}, 400, "service_code: "),
        ({"address_id": "nowhere"}, 400, "address_id: "),
        ({"address_id": ""}, 400, "address_id: "),
        ({"service_code": "request", "description": ""}, 400, "description: "),
        ({"description": "x" * 2001}, 400, "description: "),
        ({"phone": "12"}, 400, "phone: "),
        ({"attribute[satisfaction]": "6"}, 400, "attribute[satisfaction]: "),
        ({"attribute[officer]": "?!"}, 400, "attribute[officer]: "),
        ({"jurisdiction_id": "elsewhere.example"}, 404, "jurisdiction_id"),
    ],
)
async def test_what_is_wrong_is_told_as_the_specification_has_it(
    city: City, changed: dict[str, str], status: int, told: str
) -> None:
    """A list of codes and descriptions, the field's name before each; nothing is stored."""
    for kind in ("json", "xml"):
        answer = await city.send(kind, **changed)
        assert status == answer.status
        faults = await errors(answer, kind)
        assert {str(status)} == {fault["code"] for fault in faults}
        assert told in faults[0]["description"]
    assert [] == await city.intake.fetch("SELECT FROM submissions")


async def test_errors_speak_the_callers_language(city: City) -> None:
    """And say which it is."""
    address = f"{ROOT}/services/nothing.json"
    for accepted, tag, told in (("en", "en", "There is no such"), ("zh", "zh-CN", "没有这种")):
        answer = await city.intake.client.get(address, headers={"Accept-Language": accepted})
        assert tag == answer.headers["Content-Language"]
        assert told in (await answer.json())[0]["description"]


async def errors(answer: ClientResponse, kind: str) -> list[dict[str, str]]:
    """The specification's errors, from either format."""
    if kind == "json":
        assert "application/json" == answer.content_type
        return list(await answer.json())
    assert "text/xml" == answer.content_type
    root = ET.fromstring(await answer.text())  # noqa: S314
    assert "errors" == root.tag
    return [{part.tag: part.text or "" for part in error} for error in root.findall("error")]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("services/nothing", 404),
        (f"requests/{NOWHERE}", 404),
        ("requests/nothing", 404),
        (f"tokens/{NOWHERE}", 404),
        ("requests?status=half", 400),
        ("requests?start_date=yesterday", 400),
        ("requests?start_date=0001-01-01T00:00:00Z", 400),
        ("requests?end_date=9999-12-31T23:59:59-12:00", 400),
        ("requests?start_date=2026-01-01T00:00:00Z&end_date=2026-07-01T00:00:00Z", 400),
        ("services?jurisdiction_id=elsewhere.example", 404),
    ],
)
async def test_what_is_not_there_is_told_in_the_format_asked_for(
    city: City, address: str, status: int
) -> None:
    """In both formats, with the status that the specification names."""
    path, mark, query = address.partition("?")
    for kind in ("json", "xml"):
        answer = await city.intake.client.get(f"{ROOT}/{path}.{kind}{mark}{query}")
        assert status == answer.status
        (fault,) = await errors(answer, kind)
        assert str(status) == fault["code"]


async def test_only_requests_of_apps_are_listed(city: City) -> None:
    """What came in at a window is nobody's to list, and has no id here."""
    answer = await (await city.intake.submit("k" * 20)).json()
    mine = await city.created()
    listed = await (await city.intake.client.get(f"{ROOT}/requests.json")).json()
    assert [mine["service_request_id"]] == [one["service_request_id"] for one in listed]
    hidden = await city.intake.client.get(f"{ROOT}/requests/{answer['submission_id']}.json")
    assert 404 == hidden.status


async def test_nothing_finer_than_a_day_is_told_or_asked(city: City) -> None:
    """Neither the answer nor a search by halves tells at what hour somebody complained."""
    with at(NOW):
        await city.created()
        listed = await (await city.intake.client.get(f"{ROOT}/requests.json")).json()
        assert "2026-07-02T00:00:00+08:00" == listed[0]["requested_datetime"]
        for hour in range(-8, 16, 6):
            moment = (NOW.replace(hour=0, minute=0) + timedelta(hours=hour)).isoformat()
            query = {"start_date": moment, "end_date": moment}
            found = await city.intake.client.get(f"{ROOT}/requests.json", params=query)
            assert 1 == len(await found.json()), moment
        for day, number in (("2026-07-01", 0), ("2026-07-03", 0), ("2026-07-02", 1)):
            query = {"start_date": f"{day}T12:00:00+08:00", "end_date": f"{day}T12:00:00+08:00"}
            found = await city.intake.client.get(f"{ROOT}/requests.json", params=query)
            assert number == len(await found.json()), day


async def test_filters_narrow_the_list(city: City) -> None:
    """By kind, by state, by time; 90 days without a word of it."""
    with at(NOW - timedelta(days=100)):
        old = await city.created()
    with at(NOW):
        one, two = await city.created(), await city.created(service_code="request")
        await close(city, one["service_request_id"])

        async def listed(**query: str) -> list[str]:
            answer = await city.intake.client.get(f"{ROOT}/requests.json", params=query)
            return [each["service_request_id"] for each in await answer.json()]

        ids = {one["service_request_id"], two["service_request_id"]}
        assert ids == set(await listed())
        assert [two["service_request_id"]] == await listed(service_code="request")
        assert [one["service_request_id"]] == await listed(service_code="nobody_at_window,other")
        assert [one["service_request_id"]] == await listed(status="closed")
        assert [two["service_request_id"]] == await listed(status="open")
        assert [] == await listed(service_code="nothing")
        then = (NOW - timedelta(days=101)).isoformat()
        assert [old["service_request_id"]] == await listed(
            start_date=then, end_date=(NOW - timedelta(days=99)).isoformat()
        )
        assert [old["service_request_id"]] == await listed(
            service_request_id=f"{old['service_request_id']},abc", status="closed"
        )


async def close(city: City, submission_id: str) -> None:
    """A verdict, counted."""
    case = uuid7()
    await city.intake.tell(events.CaseVerified(
        case_id=case, submission_id=UUID(submission_id), incident_id=case, revision=1,
        kind="complaint", unit_code=UNIT, categories=("other",), verdict="substantiated",
        attribution="unit", officers=(), answer_sealed=None, phone_sealed=None, phone_index=None,
        language="zh", received_at=NOW, verified_at=NOW,
    ))  # fmt: skip
    policies = policy.load(settings().policy_file)
    while await jobs.count_news(city.intake.database, policies):
        pass


async def test_a_closed_request_says_how_it_ended(city: City) -> None:
    """The verdict's word, in the caller's language; and a token is the request's own id."""
    with at(NOW):
        told = await city.created()
        await close(city, told["service_request_id"])
        headers = {"Accept-Language": "en"}
        address = f"{ROOT}/requests/{told['service_request_id']}.json"
        (found,) = await (await city.intake.client.get(address, headers=headers)).json()
    assert ("closed", "substantiated") == (found["status"], found["status_notes"].lower())
    assert "Nobody at the window" == found["service_name"]
    token = await city.intake.client.get(f"{ROOT}/tokens/{told['service_request_id']}.json")
    assert [{"service_request_id": told["service_request_id"]} | {
        "token": told["service_request_id"]
    }] == await token.json()  # fmt: skip


async def test_resources_have_the_specifications_shape(city: City) -> None:
    """Required members and types of services, definition and requests."""
    await city.created()
    for address, schema in (
        ("services", SERVICES),
        ("services/other", DEFINITION),
        ("services/request", DEFINITION),
        ("requests", {"type": "array", "minItems": 1, "items": REQUEST}),
    ):
        answer = await city.intake.client.get(f"{ROOT}/{address}.json")
        found = list(Draft202012Validator(schema).iter_errors(await answer.json()))
        assert [] == found, address


async def test_xml_says_what_it_is(city: City) -> None:
    """The declaration with UTF-8, the specification's roots and items, empty for what is null."""
    await city.created()
    for address, root, item in (
        ("services", "services", "service"),
        ("services/other", "service_definition", "service_code"),
        ("requests", "service_requests", "request"),
    ):
        answer = await city.intake.client.get(f"{ROOT}/{address}.xml")
        content = await answer.text()
        assert content.startswith('<?xml version="1.0" encoding="utf-8"?>')
        assert "text/xml; charset=utf-8" == answer.headers["Content-Type"]
        parsed = ET.fromstring(content)  # noqa: S314
        assert root == parsed.tag
        assert parsed.find(item) is not None
    described = ET.fromstring(content).find("request/description")  # noqa: S314
    assert described is not None
    assert described.text is None


async def test_where_it_is_can_be_discovered(city: City) -> None:
    """The address, both formats, and where keys are to be had."""
    told = await (await city.intake.client.get("/open311/discovery.json")).json()
    assert ["https://mashang.example/open311/v2"] == [one["url"] for one in told["endpoints"]]
    assert ["text/xml", "application/json"] == told["endpoints"][0]["formats"]
    xml = ET.fromstring(  # noqa: S314
        await (await city.intake.client.get("/open311/discovery.xml")).text()
    )
    assert "production" == xml.findtext("endpoints/endpoint/type")


async def test_a_closed_window_takes_nothing_in(city: City) -> None:
    """And stands in no list of windows."""
    await city.intake.tell(UnitChanged(
        unit_code=UNIT, name="x", parent="x", path=("1", UNIT), kind="vehicle", counters=1,
        active=False, version=3,
    ))  # fmt: skip
    assert 400 == (await city.send()).status
    told = await (await city.intake.client.get(f"{ROOT}/services/other.json")).json()
    assert [] == told["attributes"][0]["values"]


async def test_without_an_app_on_the_list_nobody_hands_in(database: Database) -> None:
    """A genuine key is not enough; reading goes on."""
    async with site(database) as intake:
        await intake.add_unit()
        closed = City(intake)
        assert 403 == (await closed.send()).status
        assert 200 == (await intake.client.get(f"{ROOT}/services.json")).status


def test_a_key_is_a_name_and_its_signature() -> None:
    """Of one of our keys, also of an earlier one; and a name that could not be read has none."""
    ring = {"2": b"b" * 32, **RING}
    assert "cityapp" == keys.client_of(ring, ("cityapp",), f" {KEY} ")
    assert keys.client_of(ring, (), KEY) is None
    for wrong in ("", ".", "cityapp", "cityapp.", KEY[:-1], KEY.lower(), KEY + "0"):
        assert keys.client_of(ring, ("cityapp", ""), wrong) is None
    for name in ("", "é", "a b", "a.b"):
        with pytest.raises(ValueError, match="letters"):
            keys.key_of(RING, name)
