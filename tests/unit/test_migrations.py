"""The check that a service makes at its start agrees with what Alembic does."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from shared import db, migrate
from shared.flows import SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_expected_heads_are_alembics(service: str) -> None:
    """What is read from the migrations' names are the ends of Alembic's branches."""
    script = ScriptDirectory.from_config(migrate.alembic_config(service, ""))
    assert set(script.get_heads()) == db.expected_heads(service)


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_follow_each_other_by_number(service: str) -> None:
    """Each has its file's name and stands on the one before: nothing forks, nothing is lost."""
    script = ScriptDirectory.from_config(migrate.alembic_config(service, ""))
    for head in script.get_heads():
        branch = head.rpartition("_")[0]
        line = [one for one in script.walk_revisions() if one.revision.startswith(f"{branch}_")]
        names = sorted(Path(one.path).stem for one in line)
        assert dict(zip(names, [None, *names], strict=False)) == {
            one.revision: one.down_revision for one in line
        }


def test_a_missing_number_is_passed_over(tmp_path: Path) -> None:
    """Scoring has none between its first and its fourth."""
    for name in ("scoring_0001", "scoring_0004", "scoring_0005"):
        (tmp_path / f"{name}.py").touch()
    assert ("scoring_0001", None) == migrate.numbered(str(tmp_path / "scoring_0001.py"))
    assert ("scoring_0004", "scoring_0001") == migrate.numbered(str(tmp_path / "scoring_0004.py"))
