"""Where Prometheus finds the services, as its file of targets has it; and where it is found.

`make run` leaves the file at FILE below its data, and `make observe` follows it while either runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from deploy.local.ports import LOOPBACK, Ports, port_number
from shared.flows import SERVICES

FILE = "prometheus/targets.json"
PORT, VARIABLE = 9095, "MASHANG_PORT_PROMETHEUS"


def of(ops_urls: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """One entry a service: the ops ports of its instances, under its name."""
    return [
        {"targets": [urlsplit(url).netloc for url in urls], "labels": {"service": service}}
        for service, urls in ops_urls.items()
    ]


def usual(ports: Ports) -> list[dict[str, Any]]:
    """One instance of each."""
    return of({service: [ports.url(f"ops_{service}")] for service in SERVICES})


def port() -> int:
    """Where `make observe` listens. PortError where the variable is no port."""
    told = os.environ.get(VARIABLE)
    return port_number("prometheus", told) if told else PORT


def server() -> str:
    """Which Prometheus the console's charts ask: the one that is named, or ours."""
    return os.environ.get("MASHANG_PROMETHEUS") or f"http://{LOOPBACK}:{port()}"


def text(entries: Sequence[Mapping[str, Any]]) -> str:
    """The file, an entry a line."""
    return "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in entries) + "\n]\n"
