"""The one set of outcomes, and what every vendor of it has in common."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest
from pydantic import SecretStr

from services.notifications.providers.registry import VENDORS as SMS_VENDORS
from services.rewards.providers.registry import VENDORS as AIRTIME_VENDORS
from shared.errors import Malformed, Misconfigured, NotFound
from shared.vendors import outcomes, reports
from shared.vendors.client import Client
from shared.vendors.outcomes import Outcome
from shared.vendors.vendor import NotAReport, Terms, Vendor, choose

SECRET = "s" * 20
TERMS = Terms(1, "http://127.0.0.1:9/")


class Paper(Vendor):
    """A vendor that reports our reference and nothing else."""

    name = "paper"

    def read_report(self, body: bytes) -> list[str]:
        """Lines of ASCII."""
        try:
            return body.decode("ascii").splitlines()
        except UnicodeDecodeError:
            raise NotAReport("not ASCII") from None


@pytest.fixture
def paper() -> Paper:
    """Not opened: reports need no connection."""
    return Paper(Client("http://127.0.0.1:9", 1), SecretStr(SECRET))


@pytest.mark.parametrize("kind", get_args(Outcome))
def test_every_outcome_has_a_code_and_is_frozen(kind: type) -> None:
    """Whatever happened, there is a word for it to be logged, and nobody changes it later."""
    assert "code" in {field.name for field in fields(kind)}
    outcome = kind(**{field.name: "x" for field in fields(kind)})
    assert kind.__name__.lower() == outcomes.kind(outcome)
    with pytest.raises(FrozenInstanceError):
        outcome.code = "y"


def test_outcomes_are_plain_values() -> None:
    """Rules may import them: no HTTP, no database and no event loop comes along."""
    code = (
        "import sys, shared.vendors.outcomes;"
        "print({'aiohttp', 'asyncpg', 'asyncio', 'pydantic'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "set()" == ran.stdout.strip()


def test_a_report_is_read_at_its_own_address(paper: Paper) -> None:
    """Vendor and secret are both part of it."""
    assert f"http://x/reports/paper/{SECRET}" == reports.address("http://x/", "paper", SECRET)
    reports.check(paper, "paper", SECRET)
    assert ["a", "b"] == reports.read(paper, b"a\nb", {})


@pytest.mark.parametrize(
    ("name", "secret"),
    [("paper", ""), ("paper", "wrong"), ("", SECRET), ("other", SECRET), ("paper", "码"),
     ("paper/" + SECRET, ""), ("pape", "r" + SECRET)],
)  # fmt: skip
def test_any_other_address_does_not_exist(paper: Paper, name: str, secret: str) -> None:
    """No answer tells whether vendor or secret was wrong."""
    with pytest.raises(NotFound):
        reports.check(paper, name, secret)


def test_nonsense_is_malformed(paper: Paper) -> None:
    """And the answer quotes nothing of it."""
    with pytest.raises(Malformed) as caught:
        reports.read(paper, b"\xff138", {})
    assert "138" not in str(caught.value)


def test_a_signature_is_asked_for_first(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a vendor that signs, nothing else is read."""
    monkeypatch.setattr(Paper, "has_signed", lambda self, body, headers: "signed" in headers)
    assert ["a"] == reports.read(paper, b"a", {"signed": ""})
    with pytest.raises(Malformed):
        reports.read(paper, b"a", {})


@pytest.mark.parametrize("vendors", [AIRTIME_VENDORS, SMS_VENDORS])
def test_an_unknown_vendor_is_one_line(vendors: dict[str, object]) -> None:
    """It names the variable, what it says, and what it could say."""
    with pytest.raises(Misconfigured) as caught:
        choose(vendors, "MASHANG_X_VENDOR", "nobody", TERMS)  # type: ignore[arg-type]
    known = ", ".join(vendors)
    assert f"MASHANG_X_VENDOR: no vendor 'nobody'; known: {known}" == str(caught.value)


@pytest.mark.parametrize(
    ("vendors", "name"),
    [(vendors, name) for vendors in (AIRTIME_VENDORS, SMS_VENDORS) for name in vendors],
)
def test_a_chosen_vendor_names_all_that_it_lacks(
    vendors: dict[str, object], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line a variable, each with the vendor's own prefix; others are not asked for."""
    prefix = f"MASHANG_{name.upper()}_"
    for field in ("URL", "REPORT_SECRET"):
        monkeypatch.delenv(prefix + field, raising=False)
    with pytest.raises(Misconfigured) as caught:
        choose(vendors, "X", name, TERMS)  # type: ignore[arg-type]
    lines = str(caught.value).splitlines()
    assert {True} == {line.startswith(prefix) for line in lines}
    assert {f"{prefix}URL", f"{prefix}REPORT_SECRET"} <= {line.split(":")[0] for line in lines}
