"""Wrong settings are told in one line each."""

import pytest

from shared import config
from shared.config import Key, KeyRing, Settings
from shared.errors import Misconfigured
from shared.values.seal import SealBroken
from tests.support import INDEX_KEY, SEAL_KEYS, variables

GOOD = {
    "DATABASE_URL": "postgresql://intake:secret-word@db/intake",
    "AMQP_URL": "amqp://broker",
    "MASHANG_HTTP_PORT": "8080",
    "MASHANG_OPS_PORT": "9080",
    "MASHANG_INDEX_KEY": INDEX_KEY,
    **variables(SEAL_KEYS),
}


class Sealing(Settings):
    """A service that opens phones and compares indexes."""

    seal_keys_phone: KeyRing
    index_key: Key


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A complete environment."""
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_good_settings_load(environment: pytest.MonkeyPatch) -> None:
    """A complete environment gives settings, and they do not print their secrets."""
    settings = config.load(Sealing)
    assert 8080 == settings.http_port
    assert "secret-word" not in repr(settings)
    assert [False, False] == [word in repr(settings) for word in ("BBBB", "CCCC")]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", None, "DATABASE_URL: field required"),
        ("MASHANG_HTTP_PORT", "eighty", "MASHANG_HTTP_PORT: input should be a valid integer"),
        ("MASHANG_OPS_PORT", "70000", "MASHANG_OPS_PORT: input should be less than"),
        ("MASHANG_INDEX_KEY", "short", "MASHANG_INDEX_KEY: should be"),
        ("MASHANG_SEAL_KEYS_PHONE", "no-colon", "MASHANG_SEAL_KEYS_PHONE: should be KEYID:BASE64"),
        ("MASHANG_SEAL_KEYS_PHONE", "1:AAAA", "MASHANG_SEAL_KEYS_PHONE: should be 32 bytes"),
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
        config.load(Sealing)
    assert str(error.value).startswith(told)


def test_a_service_is_given_the_keys_that_it_declares(environment: pytest.MonkeyPatch) -> None:
    """Keys in the environment that its settings do not name are no use to it."""
    seal = config.load(Sealing).seal
    assert "+86" == seal.open(seal.close("+86", "phone:1"), "phone:1")
    with pytest.raises(SealBroken, match="no sealing key for words"):
        seal.close("x", "words:1")
    bare = config.load(Settings).seal
    with pytest.raises(SealBroken, match="no key for the blind index"):
        bare.index("+86")
