"""The list of requests and its filters; nothing finer than a day can be asked for or is told."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.intake.open311 import catalogue, store
from services.intake.open311.models import Listed, Request
from services.intake.open311.store import Seen
from shared.db import Connection
from shared.errors import Invalid, Wrong
from shared.policy import Policies
from shared.values import clock, text
from shared.web.texts import Texts

MOST_DAYS = timedelta(days=90)
MOST_IDS = 100


async def search(conn: Connection, asked: Listed, policies: Policies) -> list[Seen]:
    """What the filters ask for. Ids come before every other filter, as the specification has it."""
    if asked.service_request_id:
        return await store.list_by_ids(conn, _ids(asked.service_request_id))
    zone = policies.editions[-1].zone
    first, last = span(asked, zone)
    wanted = _several(asked.service_code)
    known = [c.key for c in policies.at(clock.now()).categories]
    return await store.list_between(
        conn,
        clock.end_of_day(first - timedelta(days=1), zone),
        clock.end_of_day(last, zone),
        [key for key in wanted or known if key in known],
        requests=not wanted or catalogue.REQUEST in wanted,
        states=_closed(asked.status),
    )


def _several(typed: str) -> list[str]:
    return [text.identifier(one) for one in typed.split(",") if one.strip()]


def _ids(typed: str) -> list[UUID]:
    """Those that can be ids at all."""
    found = []
    for one in _several(typed)[:MOST_IDS]:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return found


def _closed(typed: str) -> list[bool]:
    wanted = _several(typed)
    if unknown := set(wanted) - {"open", "closed"}:
        raise Invalid(Wrong("status", "wrong.open311_status", n=len(unknown)))
    return [name == "closed" for name in wanted] or [False, True]


def span(asked: Listed, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last day. Invalid for what is no time, or more than 90 days."""
    today = clock.service_day(clock.now(), zone)
    end = _day("end_date", asked.end_date, zone)
    start = _day("start_date", asked.start_date, zone)
    if start is None:
        last = end or today
        return last - MOST_DAYS, last
    last = end or min(today, start + MOST_DAYS)
    if last - start > MOST_DAYS:
        raise Invalid(Wrong("end_date", "wrong.open311_span"))
    return start, last


def _day(name: str, typed: str, zone: ZoneInfo) -> date | None:
    """The day of a moment like 2026-07-02T00:00:00Z; one near either end of time is none."""
    if not typed:
        return None
    try:
        at = datetime.fromisoformat(text.identifier(typed).upper())
        day = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(zone).date()
    except (ValueError, OverflowError):
        raise Invalid(Wrong(name, "wrong.open311_time")) from None
    if not 1970 <= day.year < 9000:
        raise Invalid(Wrong(name, "wrong.open311_time"))
    return day


def told(seen: Seen, policies: Policies, words: Texts) -> Request:
    """What anybody may know of a request."""
    policy = policies.at(seen.received_at)
    zone = policies.editions[-1].zone
    code = catalogue.REQUEST if seen.kind == "request" else next(iter(seen.categories), "other")
    day = clock.service_day(seen.received_at, zone)
    closed = seen.state != "open"
    return Request(
        service_request_id=str(seen.id),
        status="closed" if closed else "open",
        status_notes=words.text(f"verdict_{seen.state}") if closed else None,
        service_name=catalogue.name_of(policy, code, words),
        service_code=code,
        requested_datetime=datetime(day.year, day.month, day.day, tzinfo=zone).isoformat(),
    )
