"""The vendors we can speak to, by their names in MASHANG_SMS_VENDORS: a line each."""

from collections.abc import Callable, Mapping

from services.notifications.providers import aliyun, tencent, twilio
from services.notifications.providers.protocol import Provider
from shared.vendors.vendor import Terms

VENDORS: Mapping[str, Callable[[Terms], Provider]] = {
    "aliyun": aliyun.make,
    "tencent": tencent.make,
    "twilio": twilio.make,
}
