"""The public API under generated cases: each operation, its boundaries, and chains by its links."""

from pathlib import Path

import pytest

from shared.db import Database
from tests.api.run import CLIENT, run
from tests.integration.intake_site import site

SERVICE = "intake"
# A case costs about 20 ms of a core; `make api` sends 100,000.
EXAMPLES = 30


@pytest.mark.timeout(1200)
async def test_no_generated_case_breaks_the_public_api(database: Database, tmp_path: Path) -> None:
    """No 5xx, no answer that its description does not know."""
    async with site(database, open311_clients=CLIENT) as intake:
        told = await run(intake, tmp_path, EXAMPLES, seed=1)
    print(told.printed[-3000:])
    assert 0 == told.code, told.printed
    assert told.cases > 1_500
