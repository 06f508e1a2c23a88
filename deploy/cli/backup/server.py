"""The server that is backed up: where it is, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from deploy.cli import surroundings
from deploy.cli.backup.programs import Programs
from shared import secret
from shared.errors import Misconfigured

VARIABLE = "MASHANG_BACKUP_URL"
SLOT = "mashang_backup"
PATIENCE = 10.0
_SELF = """
    SELECT current_setting('server_version_num')::int / 10000 AS major,
           clock_timestamp() AS at,
           EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active) AS followed
"""
_DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"


@dataclass(frozen=True)
class Server:
    """Its URL, of somebody who may replicate and enter every database."""

    url: str

    @classmethod
    def here(cls) -> Server:
        """The one that the environment names, else the local installation's own."""
        if given := secret.read(VARIABLE):
            return cls(given)
        folder = surroundings.data_folder()
        password = folder / "postgres" / "password"
        own = surroundings.local("intake").get("DATABASE_URL")
        if own is None or not password.exists():
            raise Misconfigured(
                f"{VARIABLE} is not set, and there is no PostgreSQL of ours in {folder}; set it to"
                " the URL of a superuser of the server that holds the databases"
            )
        place = urlsplit(own).netloc.rpartition("@")[2]
        word = quote(password.read_text().strip(), safe="")
        return cls(f"postgresql://postgres:{word}@{place}/postgres")

    def for_program(self) -> tuple[str, dict[str, str]]:
        """The URL without its password, which everybody could see, and where that stands."""
        parts = urlsplit(self.url)
        login, at, place = parts.netloc.rpartition("@")
        user, _, word = login.partition(":")
        bare = urlunsplit(parts._replace(netloc=f"{user}{at}{place}"))
        return bare, {"PGPASSWORD": unquote(word)} if word else {}

    async def connect(self, database: str | None = None) -> asyncpg.Connection:
        """A connection of its own."""
        return await asyncpg.connect(self.url, database=database, timeout=PATIENCE)

    async def look(self, programs: Programs) -> tuple[datetime, bool]:
        """What time it is there, and whether somebody follows; Misconfigured if it is another
        version than the programs, which then could restore nothing of it."""
        conn = await self.connect()
        try:
            row = await conn.fetchrow(_SELF, SLOT)
            assert row  # noqa: S101 (tells mypy)
        finally:
            await conn.close()
        if row["major"] != programs.major:
            raise Misconfigured(
                f"the server is PostgreSQL {row['major']}, the programs are of"
                f" {programs.major}; name its own by --programs"
            )
        return row["at"], row["followed"]

    async def migrations(self) -> Mapping[str, list[str]]:
        """By database, to which migrations it was brought; those of others are not among them."""
        conn = await self.connect()
        try:
            names = [row["datname"] for row in await conn.fetch(_DATABASES)]
        finally:
            await conn.close()
        found = {name: await self._heads(name) for name in names}
        return {name: heads for name, heads in found.items() if heads}

    async def _heads(self, database: str) -> list[str]:
        conn = await self.connect(database)
        try:
            if not await conn.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
                return []
            rows = await conn.fetch("SELECT version_num FROM alembic_version ORDER BY 1")
            return [row["version_num"] for row in rows]
        finally:
            await conn.close()
