"""Which port everything listens on, and who is in the way when one is taken."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from dataclasses import asdict, dataclass, fields
from typing import Self

import psutil

LOOPBACK = "127.0.0.1"
BELOW_EPHEMERAL = (20000, 32768)
_given: set[int] = set()


class PortError(Exception):
    """A port that cannot be used; the text is for a person."""


def free_port() -> int:
    """A loopback port that nobody uses at this moment, never the same twice.

    Drawn below the range from which the kernel takes the ports of outgoing connections: one of
    those may be gone again before a server comes to listen on it.
    """
    while True:
        port = random.randrange(*BELOW_EPHEMERAL)
        if port in _given:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            _given.add(port)
            return port


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
    postgres: int = 15432
    rabbitmq: int = 15670

    @classmethod
    def default(cls) -> Self:
        """The ports that README names."""
        return cls()

    @classmethod
    def free(cls) -> Self:
        """Ports that nobody uses, all different."""
        return cls(**{field.name: free_port() for field in fields(cls)})

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
