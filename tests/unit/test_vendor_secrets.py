"""A vendor's secret follows another without a lost report: for a while both count."""

from typing import ClassVar

import pytest
from pydantic import SecretStr, ValidationError

from services.notifications import commands as notifications
from services.rewards import commands as rewards
from services.rewards.providers import registry
from shared.errors import NotFound
from shared.vendors import reports
from shared.vendors.client import Client
from shared.vendors.vendor import Secrets, Vendor, VendorSettings, several

OLD, NEW = "o" * 16, "n" * 16
BOTH = f"{NEW},{OLD}"


class Settings(VendorSettings):
    """Of a shop that signs what it reports."""

    sign_key: Secrets


class Shop(Vendor):
    """It reports nothing that we could read."""

    name: ClassVar[str] = "shop"

    def read_report(self, body: bytes) -> list[str]:
        """Nothing."""
        return []


def test_reports_come_to_the_address_of_before_and_to_the_next() -> None:
    """To no other; and who is told by us is told the first."""
    vendor = Shop(Client("http://127.0.0.1:9", 1), SecretStr(BOTH))
    for secret in (NEW, OLD):
        assert vendor is reports.addressed([vendor], "shop", secret)
    for secret in (BOTH, "", "x" * 16, OLD[:-1]):
        with pytest.raises(NotFound):
            reports.addressed([vendor], "shop", secret)
    assert NEW == vendor.report_secret


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"report_secret": f"{NEW},short"}, "at least 16 characters"),
        ({"report_secret": f"{NEW},"}, "at least 16 characters"),
        ({"report_secret": "short"}, "at least 16 characters"),
        ({"sign_key": ""}, "separated by commas"),
        ({"sign_key": "new,"}, "separated by commas"),
        ({"sign_key": ",old"}, "separated by commas"),
    ],
)
def test_each_of_several_is_a_secret(changed: dict[str, str], told: str) -> None:
    """A forgotten comma opens no address that anybody guesses, and nobody signs with nothing."""
    given = {"url": "http://127.0.0.1:9", "report_secret": BOTH, "sign_key": "new,old"}
    assert ("new", "old") == several(Settings.model_validate(given).sign_key)
    with pytest.raises(ValidationError, match=told):
        Settings.model_validate(given | changed)


def test_one_is_one() -> None:
    """As ever."""
    assert ("k",) == several(SecretStr("k"))


def test_of_every_vendor_the_address_may_be_two() -> None:
    """And whatever else its adapter says; no secret with which only we sign."""
    for told in (rewards.list_twofold(), notifications.list_twofold()):
        ends = {name.rpartition("_")[2] for name in told}
        assert len(told) == len(set(told))
        assert {"SECRET"} <= ends <= {"SECRET", "KEY", "TOKEN"}
    known = {*registry.ADAPTERS, *notifications.VENDORS}
    both = {*rewards.list_twofold(), *notifications.list_twofold()}
    assert {f"MASHANG_{name.upper()}_REPORT_SECRET" for name in known} <= both
    assert not {name for name in both if name.endswith(("CLIENT_SECRET", "KEY_SECRET"))}
