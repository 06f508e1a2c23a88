"""The directory's history knows windows, too; their code is `<unit>/<number>`."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

KINDS = """
ALTER TABLE directory_changes DROP CONSTRAINT directory_changes_kind_known;
ALTER TABLE directory_changes ADD CONSTRAINT directory_changes_kind_known
    CHECK (kind IN ('places', 'units', 'officers', 'operators', 'windows'))
"""


def upgrade() -> None:
    """What windows were called before is told by nobody."""
    run_script(KINDS)
