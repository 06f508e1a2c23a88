"""A private PostgreSQL: its own data folder and port, loopback only, gone when we are gone."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import time
from pathlib import Path
from urllib.parse import quote

import asyncpg

from deploy.local.account import Account, choose_account
from deploy.local.folder import private_file, private_folder
from deploy.local.ports import LOOPBACK
from deploy.local.postgres_cluster import (
    SUPERUSER,
    copy_cluster,
    installed_programs,
    make_cluster,
    settle,
)
from deploy.local.process import Process, Sink, StartError
from deploy.local.running import Running
from deploy.local.tail import tail

READY_WITHIN = 60.0


class Postgres(Running):
    """One server. `fsync=False` is for tests only: a power cut would cost the data.

    `start` makes the data folder when there is none, and may be called again after `stop` or
    `kill`. With `restart` a server that dies is started again by itself. One that `follows`
    another, which runs, is its standby: it is read from, and written to once it is promoted.
    """

    def __init__(
        self,
        data: Path,
        port: int,
        *,
        fsync: bool = True,
        restart: bool = False,
        note: Sink | None = None,
        follows: Postgres | None = None,
    ) -> None:
        self._follows = follows
        self.data = data.absolute()
        self.port = port
        self.log = self.data / "postgres.log"
        self._fsync = fsync
        self._restart = restart
        self._note = note
        self._process: Process | None = None

    async def start(self) -> None:
        """Return when the server answers queries; StartError with its last words otherwise."""
        private_folder(self.data)
        account = choose_account(self.data, installed_programs())
        await asyncio.to_thread(self._make, account)
        cluster = account.data / "cluster"
        self._process = Process(
            "postgres",
            [str(account.programs / "postgres"), "-D", str(cluster), *self._settings()],
            cwd=account.data,
            user=account.user,
            output=self.log,
            note=self._note,
            restart=self._restart,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            before=lambda: settle(cluster),
        )
        await self._process.start()
        await self.until_ready()

    def _make(self, account: Account) -> None:
        if other := self._follows:
            place = f"host={LOOPBACK} port={other.port} application_name={self._name}"
            copy_cluster(account, self._password(), place)
        else:
            make_cluster(account, self._password())

    @property
    def _name(self) -> str:
        """What a standby is called where it follows."""
        return f"standby_{self.port}"

    async def wait_for(self, standby: Postgres) -> None:
        """From now on nothing is confirmed that the standby does not have on its disk as well."""
        await self._say(
            f"ALTER SYSTEM SET synchronous_standby_names = '{standby._name}'",
            "SELECT pg_reload_conf()",
        )

    async def promote(self) -> None:
        """A standby follows nobody any more; return when it can be written to."""
        await self._say("SELECT pg_promote()")

    async def _say(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.admin_url, timeout=10)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything is on disk."""
        if self._process:
            await self._process.stop()

    async def kill(self) -> None:
        """SIGKILL the postmaster and every backend."""
        if self._process:
            await self._process.kill()

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, None while it is down."""
        return self._process.pid if self._process else None

    @property
    def admin_url(self) -> str:
        """The superuser's connection to the database `postgres`."""
        return self.url("postgres")

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """A connection URL; the superuser's password is filled in."""
        if password is None and user == SUPERUSER:
            password = self._password()
        login = user if password is None else f"{user}:{quote(password, safe='')}"
        return f"postgresql://{login}@{LOOPBACK}:{self.port}/{database}"

    def _password(self) -> str:
        if self._follows:
            return self._follows._password()
        path = self.data / "password"
        if not path.exists():
            private_file(path, secrets.token_urlsafe(24))
        return path.read_text().strip()

    def _settings(self) -> list[str]:
        switch = "on" if self._fsync else "off"
        settings = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            "unix_socket_directories": "",
            "shared_buffers": "128MB",
            "max_connections": 200,
            "fsync": switch,
            "synchronous_commit": "on",  # a killed server must keep what it confirmed
            "full_page_writes": switch,
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        return [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]

    async def until_ready(self) -> None:
        """Wait until a client can sign in; StartError with the last words of the log if not."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self._process and self._process.ended:
                break
            with contextlib.suppress(OSError, asyncpg.PostgresError, TimeoutError):
                connection = await asyncpg.connect(self.admin_url, timeout=5)
                await connection.close()
                return
            await asyncio.sleep(0.05)
        raise StartError(f"PostgreSQL did not start; {self.log} ends with: {tail(self.log)}")
