"""What scoring's pages have in common: the views beside them, paging, since when praise is told."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from shared import access
from shared.access import Operator
from shared.policy import Policies
from shared.values import clock

YEAR = timedelta(days=365)


def rail(operator: Operator) -> dict[str, object]:
    """What the views beside the page depend on."""
    return {"sanctioning": operator.role in access.SANCTION_READERS}


def onward(path: str, *, limit: int, **last: str | int | None) -> str | None:
    """Where the next page is; it keeps the size that was asked for."""
    if None in last.values():
        return None
    return f"{path}?{urlencode({**last, 'limit': limit})}"


def praised_since(policies: Policies) -> tuple[str, datetime]:
    """The bureau's zone, and the first of the month a year ago."""
    rule = policies.editions[-1]
    first = (clock.service_day(clock.now(), rule.zone) - YEAR).replace(day=1)
    return rule.timezone, datetime(first.year, first.month, 1, tzinfo=rule.zone)
