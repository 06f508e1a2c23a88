"""By whatever door a submission comes in, the same gate counts it, and holds what is too much."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest

from services.intake.accept import codes
from services.intake.open311 import keys
from shared.config import key_ring
from shared.db import Database
from tests.integration.intake_site import UNIT, Site, code, settings, site
from tests.integration.test_intake_held import BEHIND, OFFICE_HOURS, RULE, flood, send, told
from tests.support import at

SERVICE = "intake"
RING = key_ring(settings().code_keys)
KIOSK = codes.sign(RING, UNIT, kiosk=1)
WORDS = {"words": "等了一上午没有人"}
LOW = {"satisfaction": "1", "step": "details"}
TAP = {"satisfaction": "3", "step": "tap"}
FLOODED, ELSEWHERE = "203.0.113.7", "198.51.100.7"
Door = Callable[[Site, str], Awaitable[int]]


def form(place: str, window: str = "", **fields: str) -> Door:
    """A form, as a browser sends it."""

    async def come(intake: Site, address: str) -> int:
        headers = {"X-Forwarded-For": address, "Accept": "text/html"}
        url = place.format(window or code())
        data = {"key": uuid4().hex, **fields}
        async with intake.client.post(
            url, data=data, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status

    return come


def invited(number: int) -> str:
    """The code of somebody whom a draw invited."""
    return codes.invite(RING, UNIT, number)


async def program(intake: Site, address: str) -> int:
    """The API's own."""
    async with await send(intake, address) as answer:
        return answer.status


def app(kind: str) -> Door:
    """A city's app, over Open311."""

    async def come(intake: Site, address: str) -> int:
        said = {
            "api_key": keys.key_of(RING, "cityapp"), "service_code": "other", "address_id": UNIT,
            "description": "没有人",
        }  # fmt: skip
        url, headers = f"/open311/v2/requests.{kind}", {"X-Forwarded-For": address}
        async with intake.client.post(url, data=said, headers=headers) as answer:
            return answer.status

    return come


async def large_print(intake: Site, address: str) -> int:
    """One thing a screen: what was written on the screens before comes along unseen."""
    headers = {"X-Forwarded-For": address, "Accept": "text/html", "Cookie": "mashang_size=large"}
    url, fields = f"/w/{code()}/complaint", {"key": uuid4().hex, "kind": "complaint", **WORDS}
    async with intake.client.post(
        url, data=fields | {"switch": "phone"}, headers=headers
    ) as screen:
        assert 200 == screen.status
    async with intake.client.post(
        url, data=fields, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status


# Each way in, with the endpoint at which it ends and what it is answered.
DOORS: Mapping[str, tuple[str, Door, int]] = {
    "the API": ("/api/v1/submissions", program, 201),
    "a tap": ("/w/{code}", form("/w/{}", **TAP), 303),
    "a bad rating": ("/w/{code}", form("/w/{}", kind="rating", **LOW), 303),
    "a rating made a complaint": (
        "/w/{code}", form("/w/{}", kind="complaint", **LOW, **WORDS), 303
    ),
    "a complaint": ("/w/{code}/complaint", form("/w/{}/complaint", kind="complaint", **WORDS), 303),
    "a request": ("/w/{code}/request", form("/w/{}/request", kind="request", **WORDS), 303),
    "large print": ("/w/{code}/complaint", large_print, 303),
    "a counter's code": ("/w/{code}", form("/w/{}", code(counter=3), **TAP), 303),
    "an invitation": ("/w/{code}", form("/w/{}", invited(7), **TAP), 303),
    "a complaint with a kiosk's code": (
        "/w/{code}/complaint", form("/w/{}/complaint", KIOSK, kind="complaint", **WORDS), 303
    ),
    "an app, JSON": ("/open311/v2/requests.json", app("json"), 200),
    "an app, XML": ("/open311/v2/requests.xml", app("xml"), 200),
}  # fmt: skip
AT_KIOSK = "/k/{code}"
# What else is sent: it belongs to a submission that is there, or to none.
NO_DOORS = {
    "/api/v1/attachments", "/invitations", "/invitations/look", "/k/{code}/why", "/r",
    # Who files for citizens is counted, not the network of the office: see test_intake_filing.
    "/filings",
    # The keepers', of events and of how loud the log is.
    "/console/acts", "/console/level",
    "/w/{code}/no-more",
    "/r/{receipt}/thanks", "/r/{receipt}/data",
    *(f"/r/{{receipt}}/{place}" for place in
      ("rating", "followup", "add", "withdraw", "above", "phone", "phone/code")),
    *(f"/api/v1/receipts/{{receipt}}/{place}" for place in
      ("additions", "ratings", "followups", "withdrawals", "reports", "phone-codes", "phone",
       "data", "attachments")),
}  # fmt: skip


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """Behind a proxy that says who asks; an app is on the list."""
    async with site(database, **BEHIND, open311_clients="cityapp") as opened:
        await opened.add_unit()
        await opened.refresh()
        yield opened


async def counted(intake: Site) -> Counter[str]:
    """What the table has of each limit, over all places."""
    await intake.refresh()
    found: Counter[str] = Counter()
    for row in await intake.fetch("SELECT name, number FROM limits"):
        found[row["name"]] += row["number"]
    return found


async def reasons(intake: Site) -> list[str | None]:
    """Why each that came in is held, if it is."""
    return [one["held"] for one in await told(intake)]


def test_every_door_is_on_the_table(intake: Site) -> None:
    """Whatever is sent to intake is a door of these, or belongs to what is there already."""
    posts = {one.path for one in intake.service.endpoints if one.method == "POST"}
    assert posts - NO_DOORS == {path for path, *_ in DOORS.values()} | {AT_KIOSK}


async def test_every_door_counts(intake: Site) -> None:
    """For the network, the code and the unit, each once."""
    for number, (name, (_, come, status)) in enumerate(DOORS.items(), 1):
        assert status == await come(intake, ELSEWHERE), name
        assert dict.fromkeys(("address", "code", "unit"), number) == await counted(intake), name


async def test_all_doors_share_what_one_network_may_send(intake: Site) -> None:
    """Used up at one door, it is used up at each: what comes is taken in and waits."""
    await flood(intake, FLOODED, RULE.limits.address_hour)
    for name, (_, come, status) in DOORS.items():
        assert status == await come(intake, FLOODED), name
    assert ["address"] * len(DOORS) == (await reasons(intake))[-len(DOORS) :]


async def test_no_door_is_shut_for_others_meanwhile(intake: Site) -> None:
    """Whoever comes from elsewhere is taken in by each, and nothing waits."""
    await flood(intake, FLOODED, RULE.limits.address_hour + 1)
    for name, (_, come, status) in DOORS.items():
        assert status == await come(intake, ELSEWHERE), name
    assert [None] * len(DOORS) == (await reasons(intake))[-len(DOORS) :]


@pytest.mark.parametrize("level", ["1", "3", "5"])
async def test_a_kiosk_has_a_pace_instead(intake: Site, level: str) -> None:
    """It serves everybody from one address, and nobody faster than a person taps: at any level."""
    tap = form("/k/{}", KIOSK, satisfaction=level)
    most: int = RULE.praise.counter_hour
    with at(OFFICE_HOURS):
        for _ in range(most + 1):
            assert await tap(intake, FLOODED) in (200, 303)
    assert [None] * most + ["pace"] == await reasons(intake)


async def test_a_repetition_is_no_second_submission(intake: Site) -> None:
    """Sent twice under one key, it is stored and told once."""
    tap: dict[str, Any] = {"key": "k" * 20, "satisfaction": "3", "step": "tap"}
    for _ in range(2):
        assert 303 == await form("/w/{}", **tap)(intake, ELSEWHERE)
    assert [None] == await reasons(intake)
