"""Wrong settings and wrong policy files are told in one line each."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import config, policy
from shared.config import Settings
from shared.errors import Misconfigured
from tests.support import INDEX_KEY, SEAL_KEYS

POLICY = Path("deploy/policy.toml")
GOOD = {
    "DATABASE_URL": "postgresql://intake:secret-word@db/intake",
    "AMQP_URL": "amqp://broker",
    "MASHANG_HTTP_PORT": "8080",
    "MASHANG_OPS_PORT": "9080",
    "MASHANG_SEAL_KEYS": SEAL_KEYS,
    "MASHANG_INDEX_KEY": INDEX_KEY,
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A complete environment."""
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_good_settings_load(environment: pytest.MonkeyPatch) -> None:
    """A complete environment gives settings, and they do not print their secrets."""
    settings = config.load(Settings)
    assert 8080 == settings.http_port
    assert "secret-word" not in repr(settings)
    assert "BBBB" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", None, "DATABASE_URL: field required"),
        ("MASHANG_HTTP_PORT", "eighty", "MASHANG_HTTP_PORT: input should be a valid integer"),
        ("MASHANG_OPS_PORT", "70000", "MASHANG_OPS_PORT: input should be less than"),
        ("MASHANG_INDEX_KEY", "short", "MASHANG_INDEX_KEY: should be"),
        ("MASHANG_SEAL_KEYS", "no-colon", "MASHANG_SEAL_KEYS: should be KEYID:BASE64"),
        ("MASHANG_SEAL_KEYS", "1:AAAA", "MASHANG_SEAL_KEYS: should be 32 bytes"),
    ],
)
def test_a_wrong_setting_is_named(
    environment: pytest.MonkeyPatch, name: str, value: str | None, told: str
) -> None:
    """The line names the variable as it is set, what is wrong with it, and not its value."""
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    with pytest.raises(Misconfigured) as error:
        config.load(Settings)
    assert str(error.value).startswith(told)


def test_the_shipped_policy_is_valid() -> None:
    """The policy file in the repository loads, with the article's numbers."""
    (edition,) = policy.load(POLICY).editions
    assert (2000, 2) == (edition.reward.amount_fen, edition.reward.days)
    assert (2, 3) == (edition.strikes.accountability_at, edition.strikes.transfer_at)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("amount_fen = 2000", "amount_fen = 20.5"), "policy.0.reward.amount_fen"),
        (("amount_fen = 2000", "amuont_fen = 2000"), "policy.0.reward.amuont_fen"),
        (('cutoff = "18:00"', 'cutoff = "25:00"'), "policy.0.callback.cutoff"),
        (('"Asia/Shanghai"', '"Asia/Atlantis"'), "no such time zone"),
        (("cold_attitude = 200", "warm_attitude = 200"), "assessment.officers_centipoints"),
        (("[policy.callback]", "[policy.callback"), "not valid TOML"),
    ],
    ids=["fraction", "misspelt", "time", "zone", "category", "syntax"],
)
def test_a_wrong_policy_is_named(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    """The line names the file and the key, so that an administrator finds it."""
    file = tmp_path / "policy.toml"
    file.write_text(POLICY.read_text("utf-8").replace(*change, 1), "utf-8")
    with pytest.raises(Misconfigured) as error:
        policy.load(file)
    assert str(file) in str(error.value)
    assert told in str(error.value)


def test_a_missing_policy_is_told() -> None:
    """A wrong path is one line, with the variable to set."""
    with pytest.raises(Misconfigured, match=r"nowhere\.toml: No such file.*MASHANG_POLICY_FILE"):
        policy.load(Path("nowhere.toml"))


def test_a_case_is_judged_by_the_policy_of_its_day(tmp_path: Path) -> None:
    """A new edition holds from its day on and changes nothing before it."""
    old = POLICY.read_text("utf-8")
    new = old.replace("2019-05-15", "2026-12-01").replace("amount_fen = 2000", "amount_fen = 3000")
    file = tmp_path / "policy.toml"
    file.write_text(new + "\n" + old, "utf-8")
    policies = policy.load(file)
    first = datetime(2026, 11, 30, 16, tzinfo=UTC)  # midnight at the bureau
    assert 3000 == policies.at(first).reward.amount_fen
    assert 2000 == policies.at(first - timedelta(seconds=1)).reward.amount_fen
    assert 2000 == policies.at(datetime(2000, 1, 1, tzinfo=UTC)).reward.amount_fen
