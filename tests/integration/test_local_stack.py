"""One launcher for a data folder, and databases that belong to one service each."""

from pathlib import Path

import asyncpg
import pytest

from deploy.local import Ports, Postgres, free_port
from deploy.local import databases as prepared
from deploy.local.databases import database_of, make_databases, url_for
from deploy.local.folder import take_folder
from deploy.local.keys import Keys
from deploy.local.process import StartError
from deploy.local.stack import Stack


def test_a_folder_has_one_launcher(tmp_path: Path) -> None:
    """The second one is told which process has it; after the first has gone it may."""
    with take_folder(tmp_path), pytest.raises(StartError, match=r"already running on .* \(process"):
        take_folder(tmp_path)
    take_folder(tmp_path).close()


async def test_a_service_enters_only_its_own_database(tmp_path: Path) -> None:
    """Its role owns nothing, and the other databases refuse it."""
    keys = Keys()
    async with Postgres(tmp_path, free_port(), fsync=False) as server:
        await make_databases(server.admin_url, keys)
        await make_databases(server.admin_url, keys)
        user, password = database_of("rewards"), keys.password_of("rewards")
        own = await asyncpg.connect(url_for(server.admin_url, user, user, password))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await own.execute("CREATE TABLE mine ()")
        await own.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(url_for(server.admin_url, database_of("intake"), user, password))


async def test_a_prepared_server_is_not_asked_again(tmp_path: Path) -> None:
    """The mark spares a second start the whole of the migrations."""
    keys, mark = Keys(), tmp_path / "mark"
    mark.write_text(prepared.fingerprint(keys))
    assert not await prepared.prepare("postgresql://127.0.0.1:1/nowhere", keys, mark)


async def test_another_server_is_taken_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DATABASE_URL and AMQP_URL take the private servers' place, each service with its log-in."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://admin:x@db.example/postgres")
    monkeypatch.setenv("AMQP_URL", "amqp://u:p@mq.example/")
    stack = Stack(tmp_path, Ports.free())
    env = stack.env("scoring")
    password = stack.keys.password_of("scoring")
    assert (None, None) == (stack.postgres, stack.rabbitmq)
    assert (
        f"postgresql://mashang_scoring:{password}@db.example/mashang_scoring",
        "amqp://u:p@mq.example/",
    ) == (env["DATABASE_URL"], env["AMQP_URL"])
