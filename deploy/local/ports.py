"""Which port everything listens on, and who is in the way when one is taken."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import psutil

from shared.flows import SERVICES

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


DEFAULTS: Mapping[str, int] = {
    **{service: 8080 + place for place, service in enumerate(SERVICES)},
    "sandbox": 8090,
    **{f"ops_{service}": 9080 + place for place, service in enumerate(SERVICES)},
    "postgres": 15432,
    "rabbitmq": 15670,
}


@dataclass(frozen=True, slots=True)
class Ports:
    """One port for everything that listens; `ops_` ports serve health and metrics."""

    numbers: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.numbers[name]

    def url(self, name: str) -> str:
        """The HTTP base of something that listens here."""
        return f"http://{LOOPBACK}:{self[name]}"

    @classmethod
    def default(cls) -> Self:
        """The ports that README names; a service added later gets the next one."""
        return cls(DEFAULTS)

    @classmethod
    def free(cls) -> Self:
        """Ports that nobody uses, all different."""
        return cls({name: free_port() for name in DEFAULTS})

    @classmethod
    def from_env(cls) -> Self:
        """The default ports, each moved by its own variable (`MASHANG_PORT_INTAKE=18080`)."""
        given = {name: os.environ.get(variable(name)) for name in DEFAULTS}
        chosen = {name: port_number(name, text) for name, text in given.items() if text}
        ports = cls({**DEFAULTS, **chosen})
        ports.check_different()
        return ports

    def check_different(self) -> None:
        """Raise PortError for the first two that would be in each other's way."""
        holders: dict[int, str] = {}
        for name, port in self.numbers.items():
            other = holders.setdefault(port, name)
            if other != name:
                raise PortError(
                    f"{other} and {name} would both listen on port {port};"
                    f" set {variable(other)} or {variable(name)} to another one"
                )

    def check_free(self, *, skip: tuple[str, ...] = ()) -> None:
        """Raise PortError for the first port that is taken, naming the holder where it shows."""
        for name, port in self.numbers.items():
            if name not in skip:
                check_free(name, port)


def variable(name: str) -> str:
    """The environment variable that moves a port."""
    return f"MASHANG_PORT_{name.upper()}"


def port_number(name: str, text: str) -> int:
    """A port from the environment."""
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
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
