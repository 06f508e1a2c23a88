"""What was received stays as it was, also under the hand of the tables' owner.

What is personal in it may be erased, and only that: such a column may become NULL, and nothing else
of the row may change with it.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# The trigger names what may be erased; a later column of that kind is added to its list.
ERASING = """
CREATE FUNCTION refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NOT EXISTS (
        SELECT FROM jsonb_each(to_jsonb(OLD)) o JOIN jsonb_each(to_jsonb(NEW)) n USING (key)
        WHERE o.value <> n.value AND NOT (key = ANY (TG_ARGV) AND n.value = 'null')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
ERASABLE = {
    "submissions": "'words_sealed', 'phone_sealed', 'phone_index', 'details'",
    "additions": "'words_sealed', 'officer_typed_sealed'",
}


def upgrade() -> None:
    """Nothing is said about who may erase: the service's role may not change a row at all."""
    run_script(ERASING)
    for table, erasable in ERASABLE.items():
        run_script(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasing({erasable})
        """)
    run_script("""
        CREATE TRIGGER receipt_keys_append_only BEFORE UPDATE OR DELETE ON receipt_keys
            FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
