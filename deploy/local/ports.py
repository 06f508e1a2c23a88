"""Which port everything listens on, and who is in the way when one is taken."""

from __future__ import annotations

import contextlib
import os
import socket
from dataclasses import asdict, dataclass, fields
from typing import Self

import psutil

LOOPBACK = "127.0.0.1"


class PortError(Exception):
    """A port that cannot be used; the text is for a person."""


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Ports:
    """One port for everything that listens; `ops_` ports serve health and metrics."""

    intake: int = 8080
    verification: int = 8081
    rewards: int = 8082
    notifications: int = 8083
    scoring: int = 8084
    sandbox: int = 8090
    ops_intake: int = 9080
    ops_verification: int = 9081
    ops_rewards: int = 9082
    ops_notifications: int = 9083
    ops_scoring: int = 9084
    postgres: int = 54320
    rabbitmq: int = 56720

    @classmethod
    def default(cls) -> Self:
        """The ports that README names."""
        return cls()

    @classmethod
    def free(cls) -> Self:
        """Ports that nobody uses, all different."""
        with contextlib.ExitStack() as held:
            names = [field.name for field in fields(cls)]
            probes = {name: held.enter_context(socket.socket()) for name in names}
            for probe in probes.values():
                probe.bind((LOOPBACK, 0))
            return cls(**{name: probe.getsockname()[1] for name, probe in probes.items()})

    @classmethod
    def from_env(cls) -> Self:
        """The default ports, each moved by its own variable (`MASHANG_PORT_INTAKE=18080`)."""
        chosen = {}
        for field in fields(cls):
            text = os.environ.get(variable(field.name))
            if text:
                chosen[field.name] = port_number(field.name, text)
        return cls(**chosen)

    def check_free(self, *, skip: tuple[str, ...] = ()) -> None:
        """Raise PortError for the first port that is taken, naming the holder where it shows."""
        for name, port in asdict(self).items():
            if name not in skip:
                check_free(name, port)


def variable(name: str) -> str:
    """The environment variable that moves a port."""
    return f"MASHANG_PORT_{name.upper()}"


def port_number(name: str, text: str) -> int:
    """A port from the environment."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise PortError(f"{variable(name)}={text} is no port; give a number from 1 to 65535")
    return int(text)


def check_free(name: str, port: int) -> None:
    """Try to listen; a port in TIME_WAIT counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as problem:
            reason = f"in use{holder(port)}" if problem.errno == 98 else problem.strerror
            raise PortError(
                f"port {port} ({name}) is {reason}; set {variable(name)} to another one"
            ) from None


def holder(port: int) -> str:
    """` by NAME (process ID)` if the system lets us see it, else nothing."""
    with contextlib.suppress(psutil.Error):
        for item in psutil.net_connections("tcp"):
            here = item.status == psutil.CONN_LISTEN and item.laddr and item.laddr[1] == port
            if here and item.pid:
                return f" by {psutil.Process(item.pid).name()} (process {item.pid})"
    return ""
