"""The vendors we can speak to, by the name in MASHANG_AIRTIME_VENDOR: a line each."""

from collections.abc import Callable, Mapping

from services.rewards.providers import dtone
from services.rewards.providers.protocol import Airtime
from shared.vendors.vendor import Terms

VENDORS: Mapping[str, Callable[[Terms], Airtime]] = {
    "dtone": dtone.make,
}
