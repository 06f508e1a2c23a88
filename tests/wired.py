"""Services as the launcher's environment wires them, not connected to anything."""

from functools import cache
from importlib import import_module
from typing import Any, cast

from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.settings import service_env
from shared import config
from shared.db import Database
from shared.service import Service
from shared.web.endpoints import Endpoint
from tests.town import SERVICES, environ

NOWHERE = "postgresql://nowhere/none"


@cache
def wired(name: str) -> Service:
    """A service whose handlers would fail for want of a database, and whose tables are true."""
    env = service_env(
        name, ports=Ports.default(), keys=Keys(), database_url=NOWHERE, amqp_url="amqp://nowhere"
    )
    with environ(env):
        settings = config.load(import_module(f"services.{name}.settings").Settings)
        build: Any = import_module(f"services.{name}.service").build
        return cast(Service, build(settings, Database(cast(Any, None))))


def endpoints() -> list[tuple[str, Endpoint]]:
    """Every endpoint of every service."""
    return [(name, one) for name in SERVICES for one in wired(name).endpoints]
