"""What vendors report to us: unsigned, so under a secret address, and only a hint to ask."""

import hmac
from collections.abc import Iterable
from typing import TypeVar

from shared.errors import Malformed, NotFound
from shared.observe import log
from shared.vendors.vendor import NotAReport, Vendor

V = TypeVar("V", bound=Vendor)
PATH = "/reports/{vendor}/{secret}"


def address(base: str, vendor: str, secret: str) -> str:
    """Where a vendor reports; as secret as its last part."""
    return base.rstrip("/") + PATH.format(vendor=vendor, secret=secret)


def check(vendor: Vendor, name: str, secret: str) -> None:
    """NotFound unless this is the address of the vendor in use."""
    addressed((vendor,), name, secret)


def addressed(vendors: Iterable[V], name: str, secret: str) -> V:
    """The vendor in use whose address this is; NotFound if it is nobody's."""
    given = f"{name}/{secret}".encode()
    for vendor in vendors:
        if hmac.compare_digest(given, f"{vendor.name}/{vendor.report_secret}".encode()):
            return vendor
    raise NotFound("refused.no_address")


def read(vendor: Vendor, body: bytes) -> list[str]:
    """Our references in a report; Malformed if the vendor cannot have written it."""
    try:
        return vendor.read_report(body)
    except NotAReport as error:
        log.get().warning("report refused", vendor=vendor.name, reason=str(error))
        raise Malformed("refused.not_a_report") from None
