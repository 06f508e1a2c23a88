"""The vendors we can speak to, by their names in MASHANG_AIRTIME_VENDORS: a line each."""

from collections.abc import Callable, Mapping

from services.rewards.providers import africastalking, dtone, juhe, reloadly
from services.rewards.providers.protocol import Airtime
from shared.vendors.vendor import Terms

ADAPTERS: Mapping[str, type[Airtime]] = {
    "dtone": dtone.DtOne,
    "juhe": juhe.Juhe,
    "reloadly": reloadly.Reloadly,
    "africastalking": africastalking.AfricasTalking,
}
VENDORS: Mapping[str, Callable[[Terms], Airtime]] = {
    name: adapter.make for name, adapter in ADAPTERS.items()
}
