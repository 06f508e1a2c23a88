"""The public API under generated cases: each operation, its boundaries, and chains by its links."""

import pytest

from shared.db import Database
from tests.api.run import SETTINGS, run
from tests.integration.intake_site import site

SERVICE = "intake"
# `make api` sends 100,000.
CASES = 6_000
# A picture, the code of an SMS and a token of the staff's are not guessed; no day's sample is over.
NEVER_RIGHT = {
    "POST /api/v1/attachments", "POST /api/v1/receipts/{receipt}/attachments",
    "POST /api/v1/receipts/{receipt}/phone", "GET /api/v1/figures",
    "GET /api/v1/open/sample/{day}",
}  # fmt: skip


@pytest.mark.timeout(1200)
async def test_no_generated_case_breaks_the_public_api(database: Database) -> None:
    """No 5xx, no answer that its description does not know, no link that leads nowhere."""
    async with site(database, **SETTINGS) as intake:
        told = await run(intake, CASES, seed=1)
    print(f"{told.cases:,} cases; {told.summary}")
    assert {} == told.found
    assert told.cases >= CASES
    assert [] == [link for link, times in told.followed.items() if times < 30]
    right = {label for label, found in told.statuses.items() if any(s < "3" for s in found)}
    assert NEVER_RIGHT == set(told.statuses) - right
