"""Which adapters there are. A new vendor is a file, a line here and its name in the settings."""

from collections.abc import Callable

from aiohttp import ClientSession

from services.notifications.providers.aliyun import Aliyun, Templates
from services.notifications.providers.protocol import Provider
from services.notifications.settings import Settings


def _aliyun(settings: Settings, session: ClientSession) -> Provider:
    return Aliyun(
        session,
        str(settings.aliyun_url),
        settings.aliyun_key_id,
        settings.aliyun_key_secret.get_secret_value(),
        Templates(
            settings.aliyun_sign_name,
            {"thanks": settings.aliyun_template_thanks, "paid": settings.aliyun_template_paid},
        ),
    )


PROVIDERS: dict[str, Callable[[Settings, ClientSession], Provider]] = {"aliyun": _aliyun}


def make(settings: Settings, session: ClientSession) -> Provider:
    """The adapter that the settings name."""
    return PROVIDERS[settings.sms_vendor](settings, session)
