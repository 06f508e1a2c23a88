"""Phones that the vendors are asked about before anything is ordered, and those that they refuse.

A phone stands in `phone_checks` only until they have answered.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

CHECKS = """
CREATE TABLE phone_checks (
    submission_id uuid CONSTRAINT phone_checks_pkey PRIMARY KEY,
    phone_sealed  text NOT NULL,
    phone_index   text NOT NULL,
    check_at      timestamptz NOT NULL DEFAULT mashang_now(),
    asked         int NOT NULL DEFAULT 0,
    traceparent   text
);
CREATE INDEX phone_checks_due ON phone_checks (check_at);
CREATE TABLE refused_phones (
    submission_id uuid,
    phone_index   text,
    code          text NOT NULL,
    refused_at    timestamptz NOT NULL,
    CONSTRAINT refused_phones_pkey PRIMARY KEY (submission_id, phone_index)
)
"""
# By the policy of the day of receipt a reward is decided again, should its phone change.
VERDICTS = "ALTER TABLE verdicts ADD COLUMN received_at timestamptz"


def upgrade() -> None:
    """Of phones of before nobody was asked."""
    run_script(CHECKS)
    run_script(VERDICTS)
