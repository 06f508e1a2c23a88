"""`deploy/compose`: right by the specification's schema, and services start with what it says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.cluster import secrets
from deploy.sandbox.dialects import DIALECTS
from shared import budget
from shared.budget import COMMANDS, Limits
from shared.errors import Misconfigured
from shared.flows import SERVICES
from shared.web.listening import DRAIN_SECONDS
from tests.deployment.settings import ROOT, faults, filled, started

FOLDER = ROOT / "deploy" / "compose"
SCHEMA = Path(__file__).parent / "vendor" / "compose" / "compose-spec.json"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
ONES = COMPOSE["services"]
VENDORS = {
    name: value
    for vendor in ("juhe", "aliyun")
    for name, value in DIALECTS[vendor].caller_environment("seed", "https://vendor.example").items()
}
GIVEN = {"MASHANG_HOST": "mashang.example", **VENDORS}


def told(service: str, given: Mapping[str, str] = GIVEN) -> dict[str, str]:
    """A service's environment, filled in."""
    return {name: filled(text, given) for name, text in ONES[service]["environment"].items()}


def test_it_is_compose() -> None:
    """By the specification's own schema."""
    kind = jsonschema.validators.validator_for(schema := json.loads(SCHEMA.read_text("utf-8")))
    assert [] == [error.message for error in kind(schema).iter_errors(COMPOSE)]


def test_the_schema_refuses_what_is_none() -> None:
    """A key that Compose does not know is found."""
    kind = jsonschema.validators.validator_for(schema := json.loads(SCHEMA.read_text("utf-8")))
    wrong = {"services": {"intake": {"image": "mashang", "comand": "python"}}}
    assert not kind(schema).is_valid(wrong)


@pytest.mark.parametrize("service", SERVICES)
def test_no_variable_is_unknown_or_missing(service: str) -> None:
    """Each is read by the service or its vendor, and each that is needed is there."""
    assert [] == faults(service, told(service))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"MASHANG_POOLSIZE": "10"}, "nobody reads MASHANG_POOLSIZE"),
        ({"MASHANG_INDEX_KEY": "x"}, "nobody reads MASHANG_INDEX_KEY"),
        ({"MASHANG_CLOSE_KEY": "x"}, "MASHANG_CLOSE_KEY stands in the open"),
        ({"DATABASE_URL_FILE": "/elsewhere"}, "DATABASE_URL_FILE has another file's name"),
        ({"MASHANG_JUHE_URL": None}, "MASHANG_JUHE_URL is missing"),
        ({"MASHANG_HTTP_PORT": None}, "MASHANG_HTTP_PORT is missing"),
    ],
)
def test_what_is_wrong_is_found(changed: dict[str, str | None], fault: str) -> None:
    """A typing error, another service's key, an open secret, a required one that is not there."""
    merged = told("rewards") | changed
    assert [fault] == faults("rewards", {name: text for name, text in merged.items() if text})


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_built_from_its_files_and_variables(service: str, tmp_path: Path) -> None:
    """The very settings, with secrets as `python -m deploy.cluster secrets` writes them."""
    for file in secrets.write(tmp_path, "postgres:5432", "rabbitmq:5672"):
        file.write_text("filled in by a person")
    settings, built = started(service, told(service), tmp_path)
    assert service == built.name
    assert f"mashang_{service}" in settings.database_url.get_secret_value()


def test_a_vendors_key_that_nobody_filled_in_stops_the_start(tmp_path: Path) -> None:
    """One line names the variable."""
    secrets.write(tmp_path, "postgres:5432", "rabbitmq:5672")
    with pytest.raises(Misconfigured, match=r"JUHE_KEY_FILE: .* is empty"):
        started("rewards", told("rewards"), tmp_path)


def test_a_name_that_was_not_given_stops_compose() -> None:
    """What differs everywhere has no default; the example has all of it."""
    example = (FOLDER / "example.env").read_text("utf-8")
    for name in ("MASHANG_HOST", "MASHANG_JUHE_URL", "MASHANG_ALIYUN_TEMPLATES"):
        without = {key: value for key, value in GIVEN.items() if key != name}
        service = "notifications" if "ALIYUN" in name else "rewards"
        with pytest.raises(KeyError, match=name):
            told(service, without)
        assert f"\n{name}=" in f"\n{example}"


@pytest.mark.parametrize("service", [*SERVICES, "setup", "proxy"])
def test_containers_have_nothing_they_do_not_need(service: str) -> None:
    """Nobody's root, nothing to write in but what is named, no capability, no way to more."""
    one = ONES[service]
    assert ("10001:10001", True, ["ALL"]) == (one["user"], one["read_only"], one["cap_drop"])
    assert ["no-new-privileges:true"] == one["security_opt"]
    assert (["NET_BIND_SERVICE"] if service == "proxy" else []) == one.get("cap_add", [])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_ends_before_it_is_killed(service: str) -> None:
    """It drains in three steps; the probe asks its ops port, which no port of the host leads to."""
    one = ONES[service]
    assert int(one["stop_grace_period"].removesuffix("s")) > 3 * DRAIN_SECONDS
    assert f":{told(service)['MASHANG_OPS_PORT']}/readyz" in one["healthcheck"]["test"][-1]
    assert "ports" not in one


def test_only_the_proxy_is_reached_from_elsewhere() -> None:
    """Grafana listens on the machine itself."""
    open_ = {name for name, one in ONES.items() for port in one.get("ports", ())
             if not port.startswith("127.0.0.1:")}  # fmt: skip
    assert {"proxy"} == open_
    address = ONES["proxy"]["networks"]["front"]["ipv4_address"]
    assert {address} == {told(service)["MASHANG_TRUSTED_PROXIES"] for service in SERVICES}


def test_connections_fit_the_server() -> None:
    """So many instances with pools so large, by the budget that stops a service otherwise."""
    command = ONES["postgres"]["command"]
    (most,) = [int(one.partition("=")[2]) for one in command if one.startswith("max_connections")]
    pool, instances = (
        {int(told(service)[name]) for service in SERVICES}
        for name in ("MASHANG_POOL_SIZE", "MASHANG_INSTANCES")
    )
    share = Limits(most, 3, -1, -1).share
    limits = Limits(most, 3, share, -1, limited=len(SERVICES), together=len(SERVICES) * share)
    assert "" == budget.overdrawn(limits, max(pool), max(instances))
    assert share * len(SERVICES) + COMMANDS <= limits.free


def test_what_is_mounted_is_there(tmp_path: Path) -> None:
    """Each file and folder of ours exists, and each secret's folder is written."""
    secrets.write(tmp_path / "secrets", "postgres:5432", "rabbitmq:5672")
    sources = [
        volume.partition(":")[0] for one in ONES.values() for volume in one.get("volumes", ())
    ]
    ours = {source for source in sources if source.startswith((".", "/"))}
    made = {source for source in ours if source.startswith("./secrets/")}
    assert [] == [source for source in made if not (tmp_path / source).is_dir()]
    assert [] == [source for source in ours - made if not (FOLDER / source).exists()]
