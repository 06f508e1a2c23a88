"""What vendors report to us: under a secret address, since most do not sign, and only a hint.

At the address below it they bring what citizens wrote back, which nobody can ask them about.
"""

import hmac
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.errors import Malformed, NotFound
from shared.observe import log
from shared.vendors.vendor import NotAReport, Vendor

V = TypeVar("V", bound=Vendor)
M = TypeVar("M", bound=BaseModel)
PATH = "/reports/{vendor}/{secret}"
INBOUND = f"{PATH}/inbound"
_ARRAY: TypeAdapter[list[Any]] = TypeAdapter(list[Any])


def address(base: str, vendor: str, secret: str, path: str = PATH) -> str:
    """Where a vendor reports, or (INBOUND) brings replies; as secret as its last part."""
    return base.rstrip("/") + path.format(vendor=vendor, secret=secret)


def check(vendor: Vendor, name: str, secret: str) -> None:
    """NotFound unless this is the address of the vendor in use."""
    addressed((vendor,), name, secret)


def addressed(vendors: Iterable[V], name: str, secret: str) -> V:
    """The vendor in use whose address this is; NotFound if it is nobody's."""
    given = f"{name}/{secret}".encode()
    for vendor in vendors:
        ours = [f"{vendor.name}/{one}".encode() for one in vendor.report_secrets]
        if any(hmac.compare_digest(given, one) for one in ours):
            return vendor
    raise NotFound("refused.no_address")


def read(vendor: Vendor, body: bytes, headers: Mapping[str, str]) -> list[str]:
    """Our references in a report; Malformed if the vendor cannot have written it."""
    if not vendor.has_signed(body, headers):
        raise refused(vendor, NotAReport("not signed by the vendor"))
    try:
        return vendor.read_report(body)
    except NotAReport as error:
        raise refused(vendor, error) from None


def refused(vendor: Vendor, error: NotAReport) -> Malformed:
    """What to answer to something that the vendor cannot have written."""
    log.get().warning("report refused", vendor=vendor.name, reason=str(error))
    return Malformed("refused.not_a_report")


def entries(kind: type[M], body: bytes) -> list[M]:
    """What can be read of a JSON array; NotAReport if it is none, or nothing of it can be.

    Each entry is judged by itself: a broken one does not hide what stands beside it.
    """
    try:
        told = _ARRAY.validate_json(body)
    except ValidationError:
        raise NotAReport("not a JSON array") from None
    found = [entry for one in told if (entry := _entry(kind, one)) is not None]
    if told and not found:
        raise NotAReport("an array with no entry of its kind")
    if len(found) < len(told):
        log.get().warning("entries of a report skipped", size=len(told) - len(found))
    return found


def _entry(kind: type[M], told: object) -> M | None:
    try:
        return kind.model_validate(told)
    except ValidationError:
        return None
