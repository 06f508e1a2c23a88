"""What the launcher tells each service, and what it keeps."""

import stat
from pathlib import Path

import pytest

from deploy.local.databases import url_for
from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.process import StartError
from deploy.local.settings import SERVICES, sandbox_env, service_env
from deploy.sandbox.dialect import Kind
from deploy.sandbox.dialects import DIALECTS, of_kind

PORTS = Ports.default()


def env(service: str, keys: Keys) -> dict[str, str]:
    """One service's environment with invented servers."""
    return service_env(
        service, ports=Ports.default(), keys=keys, database_url="postgresql://", amqp_url="amqp://"
    )


def test_a_secret_reaches_only_the_service_that_needs_it() -> None:
    """The signing key goes to intake and the vendors' log-ins to their callers."""
    keys = Keys()
    told = {
        name: {service for service in SERVICES if name in env(service, keys)}
        for name in ("MASHANG_SIGNING_KEY", secret_of("airtime"), secret_of("sms"))
    }
    assert {
        "MASHANG_SIGNING_KEY": {"intake"},
        secret_of("airtime"): {"rewards"},
        secret_of("sms"): {"notifications"},
    } == told


def secret_of(kind: Kind) -> str:
    """The variable of the last secret of the vendor in use."""
    vendor = of_kind(kind)[0]
    return vendor.variable(vendor.secrets[-1])


@pytest.mark.parametrize(("service", "kind"), [("rewards", "airtime"), ("notifications", "sms")])
def test_the_sandbox_and_the_services_share_the_vendors_log_ins(service: str, kind: Kind) -> None:
    """Both sides of a vendor's account get the same words, and know where it reports."""
    keys, vendor = Keys(), of_kind(kind)[0]
    sandbox, caller = sandbox_env(Ports.default(), keys), env(service, keys)
    for field in (*vendor.secrets, *vendor.values):
        assert sandbox[vendor.variable(field)] == caller[vendor.variable(field)]
    path = f"/reports/{vendor.name}/{caller[vendor.variable('report_secret')]}"
    assert caller["MASHANG_REPORT_URL"] + path == sandbox[vendor.variable("report_url")]


def test_no_two_secrets_of_vendors_are_alike() -> None:
    """A report secret opens one vendor's address, and follows from no other word."""
    keys, words = Keys(), []
    for vendor in DIALECTS.values():
        fields = (*vendor.secrets, "report_secret")
        words += [vendor.secret(keys.sandbox_seed, field) for field in fields]
    assert len(words) == len(set(words))
    assert keys.sandbox_seed not in str({**env("rewards", keys), **sandbox_env(PORTS, keys)})


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    """A second start reads what the first one wrote, with rights for the owner only."""
    first = Keys.of(tmp_path)
    assert first == Keys.of(tmp_path)
    assert 0o600 == stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode)


def test_the_demo_password_can_be_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable wins and is not written down."""
    made = Keys.of(tmp_path)
    monkeypatch.setenv("MASHANG_DEMO_PASSWORD", "as-i-like")
    assert "as-i-like" == Keys.of(tmp_path).demo_password
    monkeypatch.delenv("MASHANG_DEMO_PASSWORD")
    assert made.demo_password == Keys.of(tmp_path).demo_password


def test_a_damaged_secrets_file_is_named(tmp_path: Path) -> None:
    """Losing keys must not look like having new ones."""
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(StartError, match=r"secrets\.json cannot be read"):
        Keys.of(tmp_path)


def test_a_database_url_keeps_the_servers_place_and_options() -> None:
    """Only log-in and database change, and odd characters are escaped."""
    given = "postgresql://admin:x@db.example:6432/postgres?sslmode=require"
    assert "postgresql://me:p%2Fw@db.example:6432/mine?sslmode=require" == url_for(
        given, "mine", "me", "p/w"
    )
