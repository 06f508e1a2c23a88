"""A commendation is refused every change also by the table's owner."""

from shared.migrate import run_script

revision = "scoring_0011"
down_revision = "scoring_0010"
depends_on = None

COMMENDATIONS = """
CREATE TRIGGER commendations_append_only BEFORE UPDATE OR DELETE ON commendations
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """The trigger that the other append-only tables have."""
    run_script(COMMENDATIONS)
