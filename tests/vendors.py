"""For tests: the vendors that the sandbox simulates, and adapters that speak with it."""

from contextlib import AbstractAsyncContextManager
from typing import Any
from unittest.mock import patch

from deploy.sandbox.customer import SEED, Client
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects import of_kind
from services.notifications.providers import registry as sms_registry
from services.notifications.providers.protocol import Provider
from services.rewards.catalogue import Catalogue
from services.rewards.fitting import AT_ONCE
from services.rewards.jobs import Payouts
from services.rewards.providers.protocol import Airtime
from services.rewards.rules.orders import Sent
from shared.vendors.vendor import Terms

AIRTIME, SMS = of_kind("airtime")[0], of_kind("sms")[0]
NOWHERE = "http://127.0.0.1:9"


def report_path(dialect: Dialect) -> str:
    """Where a vendor of a test's environment reports."""
    return f"/reports/{dialect.name}/{dialect.secret(SEED, 'report_secret')}"


def environment(dialect: Dialect, url: str, /, **changes: Any) -> dict[str, str]:
    """The variables of an adapter whose vendor is at `url`; `changes` are fields of it."""
    changed = {dialect.variable(field): str(value) for field, value in changes.items()}
    return dialect.caller_environment(SEED, url) | changed


def sms_vendor(
    at: str, /, dialect: Dialect = SMS, seconds: float = 10, *, hears: str = NOWHERE, **changes: Any
) -> AbstractAsyncContextManager[Provider]:
    """An SMS adapter, not yet opened, whose vendor reports to `hears`.

    An answer that is lost is a broken connection, so it is soon known; only one that never comes is
    waited for so long.
    """
    with patch.dict("os.environ", environment(dialect, at, **changes)):
        return sms_registry.VENDORS[dialect.name](Terms(seconds, hears))


def confirmed(vendor: Airtime) -> Catalogue:
    """What it sells us, as if it had been asked already."""
    return Catalogue(vendor, {(fen, product): None for product, fen in vendor.products.items()})


async def lease(payouts: Payouts, most: int = AT_ONCE) -> list[Sent]:
    """What leaves next, leased; not a byte has left."""
    return await payouts.lease(await payouts.fitting.find(most))


async def order(
    client: Client, reference: str, phone: str, report_to: str | None = None
) -> tuple[int, Any]:
    """An order of 20 yuan, in the words of the airtime vendor."""
    return await AIRTIME.customer.buy(client, reference, phone, report_to)


async def sms(client: Client, phone: str, reference: str = "") -> tuple[int, Any]:
    """A message of thanks, in the words of the SMS vendor."""
    return await SMS.customer.buy(client, reference, phone)
