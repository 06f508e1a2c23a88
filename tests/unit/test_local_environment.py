"""What a service is told: enough to start, nothing that it does not read, nothing of others'."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.local import inherited, instances
from deploy.local.console import Console
from deploy.local.installation import Installation
from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.process import StartError
from deploy.local.settings import sandbox_env, service_env, staff_urls
from deploy.local.vendors import BUYS, USED
from deploy.sandbox.dialects import of_kind
from deploy.sandbox.options import parse
from shared import config
from shared.config import Settings
from shared.flows import SERVICES
from tests.town import environ

PORTS = Ports.default()
# Every service may check the desk's statements, and none learns a secret by it.
FOR_ALL = {"MASHANG_IDENTITY_PUBLIC"}


def told(service: str) -> dict[str, str]:
    """One service's environment with invented servers."""
    return service_env(
        service, ports=PORTS, keys=Keys(), database_url="postgresql://x/y", amqp_url="amqp://x"
    )


def kind_of(service: str) -> type[Settings]:
    """A service's settings."""
    kind: type[Settings] = importlib.import_module(f"services.{service}.settings").Settings
    return kind


def variables(service: str) -> dict[str, bool]:
    """What a service reads, and whether a person may want to set it as a number."""
    return {
        f"MASHANG_{name.upper()}": field.annotation in (int, float) and not field.is_required()
        for name, field in kind_of(service).model_fields.items()
    }


def vendors_own(service: str) -> tuple[str, ...]:
    """What the variables of the vendors begin with that the service uses here."""
    kind = BUYS.get(service)
    return tuple(one.variable("") for one in of_kind(kind)[: USED[kind]]) if kind else ()


@pytest.mark.parametrize("service", SERVICES)
def test_it_is_enough_to_start(service: str) -> None:
    """The settings are complete and valid with nothing but what the launcher gives."""
    env = told(service)
    with environ(env):
        settings = config.load(kind_of(service))
    assert env["MASHANG_OPS_PORT"] == str(settings.ops_port)
    assert env["DATABASE_URL"] == settings.database_url.get_secret_value()


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_told_that_is_not_read(service: str) -> None:
    """A secret that no line of a service reads is one that a thief gets for nothing."""
    names = {name for name in told(service) if name.startswith("MASHANG_")}
    ours = {name for name in names if not name.startswith(vendors_own(service))}
    assert set() == ours - set(variables(service)) - FOR_ALL


@pytest.mark.parametrize("service", SERVICES)
def test_every_number_can_be_set(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person exports before `make run` reaches the service that documents it."""
    numbers = {name for name, number in variables(service).items() if number}
    mine = {"MASHANG_HTTP_PORT", "MASHANG_OPS_PORT"}
    # One machine needs more processes where the public comes in, if anywhere.
    mine |= {"MASHANG_WORKERS"} if service != "intake" else set()
    for name in numbers:
        monkeypatch.setenv(name, "7")
    assert set() == {
        name for name in numbers - mine if inherited.for_service(service).get(name) != "7"
    }


@pytest.mark.parametrize("service", inherited.NUMBERS)
def test_a_number_passed_on_is_still_read(service: str) -> None:
    """A setting that was renamed leaves no dead name in the list."""
    read = variables(service)
    dead = [
        start for start in inherited.NUMBERS[service]
        if not any(name.startswith(start) for name in read)
    ]  # fmt: skip
    assert [] == dead


def test_what_all_are_told_all_can_read() -> None:
    """The names for every service stand in what all settings have in common."""
    common = {f"MASHANG_{name.upper()}" for name in Settings.model_fields}
    assert set() == set(inherited.EVERY_SERVICE) - common


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("PATH", True), ("HOME", True), ("TZ", True), ("LANG", True), ("LC_TIME", True),
        ("PYTHONPATH", True), ("SSL_CERT_DIR", True), ("VIRTUAL_ENV", True),
        ("PATHOLOGY", False), ("HOMEPAGE", False), ("LD_PRELOAD", False), ("USER", False),
        ("DATABASE_URL", False), ("AMQP_URL", False), ("PGPASSWORD", False), ("LC", False),
        ("MASHANG_DATA", False), ("MASHANG_SEAL_KEYS_PHONE", False), ("path", False),
        ("MASHANG_BROKER_PASSWORD_INTAKE", False), ("http_proxy", False), ("GITHUB_TOKEN", False),
    ],
)  # fmt: skip
def test_what_any_child_takes_over(monkeypatch: pytest.MonkeyPatch, name: str, kept: bool) -> None:
    """By name, from a list; whatever else the caller exported stays with the caller."""
    monkeypatch.setenv(name, "as exported")
    assert kept == (name in inherited.for_program())


def test_output_comes_at_once() -> None:
    """Also a child's print is not held back in a buffer."""
    assert "1" == inherited.for_program()["PYTHONUNBUFFERED"]


def test_what_is_set_for_one_stays_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that begins like another service's does not leak to it."""
    for name in ("MASHANG_SMS_TIMEOUT_SECONDS", "MASHANG_BATCH_SIZE", "MASHANG_MOST_WAITING"):
        monkeypatch.setenv(name, "3")
    kept = {
        service: {name for name in inherited.for_service(service) if name.endswith(("S", "E", "G"))
                  and name.startswith(("MASHANG_SMS", "MASHANG_BATCH", "MASHANG_MOST"))}
        for service in SERVICES
    }  # fmt: skip
    expected = {
        "notifications": {"MASHANG_SMS_TIMEOUT_SECONDS"},
        "intake": {"MASHANG_BATCH_SIZE", "MASHANG_MOST_WAITING"},
    }
    assert {name: expected.get(name, set()) for name in SERVICES} == kept


def test_a_callers_address_and_policy_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy the codes carry its address; a bureau may try its own numbers."""
    monkeypatch.setenv("MASHANG_PUBLIC_URL", "https://feedback.example")
    monkeypatch.setenv("MASHANG_POLICY_FILE", "/etc/policy.toml")
    told_now = [told(service) for service in SERVICES]
    assert {"https://feedback.example"} == {env["MASHANG_PUBLIC_URL"] for env in told_now}
    assert {"/etc/policy.toml"} == {env["MASHANG_POLICY_FILE"] for env in told_now}


@pytest.mark.parametrize("empty", ["MASHANG_PUBLIC_URL", "MASHANG_POLICY_FILE"])
def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    """`MASHANG_PUBLIC_URL= make run` is `make run`."""
    monkeypatch.delenv(empty, raising=False)
    without = told("intake")[empty]
    monkeypatch.setenv(empty, "")
    assert without == told("intake")[empty]


def test_a_callers_ports_and_servers_do_not_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """The launcher's own word for them wins over what is exported."""
    for name in ("MASHANG_HTTP_PORT", "MASHANG_OPS_PORT", "MASHANG_HTTP_HOST", "DATABASE_URL"):
        monkeypatch.setenv(name, "elsewhere")
    assert [] == [name for name, value in told("scoring").items() if value == "elsewhere"]


def test_every_service_has_staff_pages() -> None:
    """Each with its own address, in the form that the settings read."""
    urls = config.urls(staff_urls(PORTS))
    assert {name: PORTS.url(name) for name in SERVICES} == urls


def secrets_of(service: str) -> Iterator[str]:
    """Values in its environment that its settings hide."""
    kind, env = kind_of(service), told(service)
    for name, field in kind.model_fields.items():
        if not field.repr or field.annotation is SecretStr:
            yield env.get(f"MASHANG_{name.upper()}", "")


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_shows_when_settings_are_printed(service: str) -> None:
    """In a traceback or a log line nobody reads a key."""
    env = told(service)
    with environ(env):
        shown = repr(config.load(kind_of(service)))
    words = [word for word in secrets_of(service) if len(word) > 20]
    assert [] == [word for word in words if word in shown]


def test_the_sandbox_starts_with_what_it_is_told() -> None:
    """Every vendor's account is complete, and none of the services' keys is among it."""
    keys = Keys()
    env = sandbox_env(PORTS, keys)
    config = parse(["--data", "x"], env)
    assert set(config.accounts) == {
        dialect.name for kind in BUYS.values() for dialect in of_kind(kind)
    }
    own = {keys.seal_phone, keys.index_key, keys.owner_password, keys.demo_password}
    assert set() == own & set(env.values())


def test_instances_share_their_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of one service differ in their ops port alone, and each knows of how many it is."""
    monkeypatch.setenv("MASHANG_INSTANCES_REWARDS", "3")
    here = Installation(tmp_path, PORTS, Console(quiet=True), fsync=False, restart=False)
    assert ("rewards", "rewards-2", "rewards-3") == here.instances["rewards"]
    assert [("intake",)] == [here.instances["intake"]]
    envs = [here.env(name) for name in here.instances["rewards"]]
    assert {str(PORTS["rewards"])} == {env["MASHANG_HTTP_PORT"] for env in envs}
    assert 3 == len({env.pop("MASHANG_OPS_PORT") for env in envs})
    assert ["3", "3", "3"] == [env["MASHANG_INSTANCES"] for env in envs]
    assert envs[0] == envs[1] == envs[2]
    assert "MASHANG_INSTANCES" not in here.env("intake")


@pytest.mark.parametrize("text", ["0", "17", "two", "-1", "1.5", "３"])
def test_what_is_no_number_of_instances(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names the variable and what is expected."""
    monkeypatch.setenv("MASHANG_INSTANCES_SCORING", text)
    with pytest.raises(StartError) as refused:
        instances.wanted()
    said = f"MASHANG_INSTANCES_SCORING={text} is no number of instances; give one from 1 to 16"
    assert said == str(refused.value)
