"""The vendors we can speak to, by the name in MASHANG_AIRTIME_VENDOR."""

from collections.abc import Callable, Mapping

from services.rewards.providers import Airtime
from services.rewards.providers.dtone import DtOne
from services.rewards.settings import Settings
from shared.errors import Misconfigured


def _dtone(settings: Settings) -> Airtime:
    return DtOne(
        url=str(settings.dtone_url),
        key=settings.dtone_key.get_secret_value(),
        secret=settings.dtone_secret.get_secret_value(),
        product_id=settings.dtone_product_id,
        callback=settings.callback_address(),
        seconds=settings.call_s,
    )


VENDORS: Mapping[str, Callable[[Settings], Airtime]] = {"dtone": _dtone}


def choose(settings: Settings) -> Airtime:
    """The configured vendor, not yet connected. Misconfigured if there is no such vendor."""
    try:
        return VENDORS[settings.airtime_vendor](settings)
    except KeyError:
        known = ", ".join(VENDORS)
        raise Misconfigured(
            f"MASHANG_AIRTIME_VENDOR: no vendor {settings.airtime_vendor!r}; known: {known}"
        ) from None
