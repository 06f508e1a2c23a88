"""One database for each service, on whichever PostgreSQL: roles, rights, migrations."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from deploy.local.keys import Keys
from deploy.local.process import StartError
from deploy.local.settings import ROOT
from shared import budget
from shared.flows import SERVICES

OWNER = "mashang_owner"
MARK = "migrated"


def database_of(service: str) -> str:
    """The database's name, and its login role's."""
    return f"mashang_{service}"


def url_for(admin_url: str, database: str, user: str, password: str) -> str:
    """The same server, another database and log-in."""
    parts = urlsplit(admin_url)
    place = parts.netloc.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{place}", path=f"/{database}"))


def url_of(url: str, database: str) -> str:
    """The same server and log-in, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def prepare(admin_url: str, keys: Keys, mark: Path | None) -> bool:
    """Make all that is missing and migrate; True if there was anything to do.

    `mark` names the file that remembers what a server of our own was brought to. Reading it is
    enough at the next start; a server of somebody else's is asked.
    """
    wanted = fingerprint(keys)
    if mark and mark.exists() and mark.read_text() == wanted:
        return False
    try:
        await make_databases(admin_url, keys)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        reason = str(problem) or type(problem).__name__
        raise StartError(f"the databases cannot be made: {reason}") from None
    await migrate_all(admin_url, keys)
    if mark:
        mark.write_text(wanted)
    return True


async def make_databases(admin_url: str, keys: Keys) -> None:
    """Roles and databases; repeating it only sets the passwords again."""
    admin = await asyncpg.connect(admin_url, timeout=10)
    try:
        await make_role(admin, OWNER, keys.owner_password)
        await admin.execute(f"GRANT {OWNER} TO CURRENT_USER")
        share = (await budget.get_limits(admin)).share
        for service in SERVICES:
            name = database_of(service)
            await make_role(admin, name, keys.password_of(service), share)
            await make_database(admin, name)
    finally:
        await admin.close()


async def make_role(
    admin: asyncpg.Connection, name: str, password: str, connections: int = -1
) -> None:
    """A role that may sign in and nothing else, with so many connections at once (-1: any).

    So one service that runs wild takes no other's: the limits of all fit the server together.
    """
    known = await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if known else "CREATE"
    await admin.execute(
        f"{verb} ROLE {name} LOGIN CONNECTION LIMIT {connections} PASSWORD '{password}'"
    )


async def make_database(admin: asyncpg.Connection, name: str) -> None:
    """A database that only its owner and its own service may enter."""
    if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await admin.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    await keep_to_service(admin, name)


async def keep_to_service(owner: asyncpg.Connection, name: str) -> None:
    """Nobody else's log-in enters the database; its owner may say so, too."""
    await owner.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    await owner.execute(f"GRANT CONNECT ON DATABASE {name} TO {name}")


async def migrate_all(admin_url: str, keys: Keys) -> None:
    """Bring every service's database to its newest migration, one after the other.

    Alembic's context is global to the process, so they cannot run side by side.
    """
    from shared import migrate  # half a second that a second start does not need

    for service in SERVICES:
        await migrate.migrate(
            service, url_for(admin_url, database_of(service), OWNER, keys.owner_password)
        )


def fingerprint(keys: Keys) -> str:
    """What the databases follow from: the migrations, the passwords, the budget of connections."""
    secrets = keys.owner_password + keys.service_password
    digest = hashlib.sha256(f"{secrets} {budget.COMMANDS} {budget.ROLES}".encode())
    folders = [ROOT / "shared", *(ROOT / "services" / name for name in SERVICES)]
    for file in sorted(file for folder in folders for file in folder.glob("migrations/**/*.*")):
        if file.suffix != ".pyc":
            digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()
