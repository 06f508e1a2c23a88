"""A local installation at rest: its folder, ports, secrets and servers."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import databases, envfiles, instances, targets
from deploy.local.console import Console
from deploy.local.folder import private_file, private_folder
from deploy.local.keys import Keys
from deploy.local.ports import LOOPBACK, Ports, free_port
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.settings import SANDBOX, sandbox_env, service_env
from shared import secret
from shared.flows import SERVICES


class Installation:
    """Where everything is, and what each service is told.

    `DATABASE_URL` (an administrator's) and `AMQP_URL` in the environment, or in the files that it
    names, take the place of the private servers.
    """

    def __init__(
        self, data: Path, ports: Ports, console: Console, *, fsync: bool, restart: bool
    ) -> None:
        self.data = data.absolute()
        self.ports = ports
        self.console = console
        self.urls = {name: ports.url(name) for name in (*SERVICES, SANDBOX)}
        self.ops_urls = {name: ports.url(f"ops_{name}") for name in SERVICES}
        self.instances = instances.wanted()
        for _, *further in self.instances.values():
            self.ops_urls |= {name: f"http://{LOOPBACK}:{free_port()}" for name in further}
        self._keys: Keys | None = None
        self._database_url = secret.read("DATABASE_URL") or ""
        self.broker_url = secret.read("AMQP_URL") or ""
        self.postgres = None if self._database_url else self._postgres(fsync, restart)
        self.rabbitmq = None if self.broker_url else self._rabbitmq(restart)

    def _postgres(self, fsync: bool, restart: bool) -> Postgres:
        note = self.console.speaker("postgres")
        return Postgres(
            self.data / "postgres", self.ports["postgres"], fsync=fsync, restart=restart, note=note
        )

    def _rabbitmq(self, restart: bool) -> RabbitMQ:
        return RabbitMQ(
            self.data / "rabbitmq",
            self.ports["rabbitmq"],
            passwords={name: self.keys.broker_password_of(name) for name in SERVICES},
            restart=restart,
            note=self.console.speaker("rabbitmq"),
        )

    @property
    def keys(self) -> Keys:
        """The installation's secrets, the demo's password among them."""
        if self._keys is None:
            self._keys = Keys.of(private_folder(self.data))
        return self._keys

    @property
    def admin_url(self) -> str:
        """The administrator's connection to PostgreSQL."""
        return self.postgres.admin_url if self.postgres else self._database_url

    def amqp_url(self, service: str) -> str:
        """The service's own log-in at our broker; somebody else's has one for all."""
        return self.rabbitmq.url_of(service) if self.rabbitmq else self.broker_url

    def database_url(self, service: str) -> str:
        """The service's own connection to its own database."""
        name = databases.database_of(service)
        return databases.url_for(self.admin_url, name, name, self.keys.password_of(service))

    def env(self, name: str) -> dict[str, str]:
        """The complete environment of one instance of a service, or of the sandbox."""
        if name == SANDBOX:
            return sandbox_env(self.ports, self.keys)
        service = instances.service_of(name)
        told = service_env(
            service,
            ports=self.ports,
            keys=self.keys,
            database_url=self.database_url(service),
            amqp_url=self.amqp_url(service),
            photos=os.environ.get("MASHANG_PHOTOS") or str(self.data / "photos"),
        )
        several = len(self.instances[service])
        if several == 1:
            return told
        ops = str(urlsplit(self.ops_urls[name]).port)
        return told | {"MASHANG_INSTANCES": str(several), "MASHANG_OPS_PORT": ops}

    def write_targets(self) -> None:
        """Leave where each instance tells of itself, for Prometheus."""
        told = {
            service: [self.ops_urls[name] for name in names]
            for service, names in self.instances.items()
        }
        private_file(self.data / targets.FILE, targets.text(targets.of(told)))

    def write_environments(self) -> None:
        """Leave them in files, for the commands."""
        for name in SERVICES:
            envfiles.write(self.data / "env", name, self.env(name))
        administrator = self.rabbitmq.amqp_url if self.rabbitmq else self.broker_url
        envfiles.write(self.data / "env", "broker", {"AMQP_URL": administrator})
