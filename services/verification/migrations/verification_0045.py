"""Desks hear of what changes below their place, and who has which case open.

`tell_desks` says only where something happened, as the codes from the root down to the unit: what
it was each desk asks for itself, in the name of who sits there.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# Lost in a crash, as what it tells of is.
PRESENCES = """
CREATE UNLOGGED TABLE presences (
    case_id  uuid NOT NULL,
    username text NOT NULL,
    seen_at  timestamptz NOT NULL,
    CONSTRAINT presences_pkey PRIMARY KEY (case_id, username)
)
"""
# As the tables' owner: a case may just have left the sight of who changed it.
TELL = """
CREATE FUNCTION tell_desks() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('desks', array_to_string(path, ' ')) FROM units
        WHERE unit_code = NEW.unit_code;
    RETURN NULL;
END $$;
CREATE TRIGGER cases_opened AFTER INSERT ON cases FOR EACH ROW EXECUTE FUNCTION tell_desks();
CREATE TRIGGER cases_changed AFTER UPDATE ON cases FOR EACH ROW
    WHEN ((OLD.state, OLD.next_due_at, OLD.urgent, OLD.unit_code, OLD.recused)
          IS DISTINCT FROM (NEW.state, NEW.next_due_at, NEW.urgent, NEW.unit_code, NEW.recused))
    EXECUTE FUNCTION tell_desks();
CREATE FUNCTION tell_who_is_there() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('desks', array_to_string(path, ' ')) FROM units JOIN cases USING (unit_code)
        WHERE case_id = coalesce(NEW.case_id, OLD.case_id);
    RETURN NULL;
END $$;
CREATE TRIGGER presences_told AFTER INSERT OR DELETE ON presences FOR EACH ROW
    EXECUTE FUNCTION tell_who_is_there()
"""


def upgrade() -> None:
    """Nobody is anywhere yet."""
    run_script(PRESENCES)
    run_script(TELL)
    secure("presences", "EXISTS (SELECT FROM cases c WHERE c.case_id = presences.case_id)")
