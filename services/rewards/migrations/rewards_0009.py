"""Phones that citizens bound after sending, and verdicts whose reward lacks nothing but a phone."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

CONTACTS = """
CREATE TABLE contacts (
    submission_id uuid CONSTRAINT contacts_pkey PRIMARY KEY,
    phone_sealed  text NOT NULL,
    phone_index   text NOT NULL,
    bound_at      timestamptz NOT NULL
)
"""
# `waiting` is the newest verdict as it was told, for as long as only the phone is missing.
VERDICTS = """
ALTER TABLE verdicts ADD COLUMN submission_id uuid, ADD COLUMN waiting jsonb,
    ADD CONSTRAINT verdicts_waiting CHECK (waiting IS NULL OR submission_id IS NOT NULL);
CREATE INDEX verdicts_waiting_key ON verdicts (submission_id) WHERE waiting IS NOT NULL
"""


def upgrade() -> None:
    """Verdicts of before wait for nothing: that they lacked a phone is not known here."""
    run_script(CONTACTS)
    run_script(VERDICTS)
