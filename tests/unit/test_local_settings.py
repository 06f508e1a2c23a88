"""What the launcher tells each service, and what it keeps."""

import stat
from pathlib import Path

import pytest

from deploy.local.databases import url_for
from deploy.local.folder import take_folder
from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.process import StartError
from deploy.local.settings import sandbox_env, service_env
from deploy.sandbox.dialect import Kind
from deploy.sandbox.dialects import DIALECTS, of_kind
from shared.flows import SERVICES

PORTS = Ports.default()


def env(service: str, keys: Keys) -> dict[str, str]:
    """One service's environment with invented servers."""
    return service_env(
        service, ports=Ports.default(), keys=keys, database_url="postgresql://", amqp_url="amqp://"
    )


def sandbox() -> dict[str, str]:
    """The vendors' side."""
    return sandbox_env(Ports.default(), Keys())


def test_a_secret_reaches_only_the_service_that_needs_it() -> None:
    """The signing key goes to intake and the vendors' log-ins to their callers."""
    keys = Keys()
    told = {
        name: {service for service in SERVICES if name in env(service, keys)}
        for name in (
            *(
                "MASHANG_SIGNING_KEY",
                "MASHANG_CLOSE_KEY",
                secret_of("airtime"),
                secret_of("sms"),
                "MASHANG_INDEX_KEY",
            ),
            *keys.seal_keys("phone", "words", "answer", "note", "photo"),
        )
    }
    assert {
        "MASHANG_SIGNING_KEY": {"intake"},
        "MASHANG_CLOSE_KEY": {"rewards"},
        secret_of("airtime"): {"rewards"},
        secret_of("sms"): {"notifications"},
        "MASHANG_INDEX_KEY": {"intake", "verification", "notifications"},
        "MASHANG_SEAL_KEYS_PHONE": {"intake", "verification", "rewards", "notifications"},
        "MASHANG_SEAL_KEYS_WORDS": {"intake", "verification"},
        "MASHANG_SEAL_KEYS_ANSWER": {"intake", "verification"},
        "MASHANG_SEAL_KEYS_NOTE": {"verification"},
        "MASHANG_SEAL_KEYS_PHOTO": {"intake", "verification"},
    } == told


def test_hashes_of_phones_at_notifications_fit_nobody_elses() -> None:
    """Its key is its own, so that its list of who wants no SMS cannot be joined with the cases."""
    keys = Keys()
    index = {name: env(name, keys).get("MASHANG_INDEX_KEY") for name in SERVICES}
    assert index["intake"] == index["verification"] != index["notifications"]


def test_what_the_caller_exported_stays_with_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither strangers' secrets nor the servers' administrators reach a child."""
    names = ("AWS_SECRET_ACCESS_KEY", "MASHANG_DEMO_PASSWORD", "MASHANG_SIGNING_KEY")
    for name in names:
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("DATABASE_URL", "postgresql://admin")
    for told in (*(env(service, Keys()) for service in SERVICES if service != "intake"), sandbox()):
        assert not set(names) & set(told)
        assert "postgresql://admin" not in told.values()


def test_what_was_set_for_a_service_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers go to the services that read them."""
    wanted = {
        "MASHANG_LEASE_S": {"rewards"},
        "MASHANG_POOL_SIZE": set(SERVICES),
        "MASHANG_WORKERS": {"intake"},
    }
    for name in wanted:
        monkeypatch.setenv(name, "2")
    told = {
        name: {service for service in SERVICES if name in env(service, Keys())} for name in wanted
    }
    assert wanted == told


def test_a_program_finds_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Path, language and certificates are passed on."""
    wanted = {"PATH": "/bin", "LC_ALL": "zh_CN.UTF-8", "SSL_CERT_FILE": "/ca.pem", "TZ": "UTC"}
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    assert wanted == {name: sandbox()[name] for name in wanted}


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


@pytest.mark.parametrize("variable", ["MASHANG_AIRTIME_VENDORS", "MASHANG_AIRTIME_RETIRED"])
def test_any_vendor_can_be_told(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """`make run` with other vendors than its first: the service gets the log-in of each."""
    first, second, *_ = reversed(of_kind("airtime"))
    monkeypatch.setenv(variable, f"{first.name}, {second.name}")
    told = env("rewards", Keys())
    assert f"{first.name},{second.name}" == told[variable].replace(" ", "")
    for vendor in (first, second):
        assert told[vendor.variable("report_secret")]
        assert told[vendor.variable("url")].startswith(PORTS.url("sandbox"))


def test_an_unknown_vendor_is_left_to_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which says in a line what it knows."""
    monkeypatch.setenv("MASHANG_AIRTIME_VENDORS", "nobody")
    assert "nobody" == env("rewards", Keys())["MASHANG_AIRTIME_VENDORS"]


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


def test_keys_from_before_purposes_still_open(tmp_path: Path) -> None:
    """What the one key of an older installation sealed opens under every purpose."""
    former = "A" * 43 + "="
    (tmp_path / "secrets.json").write_text(f'{{"seal_key": "{former}"}}')
    keys = Keys.of(tmp_path)
    assert {f"1:{former}"} == set(keys.seal_keys("phone", "words", "answer", "note").values())
    assert keys == Keys.of(tmp_path)


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    """Data that an older version left for all to read is for its owner from the next start on."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "secrets.json").write_text("{}")
    take_folder(folder).close()
    Keys.of(folder)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "secrets.json")]
    assert [0o700, 0o600] == modes


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
