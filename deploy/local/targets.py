"""Where Prometheus finds the services, as its file of targets has it.

`make run` leaves it at FILE below its data, and `make observe` follows it while either runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from deploy.local.ports import Ports
from shared.flows import SERVICES

FILE = "prometheus/targets.json"


def of(ops_urls: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """One entry a service: the ops ports of its instances, under its name."""
    return [
        {"targets": [urlsplit(url).netloc for url in urls], "labels": {"service": service}}
        for service, urls in ops_urls.items()
    ]


def usual(ports: Ports) -> list[dict[str, Any]]:
    """One instance of each."""
    return of({service: [ports.url(f"ops_{service}")] for service in SERVICES})


def text(entries: Sequence[Mapping[str, Any]]) -> str:
    """The file, an entry a line."""
    return "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in entries) + "\n]\n"
