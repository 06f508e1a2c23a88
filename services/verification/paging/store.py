"""Pages, and the phones of places that they go to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.verification.paging.rules import DutyPage, DutyPhone, Ringing
from shared.access import OUTSIDERS
from shared.db import Connection

# A case that somebody is just working on is looked at the next time.
_RINGING = f"""
    SELECT c.case_id, c.received_at, c.paged, c.page_due_at AS due_at, mashang_now() AS now,
        ARRAY(SELECT p.code FROM unnest(u.path) WITH ORDINALITY AS p (code, depth)
              WHERE p.depth = 1 OR NOT c.recused && ARRAY['#' || p.code, '{OUTSIDERS}']
              ORDER BY p.depth DESC) AS places
    FROM cases c JOIN units u USING (unit_code)
    WHERE c.page_due_at <= mashang_now()
    ORDER BY c.page_due_at, c.case_id LIMIT $1 FOR UPDATE OF c SKIP LOCKED
"""  # noqa: S608  the name is the access rules' own
_PHONES = """
    SELECT DISTINCT ON (place_code) place_code, phone_id, phone_sealed FROM duty_phones
    WHERE place_code = ANY($1) ORDER BY place_code, number DESC
"""
_ROOTS = """
    SELECT DISTINCT ON (place_code) place_code, phone_id, phone_sealed FROM duty_phones
    WHERE place_code IN (SELECT path[1] FROM units) ORDER BY place_code, number DESC
"""
_ADD = """
    WITH given AS (
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::timestamptz[],
            $6::timestamptz[], $7::timestamptz[], $8::boolean[], $9::uuid[],
            $10::text[])
            AS g (case_id, number, level, place_code, due_at, detected_at, again_at, climbs,
                  phone_id, phone_place)
    ), added AS (
        INSERT INTO duty_pages (case_id, number, level, place_code, due_at, detected_at, phone_id,
            phone_place)
        SELECT case_id, number, level, place_code, due_at, detected_at, phone_id, phone_place
        FROM given
        RETURNING page_id, case_id, number
    ), moved AS (
        UPDATE cases c SET page_due_at = g.again_at, paged = g.number FROM given g
        WHERE c.case_id = g.case_id
    ), noted AS (
        INSERT INTO case_actions (case_id, action, actor, acted_at, details)
        SELECT case_id, 'paged', '', detected_at,
            jsonb_build_object('level', level, 'place_code', place_code, 'number', number)
        FROM given WHERE climbs ORDER BY due_at, case_id
    )
    SELECT page_id, case_id FROM added
"""
_UNANSWERED = """
    SELECT count(*), coalesce(extract(epoch FROM
        mashang_now() - min(coalesce(reopened_at, received_at))), 0)::float8
    FROM cases WHERE page_due_at IS NOT NULL
"""
_OF_CASE = """
    SELECT p.number, p.level, coalesce(u.name, place.name, f.code) AS place, p.detected_at,
        p.phone_id IS NOT NULL AS by_sms
    FROM duty_pages p CROSS JOIN coalesce(p.phone_place, p.place_code) AS f (code)
    LEFT JOIN units u ON u.unit_code = f.code LEFT JOIN places place ON place.place_code = f.code
    WHERE p.case_id = $1 ORDER BY p.number DESC LIMIT $2
"""
_HISTORY = """
    SELECT d.phone_id, d.phone_sealed, coalesce(o.name, d.changed_by) AS changed_by, d.changed_at
    FROM duty_phones d LEFT JOIN operators o ON o.username = d.changed_by
    WHERE d.place_code = $1 ORDER BY d.number DESC LIMIT $2
"""


@dataclass(frozen=True)
class Shown:
    """A page as the case's people see it: `place` is whose phone it was, or who has none."""

    number: int
    level: int
    place: str
    detected_at: datetime
    by_sms: bool


@dataclass(frozen=True)
class Changed:
    """A place's phone as somebody left it; None where nobody is paged there any more."""

    phone_id: UUID
    phone_sealed: str | None
    changed_by: str
    changed_at: datetime


async def claim_ringing(conn: Connection, limit: int) -> list[Ringing]:
    """Cases that page somebody now by the database's clock, locked."""
    return [Ringing(**dict(row)) for row in await conn.fetch(_RINGING, limit)]


async def list_phones(conn: Connection, places: Collection[str]) -> dict[str, DutyPhone]:
    """The phones of those of these places that have one."""
    rows = await conn.fetch(_PHONES, list(places))
    return {row["place_code"]: DutyPhone(**dict(row)) for row in rows if row["phone_sealed"]}


async def get_root_phone(conn: Connection) -> DutyPhone | None:
    """The phone at the root of the tree, where the bureau's money is, if there is one."""
    rows = await conn.fetch(_ROOTS)
    return next((DutyPhone(**dict(row)) for row in rows if row["phone_sealed"]), None)


async def is_root(conn: Connection, place_code: str) -> bool:
    """Whether a place is the root of the tree."""
    asked = "SELECT EXISTS (SELECT FROM units WHERE path[1] = $1)"
    return await conn.fetchval(asked, place_code) is True


async def add(conn: Connection, pages: Sequence[DutyPage]) -> dict[UUID, UUID]:
    """Store them, and when their cases page again; the ids of the pages by case."""
    columns = (
        "case_id", "number", "level", "place_code", "due_at", "detected_at", "again_at", "climbs",
    )  # fmt: skip
    values = [[getattr(one, name) for one in pages] for name in columns]
    phones = [one.phone.phone_id if one.phone else None for one in pages]
    where = [one.phone.place_code if one.phone else None for one in pages]
    rows = await conn.fetch(_ADD, *values, phones, where)
    return {row["case_id"]: row["page_id"] for row in rows}


async def age_of_unanswered(conn: Connection) -> tuple[int, float]:
    """How many urgent requests nobody has acknowledged, and how many seconds the oldest waits."""
    number, seconds = await conn.fetchrow(_UNANSWERED) or (0, 0.0)
    return number, seconds


async def list_of(conn: Connection, case_id: UUID, limit: int) -> list[Shown]:
    """The newest pages of a case."""
    return [Shown(**dict(row)) for row in await conn.fetch(_OF_CASE, case_id, limit)]


async def list_changes(conn: Connection, place_code: str, limit: int) -> list[Changed]:
    """A place's phones, the newest first."""
    rows = await conn.fetch(_HISTORY, place_code, limit)
    return [Changed(**dict(row)) for row in rows]


async def list_asked(conn: Connection, places: Collection[str]) -> set[str]:
    """Those of these places of which somebody has ever said which phone is paged, or none."""
    asked = "SELECT DISTINCT place_code FROM duty_phones WHERE place_code = ANY($1)"
    return {row["place_code"] for row in await conn.fetch(asked, list(places))}


async def set_phone(
    conn: Connection, phone_id: UUID, place_code: str, phone_sealed: str | None, by: str
) -> None:
    """From now on this one is paged; nobody where it is none."""
    await conn.execute(
        """INSERT INTO duty_phones (phone_id, place_code, phone_sealed, changed_by)
           VALUES ($1, $2, $3, $4)""",
        phone_id, place_code, phone_sealed, by,
    )  # fmt: skip
