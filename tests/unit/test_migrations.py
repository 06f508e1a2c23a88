"""The check that a service makes at its start agrees with what Alembic does."""

import pytest
from alembic.script import ScriptDirectory
from alembic.util import to_tuple

from shared import db, migrate
from shared.flows import SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_expected_heads_are_alembics(service: str) -> None:
    """What is read from the migrations' constants is what Alembic's table holds at the end."""
    script = ScriptDirectory.from_config(migrate.alembic_config(service, ""))
    needed = {
        name
        for revision in script.walk_revisions()
        for name in to_tuple(revision.dependencies, default=())
    }
    assert set(script.get_heads()) - needed == db.expected_heads(service)
