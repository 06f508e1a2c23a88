"""What a vendor stated, and what did not fit, is refused every change also by the tables' owner."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

TABLES = ("statement_orders", "mismatches", "mismatch_resolutions")


def upgrade() -> None:
    """The trigger that the other append-only tables have."""
    for table in TABLES:
        run_script(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """)
