"""What vendors report to us: unsigned, so under a secret address, and only a hint to ask."""

import hmac

from shared.errors import Malformed, NotFound
from shared.observe import log
from shared.vendors.vendor import NotAReport, Vendor

PATH = "/reports/{vendor}/{secret}"


def address(base: str, vendor: str, secret: str) -> str:
    """Where a vendor reports; as secret as its last part."""
    return base.rstrip("/") + PATH.format(vendor=vendor, secret=secret)


def check(vendor: Vendor, name: str, secret: str) -> None:
    """NotFound unless this is the address of the vendor in use."""
    given, wanted = f"{name}/{secret}", f"{vendor.name}/{vendor.report_secret}"
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotFound("There is nothing at this address.")


def read(vendor: Vendor, body: bytes) -> list[str]:
    """Our references in a report; Malformed if the vendor cannot have written it."""
    try:
        return vendor.read_report(body)
    except NotAReport as error:
        log.get().warning("report refused", vendor=vendor.name, reason=str(error))
        raise Malformed("Not a report of this vendor.") from None
