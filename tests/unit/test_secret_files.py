"""Secrets from files: each may stand in one, and what is wrong with it is said without it."""

import importlib
import json
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from deploy.cli import surroundings
from deploy.cli.main import main
from deploy.local.console import Console
from deploy.local.installation import Installation
from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.settings import service_env
from deploy.local.vendors import BUYS, CHOSEN
from deploy.sandbox.dialects import of_kind
from services.notifications.providers import registry as sms
from services.rewards.providers import registry as airtime
from shared import config, secret
from shared.errors import Misconfigured
from shared.flows import SERVICES
from tests.support import CODE_KEYS, INDEX_KEY
from tests.town import environ

SOUNDS_SECRET = re.compile(r"secret|key|password|token|seed|openid|_url$")
# What they sound like and are not: addresses that are shown, and names of log-ins.
SHOWN = {"public_url", "report_url", "auth_url", "s3_access_key_id", "key_id"}
# Whose settings each are: a service's own, or those of an adapter of its vendors.
OWNERS = {
    **{name: name for name in SERVICES},
    **dict.fromkeys(airtime.VENDORS, "rewards"),
    **dict.fromkeys(sms.VENDORS, "notifications"),
}


def kind_of(name: str) -> type[BaseSettings]:
    """The settings of a service or of an adapter."""
    adapter = "" if name in SERVICES else f".providers.{name}"
    module = f"services.{OWNERS[name]}{adapter or '.settings'}"
    kind: type[BaseSettings] = importlib.import_module(module).Settings
    return kind


def told_to(service: str) -> dict[str, str]:
    """What the launcher tells it, with every vendor of its kind in use."""
    kind = BUYS.get(service)
    vendors = ",".join(one.name for one in of_kind(kind)) if kind else ""
    with environ({CHOSEN[kind]: vendors} if kind else {}):
        return service_env(
            service, ports=Ports.default(), keys=Keys(),
            database_url="postgresql://x/y", amqp_url="amqp://x",
        )  # fmt: skip


@pytest.mark.parametrize("name", OWNERS)
def test_every_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    """All at once, each with a line's end: the settings are those that the variables give."""
    kind, told = kind_of(name), told_to(OWNERS[name])
    with environ(told):
        expected = config.load(kind)
    variables = {variable for _, variable in config.secrets(kind)} & set(told)
    for variable in variables:
        path = tmp_path / variable
        path.write_text(f"{told.pop(variable)}\n")
        told[secret.file_of(variable)] = str(path)
    assert variables
    with environ(told):
        assert expected == config.load(kind)


@pytest.mark.parametrize("name", OWNERS)
def test_what_sounds_secret_is_one(name: str) -> None:
    """A new setting that a log would show, and that no file could hold, is noticed here."""
    kind = kind_of(name)
    kept = {field for field, _ in config.secrets(kind)}
    kept |= {field.lower() for field in kept}
    sounding = {field for field in kind.model_fields if SOUNDS_SECRET.search(field)}
    assert set() == sounding - kept - SHOWN - {"url"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"), (b"\n", "is empty"), (b"\r\n\r\n", "is empty"),
        (b"\xff\xfe", "text in UTF-8"), (b"x" * 70_000, "too long"), (None, "no such file"),
    ],
    ids=["nothing", "a line's end", "two of Windows", "no text", "endless", "no file"],
)  # fmt: skip
def test_a_file_that_holds_no_secret_is_told(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    """One line with the variable; neither the path nor what is in the file."""
    path = tmp_path / "hunter2"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured) as error:
        secret.read("AMQP_URL", {"AMQP_URL_FILE": str(path)})
    said = str(error.value)
    assert said.startswith("AMQP_URL_FILE: the file that it names")
    assert (True, False, 1) == (told in said, "hunter2" in said, len(said.splitlines()))


@pytest.mark.parametrize("path", ["", "/", "a\0b", "x" * 5000])
def test_a_path_that_is_none_is_told(path: str) -> None:
    """Nothing, a folder, what no system takes: the start stops as for any other."""
    with pytest.raises(Misconfigured, match=r"^AMQP_URL_FILE: "):
        secret.read("AMQP_URL", {"AMQP_URL_FILE": path})


def test_one_secret_is_not_said_twice(tmp_path: Path) -> None:
    """Which of the two is old nobody could tell; what is set to nothing counts as not set."""
    path = tmp_path / "key"
    path.write_text("\ufeffmine \r\n")
    both = {"AMQP_URL": "amqp://hunter2", "AMQP_URL_FILE": str(path)}
    with pytest.raises(Misconfigured, match=r"^AMQP_URL_FILE: AMQP_URL is set, too") as error:
        secret.read("AMQP_URL", both)
    assert "hunter2" not in str(error.value)
    assert "mine " == secret.read("AMQP_URL", both | {"AMQP_URL": ""})


def test_every_wrong_file_is_named_at_once() -> None:
    """Whoever mounts secrets for the first time mends them in one go."""
    told = told_to("intake")
    wrong = {"MASHANG_INDEX_KEY", "AMQP_URL"}
    missing = {secret.file_of(variable): "/nowhere/hunter2" for variable in wrong}
    told = {key: value for key, value in told.items() if key not in wrong} | missing
    with environ(told), pytest.raises(Misconfigured) as error:
        config.load(kind_of("intake"))
    lines = str(error.value).splitlines()
    assert set(missing) == {line.partition(":")[0] for line in lines}
    assert "hunter2" not in str(error.value)


def test_commands_read_files_as_services_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service's key and database, and the passwords of the broker's users."""
    monkeypatch.setenv("MASHANG_DATA", str(tmp_path / "none"))
    given = {
        "MASHANG_INDEX_KEY": INDEX_KEY, "MASHANG_CODE_KEYS": CODE_KEYS,
        "DATABASE_URL": "postgresql://own@h/x", "MASHANG_BROKER_PASSWORD_INTAKE": "hunter2",
    }  # fmt: skip
    for variable, value in given.items():
        monkeypatch.delenv(variable, raising=False)
        (tmp_path / variable).write_text(f"{value}\n")
        monkeypatch.setenv(secret.file_of(variable), str(tmp_path / variable))
    assert config.key(INDEX_KEY) == surroundings.key("MASHANG_INDEX_KEY", "intake")
    assert config.keys(CODE_KEYS) == surroundings.key_ring("MASHANG_CODE_KEYS", "intake")
    assert "postgresql://own@h/x" == surroundings.database_url("intake")
    assert 0 == main(["broker", "definitions"])
    out, err = capsys.readouterr()
    users = {one["name"]: one.get("password_hash") for one in json.loads(out)["users"]}
    assert users["mashang_intake"]
    assert ("hunter2" in out + err, "intake" in err) == (False, False)


def test_the_launcher_reads_its_servers_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator's URLs and the demo's password; services get their own log-ins from them."""
    given = {
        "DATABASE_URL": "postgresql://admin:a@h/postgres", "AMQP_URL": "amqp://b:c@h/",
        "MASHANG_DEMO_PASSWORD": "as-i-like",
    }  # fmt: skip
    for variable, value in given.items():
        monkeypatch.delenv(variable, raising=False)
        (tmp_path / variable).write_text(f"{value}\n")
        monkeypatch.setenv(secret.file_of(variable), str(tmp_path / variable))
    made = Installation(
        tmp_path / "data", Ports.default(), Console(quiet=True), fsync=False, restart=False
    )
    assert (None, None) == (made.postgres, made.rabbitmq)
    assert given["DATABASE_URL"] == made.admin_url
    assert given["AMQP_URL"] == made.amqp_url("intake") == made.env("intake")["AMQP_URL"]
    assert "as-i-like" == made.keys.demo_password
