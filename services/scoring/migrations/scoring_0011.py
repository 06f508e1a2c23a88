"""A commendation is refused every change also by the table's owner."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

COMMENDATIONS = """
CREATE TRIGGER commendations_append_only BEFORE UPDATE OR DELETE ON commendations
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """The trigger that the other append-only tables have."""
    run_script(COMMENDATIONS)
