"""Phones that were bound after sending, and the one-time codes that show whose they are."""

from dataclasses import astuple, dataclass, field, fields
from datetime import datetime, timedelta
from uuid import UUID

from shared.db import Connection


@dataclass(frozen=True)
class Contact:
    """A bound phone; nothing where it was erased."""

    phone_sealed: str | None = field(repr=False)
    phone_index: str | None
    bound_at: datetime


@dataclass(frozen=True)
class PhoneCode:
    """A one-time code that was asked for; `sent` unless it was over a limit."""

    id: UUID
    submission_id: UUID
    phone_sealed: str = field(repr=False)
    phone_index: str
    code_hash: str = field(repr=False)
    sent: bool
    requested_at: datetime
    expires_at: datetime
    attempts: int = 0
    used_at: datetime | None = None


_COLUMNS = ", ".join(one.name for one in fields(PhoneCode))
_ADD = f"""
    INSERT INTO phone_codes ({_COLUMNS})
    VALUES ({", ".join(f"${n}" for n, _ in enumerate(fields(PhoneCode), 1))})
"""  # noqa: S608  the names are this module's own
_NEWEST = f"""
    SELECT {_COLUMNS} FROM phone_codes WHERE submission_id = $1
    ORDER BY requested_at DESC LIMIT 1
"""  # noqa: S608


async def get(conn: Connection, submission_id: UUID) -> Contact | None:
    """The phone that was bound to a submission."""
    row = await conn.fetchrow(
        "SELECT phone_sealed, phone_index, bound_at FROM contacts WHERE submission_id = $1",
        submission_id,
    )
    return Contact(**dict(row)) if row else None


async def put(conn: Connection, submission_id: UUID, contact: Contact) -> None:
    """Bind a phone, in place of one before."""
    await conn.execute(
        """INSERT INTO contacts (submission_id, phone_sealed, phone_index, bound_at)
           VALUES ($1, $2, $3, $4)
           ON CONFLICT ON CONSTRAINT contacts_pkey DO UPDATE SET
               (phone_sealed, phone_index, bound_at) = ($2, $3, $4)""",
        submission_id, contact.phone_sealed, contact.phone_index, contact.bound_at,
    )  # fmt: skip


async def add_code(conn: Connection, code: PhoneCode) -> None:
    """A code that was asked for."""
    await conn.execute(_ADD, *astuple(code))


async def get_newest(conn: Connection, submission_id: UUID) -> PhoneCode | None:
    """The newest code of a submission: only it can be used."""
    row = await conn.fetchrow(_NEWEST, submission_id)
    return PhoneCode(**dict(row)) if row else None


async def mark_attempt(conn: Connection, code_id: UUID, used_at: datetime | None) -> None:
    """Somebody typed it, rightly where it is used up by that."""
    await conn.execute(
        "UPDATE phone_codes SET attempts = attempts + 1, used_at = $2 WHERE id = $1",
        code_id, used_at,
    )  # fmt: skip


async def remove_old(conn: Connection, kept: timedelta) -> None:
    """Forget codes, and the phones that they went to."""
    await conn.execute(
        "DELETE FROM phone_codes WHERE requested_at < mashang_now() - $1::interval", kept
    )
