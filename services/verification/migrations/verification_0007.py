"""Drafts: what an operator has written on a case's page and not sent, sealed, one a case."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

DRAFTS = """
CREATE TABLE drafts (
    case_id      uuid NOT NULL CONSTRAINT drafts_case_id_fkey REFERENCES cases,
    username     text NOT NULL,
    typed_sealed text NOT NULL,
    saved_at     timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT drafts_pkey PRIMARY KEY (case_id, username)
);
CREATE INDEX drafts_saved_at ON drafts (saved_at)
"""


def upgrade() -> None:
    """Whoever may not see the case does not see what they had written on it either."""
    run_script(DRAFTS)
    secure("drafts", "EXISTS (SELECT FROM cases c WHERE c.case_id = drafts.case_id)")
