"""Where Prometheus finds the services, as its file of targets has it."""

from __future__ import annotations

import json
from typing import Any

from deploy.local.ports import LOOPBACK, Ports
from shared.flows import SERVICES


def of(ports: Ports) -> list[dict[str, Any]]:
    """One entry a service: its ops port, under its name."""
    return [
        {"targets": [f"{LOOPBACK}:{ports[f'ops_{name}']}"], "labels": {"service": name}}
        for name in SERVICES
    ]


def text(ports: Ports) -> str:
    """The file, an entry a line."""
    return "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in of(ports)) + "\n]\n"
