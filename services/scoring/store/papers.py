"""Numbered documents, by year without gaps: criticisms, what was signed, what clears somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from asyncpg import Record

from services.scoring.rules.sanctions import Sanction
from shared import access
from shared.db import Connection
from shared.events import Attribution, Verdict

Kind = Literal[
    "criticism", "accountability", "transfer", "alert", "interview", "inspection", "clearing"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Free of gaps since the caller holds the lock on verdicts, and a number is only ever committed.
_ADD = """
    INSERT INTO papers (kind, year, number, unit_code, badge, case_ids, period, sanction_id,
                        signed_by, issued_at)
    SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9
    FROM papers WHERE kind = $1 AND year = $2 RETURNING number
"""
_WITHDRAW_SIGNED = """
    INSERT INTO paper_withdrawals (kind, year, number, withdrawn_at)
    SELECT kind, year, number, $2 FROM papers WHERE sanction_id = $1
    RETURNING kind, year, number
"""
_WITHDRAW_CLEARING = """
    INSERT INTO paper_withdrawals (kind, year, number, withdrawn_at)
    SELECT p.kind, p.year, p.number, $3
    FROM papers p LEFT JOIN paper_withdrawals w USING (kind, year, number)
    WHERE p.kind = 'clearing' AND p.badge = $1 AND p.case_ids = ARRAY[$2::uuid]
      AND w.kind IS NULL
    RETURNING kind, year, number
"""
_GONE = """
    WITH gone AS ({withdrawn})
    SELECT kind, year, number, p.unit_code, p.badge
    FROM papers p JOIN gone USING (kind, year, number)
"""
_UNTOLD = """
    DELETE FROM untold_papers WHERE (kind, year, number) IN (
        SELECT kind, year, number FROM untold_papers LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING kind, year, number, unit_code, badge
"""
CRITICISMS = """
    SELECT 'criticism' AS kind, c.year, c.number, c.unit_code, NULL::text AS badge,
           ARRAY[c.case_id] AS case_ids, NULL::text AS period, NULL::text AS signed_by,
           NULL::text AS remark, c.issued_at, w.withdrawn_at
    FROM criticisms c LEFT JOIN criticism_withdrawals w USING (year, number)
"""
OTHERS = """
    SELECT p.kind, p.year, p.number, p.unit_code, p.badge, p.case_ids, p.period, p.signed_by,
           d.reason AS remark, p.issued_at, w.withdrawn_at
    FROM papers p LEFT JOIN paper_withdrawals w USING (kind, year, number)
    LEFT JOIN sanction_decisions d USING (sanction_id)
"""
# Of `those`, with names as they are now.
NAMED = """
    SELECT n.*, coalesce(u.name, n.unit_code) AS unit_name, coalesce(o.name, n.badge) AS officer,
           coalesce(s.name, n.signed_by) AS signer, coalesce(t.name, r.read_by) AS reader, r.read_at
    FROM ({those}) AS n
    LEFT JOIN units u USING (unit_code) LEFT JOIN officers o USING (badge)
    LEFT JOIN staff s ON s.username = n.signed_by
    LEFT JOIN paper_readings r ON (r.kind, r.year, r.number) = (n.kind, n.year, n.number)
    LEFT JOIN staff t ON t.username = r.read_by
"""
_PAPERS = NAMED.format(those=f"{CRITICISMS} UNION ALL {OTHERS}")
_READ = """
    INSERT INTO paper_readings (kind, year, number, unit_code, read_by, read_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING true
"""
_CASES = """
    SELECT v.case_id, coalesce(i.incident_id, v.incident_id) AS incident_id, v.received_at,
           v.verdict, v.categories, v.revision, v.attribution, v.number, v.recused
    FROM verdicts v LEFT JOIN incidents i USING (case_id)
    WHERE v.case_id = ANY($1::uuid[]) ORDER BY v.received_at, v.case_id
"""


@dataclass(frozen=True)
class Addressed:
    """A document by its number, and for whom it is: a unit, or an officer of it."""

    kind: Kind
    year: int
    number: int
    unit_code: str
    badge: str | None


@dataclass(frozen=True)
class Numbered:
    """A document as its page tells of it, names as they are now; `remark` is the signer's."""

    kind: Kind
    year: int
    number: int
    unit_code: str
    unit_name: str
    badge: str | None
    officer: str | None
    case_ids: tuple[UUID, ...]
    period: str | None
    signed_by: str | None
    signer: str | None
    remark: str | None
    issued_at: datetime
    withdrawn_at: datetime | None
    reader: str | None
    read_at: datetime | None


@dataclass(frozen=True)
class Counted:
    """A case that a document is about; the desk keeps it from the identities in `recused`."""

    case_id: UUID
    incident_id: UUID
    received_at: datetime
    verdict: Verdict
    categories: tuple[str, ...]
    revision: int
    attribution: Attribution
    number: str
    recused: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether it is still true."""
        return self.verdict in ("substantiated", "partly")

    @property
    def inspected(self) -> bool:
        """Whether nobody but the city's inspection and the auditors is told what it is about."""
        return access.OUTSIDERS in self.recused


async def add_signed(
    conn: Connection, sanction: Sanction, year: int, signed_by: str, at: datetime
) -> int:
    """The year's next document of its kind. The caller holds `lock_verdicts` and acts as itself."""
    what = (sanction.rule, year, sanction.unit_code, sanction.badge, list(sanction.case_ids))
    return int(
        await conn.fetchval(_ADD, *what, sanction.period, sanction.sanction_id, signed_by, at)
    )


async def add_clearing(
    conn: Connection, year: int, unit_code: str, badge: str, case_id: UUID, at: datetime
) -> int:
    """The same for a note that clears an officer, which nobody signs."""
    what = ("clearing", year, unit_code, badge, [case_id], None, None, None)
    return int(await conn.fetchval(_ADD, *what, at))


async def withdraw_signed(conn: Connection, sanction_id: UUID, at: datetime) -> list[Addressed]:
    """Take back the document of a sanction, if there is one; which it was."""
    rows = await conn.fetch(_GONE.format(withdrawn=_WITHDRAW_SIGNED), sanction_id, at)
    return [Addressed(**dict(row)) for row in rows]


async def withdraw_clearing(
    conn: Connection, badge: str, case_id: UUID, at: datetime
) -> list[Addressed]:
    """Take back the note that cleared an officer in a case; which it was."""
    rows = await conn.fetch(_GONE.format(withdrawn=_WITHDRAW_CLEARING), badge, case_id, at)
    return [Addressed(**dict(row)) for row in rows]


async def take_untold(conn: Connection, limit: int) -> list[Addressed]:
    """Documents from before the desk was told of any, from now on told."""
    return [Addressed(**dict(row)) for row in await conn.fetch(_UNTOLD, limit)]


async def get(conn: Connection, kind: str, year: int, number: int) -> Numbered | None:
    """One, if the operator may see its unit."""
    row = await conn.fetchrow(
        f"{_PAPERS} WHERE n.kind = $1 AND n.year = $2 AND n.number = $3", kind, year, number
    )
    return numbered(row) if row else None


async def list_unread(conn: Connection, unit_code: str, limit: int) -> list[Numbered]:
    """What is in force for a unit and its officers and nobody there has read, the oldest first."""
    rows = await conn.fetch(
        f"""{_PAPERS} WHERE n.unit_code = $1 AND r.read_at IS NULL AND n.withdrawn_at IS NULL
            ORDER BY n.issued_at, n.kind, n.number LIMIT $2""",
        unit_code, limit,
    )  # fmt: skip
    return [numbered(row) for row in rows]


async def mark_read(conn: Connection, one: Numbered, who: str, at: datetime) -> bool:
    """Once a document; False if somebody did before."""
    row = (one.kind, one.year, one.number, one.unit_code, who, at)
    return await conn.fetchval(_READ, *row) is True


async def list_of_unit(conn: Connection, unit_code: str, limit: int) -> list[Numbered]:
    """The newest about a unit and its officers."""
    rows = await conn.fetch(
        f"""{_PAPERS} WHERE n.unit_code = $1
            ORDER BY n.issued_at DESC, n.kind, n.number DESC LIMIT $2""",
        unit_code, limit,
    )  # fmt: skip
    return [numbered(row) for row in rows]


async def list_of_officer(conn: Connection, badge: str) -> list[Numbered]:
    """All about one officer, the newest first."""
    rows = await conn.fetch(f"{_PAPERS} WHERE n.badge = $1 ORDER BY n.issued_at DESC", badge)
    return [numbered(row) for row in rows]


async def list_cases(conn: Connection, case_ids: Sequence[UUID]) -> list[Counted]:
    """What these cases were about, in the order of receipt."""
    rows = await conn.fetch(_CASES, list(case_ids))
    return [_counted(row) for row in rows]


def _counted(row: Record) -> Counted:
    arrays = {name: tuple(row[name]) for name in ("categories", "recused")}
    return Counted(**dict(row) | arrays)


def numbered(row: Record) -> Numbered:
    """A row of `NAMED`."""
    return Numbered(**dict(row) | {"case_ids": tuple(row["case_ids"])})
