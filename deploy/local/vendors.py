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
CHOSEN: Mapping[Kind, str] = {"airtime": "MASHANG_AIRTIME_VENDORS", "sms": "MASHANG_SMS_VENDORS"}
# So many of a kind a local installation uses at once.
USED: Mapping[Kind, int] = {"airtime": 1, "sms": 2}

SMS_FEN = 5


def caller_env(service: str, ports: Ports, keys: Keys) -> dict[str, str]:
    """What a service that buys needs: the vendors of its kind in use, at the sandbox."""
    kind, sandbox = BUYS[service], ports.url("sandbox")
    vendors = _used(kind)
    told = {
        CHOSEN[kind]: os.environ.get(CHOSEN[kind]) or ",".join(one.name for one in vendors),
        "MASHANG_REPORT_URL": reports_of(service, ports),
        **(_sms_env(vendors) if kind == "sms" else {}),
    }
    for vendor in vendors:
        told |= vendor.caller_environment(keys.sandbox_seed, sandbox)
    return told


def _used(kind: Kind) -> list[Dialect]:
    """Those that the variable names, or the first ones."""
    known = {dialect.name: dialect for dialect in of_kind(kind)}
    named = [part.partition(":")[0].strip() for part in os.environ.get(CHOSEN[kind], "").split(",")]
    return [known[name] for name in named if name in known] or of_kind(kind)[: USED[kind]]


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
