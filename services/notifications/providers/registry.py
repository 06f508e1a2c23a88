"""The vendors we can speak to, by the name in MASHANG_SMS_VENDOR: a line each."""

from collections.abc import Callable, Mapping

from services.notifications.providers import aliyun
from services.notifications.providers.protocol import Provider
from shared.vendors.vendor import Terms

VENDORS: Mapping[str, Callable[[Terms], Provider]] = {
    "aliyun": aliyun.make,
}
