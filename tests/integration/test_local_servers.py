"""The private PostgreSQL and RabbitMQ: they start from anything and keep what they confirmed."""

import asyncio
import os
from pathlib import Path

import aio_pika
import asyncpg
import psutil
import pytest
from aiormq.abc import FieldTable

from deploy.local import Postgres, RabbitMQ, account, free_port
from deploy.local.account import Account
from deploy.local.postgres_cluster import installed_programs, make_cluster
from deploy.local.process import StartError

QUORUM: FieldTable = {"x-queue-type": "quorum"}


def listening(pid: int | None) -> set[str]:
    """The addresses on which a process and its children accept connections."""
    parent = psutil.Process(pid)
    return {
        connection.laddr[0]
        for process in (parent, *parent.children(recursive=True))
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    }


async def test_postgres_keeps_what_it_committed(tmp_path: Path) -> None:
    """A row is there after SIGKILL of the whole server and another start."""
    async with Postgres(tmp_path, free_port()) as server:
        connection = await asyncpg.connect(server.admin_url)
        await connection.execute("CREATE TABLE kept AS SELECT '码上评' AS word")
        await server.kill()
        connection.terminate()
        await server.start()
        connection = await asyncpg.connect(server.admin_url)
        assert "码上评" == await connection.fetchval("SELECT word FROM kept")
        assert {"127.0.0.1"} == listening(server.pid)
        await connection.close()


async def test_postgres_asks_for_a_password(tmp_path: Path) -> None:
    """Another user of this machine is not let in."""
    async with Postgres(tmp_path, free_port(), fsync=False) as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url("postgres", password="guessed"))


async def test_postgres_is_not_fooled_by_a_stale_lock_file(tmp_path: Path) -> None:
    """A left-over lock file whose process id belongs to somebody else by now is dropped."""
    server = Postgres(tmp_path, free_port(), fsync=False)
    async with server:
        cluster = tmp_path / "cluster"
        if not cluster.exists():
            cluster = Path((tmp_path / "location").read_text().strip()) / "cluster"
        lock = (cluster / "postmaster.pid").read_text()
        await server.kill()
        _, rest = lock.split("\n", 1)
        (cluster / "postmaster.pid").write_text(f"{os.getppid()}\n{rest}")
        await server.start()
        assert server.pid is not None


async def test_postgres_is_started_again_by_itself(tmp_path: Path) -> None:
    """With `restart` a killed server comes back on the same port."""
    async with Postgres(tmp_path, free_port(), fsync=False, restart=True) as server:
        await server.kill()
        await server.until_ready()
        connection = await asyncpg.connect(server.admin_url)
        assert 1 == await connection.fetchval("SELECT 1")
        await connection.close()


async def test_a_half_made_data_folder_is_made_again(tmp_path: Path) -> None:
    """What an interrupted initdb left is not taken for a database."""
    (tmp_path / "cluster.new").mkdir()
    (tmp_path / "cluster.new" / "PG_VERSION").write_text("18\n")
    async with Postgres(tmp_path, free_port(), fsync=False) as server:
        assert server.pid is not None


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The error is one line with the server's own last words."""
    async with Postgres(tmp_path / "first", free_port(), fsync=False) as first:
        second = Postgres(tmp_path / "second", first.port, fsync=False)
        with pytest.raises(StartError, match="PostgreSQL did not start") as caught:
            async with second:
                pass
    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_namespaces_uses_a_system_user(tmp_path: Path) -> None:
    """The data lies where that user can reach it, and a removed data folder is a clean start."""
    chosen = account.choose_account(tmp_path, installed_programs(), namespaces=False)
    try:
        make_cluster(chosen, "secret")
        owner = chosen.data.stat().st_uid
        assert (True, owner) == (owner > 0, (chosen.data / "cluster").stat().st_uid)
        (tmp_path / account.POINTER).unlink()
        again = account.choose_account(tmp_path, installed_programs(), namespaces=False)
        assert (chosen, []) == (again, list(again.data.iterdir()))
    finally:
        remove(chosen)


def remove(chosen: Account) -> None:
    """Take away what lies outside of the test's own folder."""
    for path in sorted(chosen.data.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    chosen.data.rmdir()


async def test_rabbitmq_keeps_what_it_confirmed_beside_another_broker(
    tmp_path: Path, rabbitmq: RabbitMQ
) -> None:
    """A second node takes nothing from the first, listens on loopback only, survives SIGKILL.

    Its name server lives through that, and ends with it.
    """
    other = rabbitmq.pid
    async with RabbitMQ(tmp_path, free_port()) as server:
        connection = await aio_pika.connect(server.amqp_url)
        channel = await connection.channel()
        await channel.declare_queue("kept", durable=True, arguments=QUORUM)
        await channel.default_exchange.publish(
            aio_pika.Message(b"x", delivery_mode=aio_pika.DeliveryMode.PERSISTENT), "kept"
        )
        assert {"127.0.0.1"} == listening(server.pid)
        # The node writes its list of queues down every half second only.
        await asyncio.sleep(1)
        await server.kill()
        await connection.close()
        await server.start()
        connection = await aio_pika.connect(server.amqp_url)
        queue = await (await connection.channel()).get_queue("kept")
        message = await queue.get(timeout=30)
        assert b"x" == message.body
        await connection.close()
    assert other == rabbitmq.pid
    assert [] == [one for one in psutil.Process().children() if one.cwd() == str(tmp_path)]


def test_a_missing_rabbitmq_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the program, the package and the variable."""
    monkeypatch.setenv("MASHANG_RABBITMQ_SERVER", "/nowhere/rabbitmq-server")
    with pytest.raises(StartError, match="/nowhere/rabbitmq-server is missing: install RabbitMQ"):
        asyncio.run(RabbitMQ(tmp_path, free_port()).start())
