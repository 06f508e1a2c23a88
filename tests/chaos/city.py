"""The installation that is shaken: every service twice, each of them doomed.

The second instances reach database and broker by way of proxies, as if from another machine, which
can vanish: nothing is forwarded any more, and nobody is told.
"""

import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil

from deploy.local.family import descendants
from deploy.local.ports import LOOPBACK, Ports, free_port
from deploy.local.stack import Stack
from shared.flows import SERVICES
from tests.chaos.tally import Tally
from tests.proxy import Proxy, proxy

TWIN = "2"
TWINS = tuple(name + TWIN for name in SERVICES)
DOOMED = (*SERVICES, *TWINS)
# Quick, so that an unknown order is found within seconds: a call, a lease, the vendor's memory.
QUICK = {
    "MASHANG_CALL_S": "2",
    "MASHANG_LEASE_S": "3",
    "MASHANG_RESEND_AFTER_S": "3",
    "MASHANG_SMS_TIMEOUT_SECONDS": "2",
    "MASHANG_SMS_SETTLE_SECONDS": "5",
    "MASHANG_SMS_REPEATS": "10",
    "MASHANG_INSTANCES": "2",
    "MASHANG_POOL_SIZE": "8",
    "MASHANG_SIMULATION": "true",
}


class City(Stack):
    """Its processes are called `rewards` and `rewards2`."""

    def __init__(self, folder: Path, policy: Path, extra: dict[str, str]) -> None:
        super().__init__(folder / "data", Ports.free(), quiet=True)
        self.tally = Tally(folder / "tally")
        self.tally.folder.mkdir(parents=True)
        self._told = {
            **QUICK,
            "MASHANG_POLICY_FILE": str(policy),
            "MASHANG_CHAOS": str(self.tally.folder),
            **extra,
        }
        self._networks = AsyncExitStack()
        self.network: dict[str, Proxy] = {}
        for twin in TWINS:
            self.urls[twin] = f"http://{LOOPBACK}:{free_port()}"
            self.ops_urls[twin] = f"http://{LOOPBACK}:{free_port()}"

    async def start(self) -> None:
        """With the proxies before everything."""
        for server in ("postgres", "rabbitmq"):
            before = proxy(self.ports[server])
            self.network[server] = await self._networks.enter_async_context(before)
        await super().start()

    async def stop(self) -> None:
        """The second instances first; nothing that was frozen stays so."""
        for network in self.network.values():
            network.thaw()
        for name in (*DOOMED, "postgres", "rabbitmq"):
            self.send(name, signal.SIGCONT)
        twins = [self.processes[name] for name in TWINS if name in self.processes]
        await asyncio.gather(*(twin.stop() for twin in twins))
        await super().stop()
        await self._networks.aclose()

    async def _launch(self, name: str, module: str, *arguments: str) -> None:
        if name not in SERVICES:
            return await super()._launch(name, module, *arguments)
        for me in (name, name + TWIN):
            await super()._launch(me, "tests.chaos.doomed", name)
        return None

    def env(self, service: str) -> dict[str, str]:
        """As for the first instance, but for the ports and the way to the servers."""
        name = service.removesuffix(TWIN)
        if name not in SERVICES:
            return super().env(name)
        told = super().env(name) | self._told | {"MASHANG_CHAOS_ME": service}
        if service == name:
            return told
        return told | {
            "MASHANG_HTTP_PORT": str(urlsplit(self.urls[service]).port),
            "MASHANG_OPS_PORT": str(urlsplit(self.ops_urls[service]).port),
            "DATABASE_URL": self._through("postgres", told["DATABASE_URL"]),
            "AMQP_URL": self._through("rabbitmq", told["AMQP_URL"]),
        }

    def _through(self, server: str, url: str) -> str:
        return self.network[server].through(url) if server in self.network else url

    def hosts(self, service: str) -> tuple[str, str]:
        """Where both instances are."""
        return self.urls[service], self.urls[service + TWIN]

    def send(self, name: str, number: signal.Signals) -> None:
        """A signal to a process and all that it started."""
        for process in self._family(name):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _family(self, name: str) -> list[psutil.Process]:
        servers = {"postgres": self.postgres, "rabbitmq": self.rabbitmq}
        target = self.processes.get(name) or servers.get(name)
        pid = target.pid if target else None
        with suppress(psutil.NoSuchProcess):
            return [psutil.Process(pid), *descendants(pid)] if pid else []
        return []

    def owner_url(self, service: str) -> str:
        """An administrator's way into a service's database."""
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/mashang_{service}"))
