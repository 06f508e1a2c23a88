"""How many of each service run on this machine: `MASHANG_INSTANCES_REWARDS=3 make run`.

All instances of a service listen on its one port, and the kernel deals out connections; each has an
ops port of its own. They are called `rewards`, `rewards-2`, `rewards-3`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from deploy.local.process import StartError
from shared.flows import SERVICES

MOST = 16


def variable(service: str) -> str:
    """What tells how many."""
    return f"MASHANG_INSTANCES_{service.upper()}"


def wanted() -> Mapping[str, tuple[str, ...]]:
    """The names of each service's instances. StartError where a number is none."""
    return {service: _names(service, _number(service)) for service in SERVICES}


def _number(service: str) -> int:
    text = os.environ.get(variable(service)) or "1"
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= MOST:
        raise StartError(
            f"{variable(service)}={text} is no number of instances; give one from 1 to {MOST}"
        )
    return int(text)


def _names(service: str, number: int) -> tuple[str, ...]:
    return (service, *(f"{service}-{place}" for place in range(2, number + 1)))


def service_of(name: str) -> str:
    """Whose instance it is."""
    return name.partition("-")[0]
