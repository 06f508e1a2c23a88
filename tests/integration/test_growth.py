"""What every statement of every service touches stays the same, however many years went by."""

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from tests.bench.city import found_city, touching
from tests.bench.growth import compared
from tests.conftest import Clone
from tests.town import town

# Copies of six cases each, and of all that comes with them; and how often each thing is read, as a
# plan for any value comes with the sixth time.
SIZES = {200: 1, 2000: 7}
UNITS = 12


@pytest.mark.timeout(900)
async def test_no_statement_grows_with_the_history(clone: Clone, templates: Postgres) -> None:
    """Ten times the cases, and no job, page, answer or day of work touches more of them."""
    async with touching(), town(clone) as place:

        async def owning(service: str) -> asyncpg.Connection:
            async with place.databases[service].acquire() as conn:
                name = await conn.fetchval("SELECT current_database()")
            return await asyncpg.connect(templates.url(name))

        city = await found_city(place, owning, UNITS)
        told = []
        for copies, often in SIZES.items():
            await city.age(copies)
            touched, _ = await city.measure(often)
            told.append(touched)
    found = compared(told)
    grown = [str(one) for one in found if one.is_wrong]
    assert 300 < len(found)
    assert not grown, "\n".join(grown)
