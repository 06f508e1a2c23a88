"""What each service reads from its environment, from its own Settings and its vendors'."""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from services.notifications.providers import registry as sms
from services.rewards.providers import registry as airtime
from shared import config, secret
from shared.db import Database
from shared.service import Service
from tests.town import environ

ROOT = Path(__file__).parents[2]
CADDYFILE = (ROOT / "deploy" / "proxy" / "Caddyfile").read_text("utf-8")
# Where the proxy listens: to be led to TLS, for everybody, for the staff of each service.
PLAIN, PUBLIC = 8000, 8443
STAFF = {"verification": 8444, "rewards": 8445, "notifications": 8446, "scoring": 8447,
         "intake": 8448}  # fmt: skip
AT = "/run/secrets/mashang/"
SELLING = {"rewards": ("MASHANG_AIRTIME_VENDORS", airtime.ADAPTERS.__getitem__),
           "notifications": ("MASHANG_SMS_VENDORS", sms.VENDORS.__getitem__)}  # fmt: skip
_ASKED = re.compile(r"\$\{(\w+)(?::?([-?])([^}]*))?\}")


def kinds(service: str, told: Mapping[str, str]) -> Iterator[type[BaseSettings]]:
    """The service's settings, and those of each vendor that it is told to use."""
    yield import_module(f"services.{service}.settings").Settings
    if service in SELLING:
        variable, adapter = SELLING[service]
        for name in told[variable].split(","):
            yield import_module(adapter(name.partition(":")[0].strip()).__module__).Settings


def variables(kind: type[BaseSettings]) -> dict[str, Any]:
    """Each setting's variable, and its field."""
    prefix = kind.model_config.get("env_prefix", "")
    return {
        str(field.validation_alias or f"{prefix}{name}").upper(): field
        for name, field in kind.model_fields.items()
    }


def faults(service: str, told: Mapping[str, str]) -> list[str]:
    """What is told that nobody reads, needed and not told, or a secret that stands in the open."""
    known, hidden, needed = set[str](), set[str](), set[str]()
    for kind in kinds(service, told):
        read = variables(kind)
        known |= read.keys()
        needed |= {name for name, field in read.items() if field.is_required()}
        hidden |= {name for _, name in config.secrets(kind)}
    files = {secret.file_of(name): name for name in hidden}
    given = {files.get(name, name) for name in told}
    return sorted([
        *(f"nobody reads {name}" for name in given - known),
        *(f"{name} is missing" for name in needed - given),
        *(f"{name} stands in the open" for name in hidden & told.keys() if told[name]),
        *(f"{name} has another file's name" for name in files.keys() & told.keys()
          if told[name] != AT + files[name]),
    ])  # fmt: skip


def filled(told: str, given: Mapping[str, str]) -> str:
    """`${NAME}`, `${NAME:-default}` and `${NAME:?reason}` as Compose fills them in."""

    def value(found: re.Match[str]) -> str:
        name, mark, rest = found.groups()
        if given.get(name):
            return given[name]
        if mark == "?":
            raise KeyError(f"{name}: {rest}")
        return rest if mark == "-" else ""

    return _ASKED.sub(value, told)


def started(service: str, told: Mapping[str, str], folder: Path) -> tuple[Any, Service]:
    """The service as it would start, with its secrets in a folder of `folder`."""
    here = {
        name: value.replace(AT, f"{folder}/{service}/").replace("/opt/mashang", str(ROOT))
        for name, value in told.items()
    }
    with environ(here):
        settings = config.load(import_module(f"services.{service}.settings").Settings)
        wiring = import_module(f"services.{service}.service")
        return settings, wiring.build(settings, Database(None))  # type: ignore[arg-type]
