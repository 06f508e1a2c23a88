"""The vendors that the sandbox simulates: a line each, new ones at the end."""

from collections.abc import Mapping

from deploy.sandbox.dialect import Dialect, Kind
from deploy.sandbox.dialects.africastalking import AFRICASTALKING
from deploy.sandbox.dialects.aliyun import ALIYUN
from deploy.sandbox.dialects.dtone import DTONE
from deploy.sandbox.dialects.juhe import JUHE
from deploy.sandbox.dialects.reloadly import RELOADLY
from deploy.sandbox.dialects.tencent import TENCENT
from deploy.sandbox.dialects.twilio import TWILIO

_ALL = (
    ALIYUN,
    DTONE,
    TENCENT,
    TWILIO,
    JUHE,
    RELOADLY,
    AFRICASTALKING,
)
DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in _ALL}


def of_kind(kind: Kind) -> list[Dialect]:
    """All that sell this; the first is the one that a local installation uses."""
    return [dialect for dialect in DIALECTS.values() if dialect.kind == kind]
