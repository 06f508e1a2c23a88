"""The simulated vendors of one machine: how services and sandbox reach each other."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.sandbox.dialect import Dialect, Kind
from deploy.sandbox.dialects import DIALECTS, of_kind
from shared.vendors import reports

BUYS: Mapping[str, Kind] = {"rewards": "airtime", "notifications": "sms"}
RETIRED = "MASHANG_AIRTIME_RETIRED"
CHOSEN: Mapping[Kind, str] = {"airtime": "MASHANG_AIRTIME_VENDORS", "sms": "MASHANG_SMS_VENDORS"}
# So many of a kind a local installation uses at once.
USED: Mapping[Kind, int] = {"airtime": 1, "sms": 2}

SMS_FEN = 5


def caller_env(service: str, ports: Ports, keys: Keys) -> dict[str, str]:
    """What a service that buys needs: the vendors that the caller names, or the first of its kind.

    All of them are at the sandbox. A name that is none stays, and the service refuses to start.
    """
    kind = BUYS[service]
    selling = _named(CHOSEN[kind]) or [one.name for one in of_kind(kind)[: USED[kind]]]
    told = {
        CHOSEN[kind]: os.environ.get(CHOSEN[kind]) or ",".join(selling),
        "MASHANG_REPORT_URL": reports_of(service, ports),
    }
    known = [DIALECTS[name] for name in selling if name in DIALECTS]
    retired = _named(RETIRED) if kind == "airtime" else []
    for dialect in (*known, *(DIALECTS[name] for name in retired if name in DIALECTS)):
        told |= dialect.caller_environment(keys.sandbox_seed, ports.url("sandbox"))
    return told | (_sms_env(known) if kind == "sms" else {})


def _named(variable: str) -> list[str]:
    """The vendors' names in the order given, without the shares that some have."""
    parts = os.environ.get(variable, "").split(",")
    return [name for part in parts if (name := part.partition(":")[0].strip())]


def _sms_env(vendors: Sequence[Dialect]) -> dict[str, str]:
    """A plausible price each; and nobody in a sandbox sleeps, so a demo by night is one, too."""
    prices = ",".join(f"{dialect.name}={SMS_FEN}" for dialect in vendors)
    told = {"MASHANG_SMS_FEN": prices, "MASHANG_SMS_PATIENT": "false"}
    return told | {name: os.environ[name] for name in told if name in os.environ}


def account_env(ports: Ports, keys: Keys) -> dict[str, str]:
    """The vendors' side of the same log-ins, and where each reports."""
    buyers = {kind: service for service, kind in BUYS.items()}
    told: dict[str, str] = {}
    for dialect in DIALECTS.values():
        secret = dialect.secret(keys.sandbox_seed, "report_secret")
        base = reports_of(buyers[dialect.kind], ports)
        told |= dialect.environment(keys.sandbox_seed)
        told[dialect.variable("report_url")] = reports.address(base, dialect.name, secret)
        if dialect.kind == "sms":
            inbound = reports.address(base, dialect.name, secret, reports.INBOUND)
            told[dialect.variable("inbound_url")] = inbound
    return told


def reports_of(service: str, ports: Ports) -> str:
    """Where vendors reach a service."""
    return ports.url(service)
