"""What commands ask of notifications."""

from services.notifications.providers.protocol import SmsSettings
from services.notifications.providers.registry import VENDORS
from shared.vendors.vendor import twofold

__all__ = ["VENDORS", "list_twofold"]


def list_twofold() -> list[str]:
    """The vendors' variables that may hold two secrets while one follows another."""
    return list(twofold(SmsSettings))
