"""Sanctions, proposed and decided; and the numbered documents beside the criticisms."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

SANCTIONS = """
CREATE TABLE sanctions (
    sanction_id uuid CONSTRAINT sanctions_pkey PRIMARY KEY,
    rule        text NOT NULL CONSTRAINT sanctions_rule_known
                CHECK (rule IN ('accountability', 'transfer', 'interview')),
    badge       text,
    unit_code   text NOT NULL,
    period      text,
    case_ids    uuid[] NOT NULL,
    case_id     uuid NOT NULL,
    revision    int NOT NULL,
    proposed_at timestamptz NOT NULL,
    CONSTRAINT sanctions_badge CHECK ((rule = 'interview') = (badge IS NULL))
);
CREATE INDEX sanctions_by_badge ON sanctions (badge) WHERE badge IS NOT NULL;
CREATE INDEX sanctions_by_unit ON sanctions (unit_code);
CREATE TABLE sanction_decisions (
    sanction_id uuid CONSTRAINT sanction_decisions_pkey PRIMARY KEY
                CONSTRAINT sanction_decisions_sanction REFERENCES sanctions,
    outcome     text NOT NULL CONSTRAINT sanction_decisions_outcome_known
                CHECK (outcome IN ('signed', 'declined')),
    reason      text,
    decided_by  text NOT NULL,
    decided_at  timestamptz NOT NULL,
    CONSTRAINT sanction_decisions_reason CHECK (outcome = 'signed' OR reason IS NOT NULL)
);
CREATE TABLE sanction_withdrawals (
    sanction_id  uuid CONSTRAINT sanction_withdrawals_pkey PRIMARY KEY
                 CONSTRAINT sanction_withdrawals_sanction REFERENCES sanctions,
    case_id      uuid NOT NULL,
    revision     int NOT NULL,
    withdrawn_at timestamptz NOT NULL
)
"""

PAPERS = """
CREATE TABLE papers (
    kind        text NOT NULL CONSTRAINT papers_kind_known
                CHECK (kind IN ('accountability', 'transfer', 'interview', 'clearing')),
    year        int NOT NULL,
    number      int NOT NULL CONSTRAINT papers_number CHECK (number > 0),
    unit_code   text NOT NULL,
    badge       text,
    case_ids    uuid[] NOT NULL,
    period      text,
    sanction_id uuid CONSTRAINT papers_once_a_sanction UNIQUE
                CONSTRAINT papers_sanction REFERENCES sanctions,
    signed_by   text,
    issued_at   timestamptz NOT NULL,
    CONSTRAINT papers_pkey PRIMARY KEY (kind, year, number),
    CONSTRAINT papers_signed CHECK ((sanction_id IS NULL) = (signed_by IS NULL)
                                    AND (kind = 'clearing') = (signed_by IS NULL))
);
CREATE INDEX papers_by_badge ON papers (badge) WHERE badge IS NOT NULL;
CREATE TABLE paper_withdrawals (
    kind         text NOT NULL,
    year         int NOT NULL,
    number       int NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    CONSTRAINT paper_withdrawals_pkey PRIMARY KEY (kind, year, number),
    CONSTRAINT paper_withdrawals_paper
        FOREIGN KEY (kind, year, number) REFERENCES papers (kind, year, number)
)
"""

# What the rules have demanded so far waits for a signature, too.
PROPOSED = """
INSERT INTO sanctions
    (sanction_id, rule, badge, unit_code, period, case_ids, case_id, revision, proposed_at)
SELECT DISTINCT ON (d.rule, d.scope, d.subject, d.period)
       gen_random_uuid(), d.rule, d.scope, d.subject, d.period,
       ARRAY(SELECT s.case_id FROM strikes s WHERE s.badge = d.scope
             AND (d.period IS NULL OR s.year::text = d.period)
             GROUP BY s.case_id HAVING sum(s.delta) > 0 ORDER BY min(s.received_at)),
       d.case_id, d.revision, d.changed_at
FROM demands d
WHERE d.rule IN ('accountability', 'transfer') AND d.delta = 1
  AND (SELECT sum(o.delta) FROM demands o
       WHERE (o.rule, o.scope, o.subject) = (d.rule, d.scope, d.subject)
         AND o.period IS NOT DISTINCT FROM d.period) > 0
ORDER BY d.rule, d.scope, d.subject, d.period, d.demand_no DESC
"""

VERDICTS = """
ALTER TABLE verdicts ADD COLUMN named text[] NOT NULL DEFAULT '{}';
ALTER TABLE verdicts ADD COLUMN verified_by text
"""

APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_scoring;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
TABLES = ("sanctions", "sanction_decisions", "sanction_withdrawals", "papers", "paper_withdrawals")


def upgrade() -> None:
    """Each visible where its unit is."""
    for block in (SANCTIONS, PAPERS, VERDICTS, PROPOSED):
        run_script(block)
    for table in TABLES:
        run_script(APPEND_ONLY.format(table=table))
    for table in ("sanctions", "papers"):
        secure(table, "unit_code IN (SELECT unit_code FROM units)")
    for table in ("sanction_decisions", "sanction_withdrawals"):
        secure(table, f"EXISTS (SELECT FROM sanctions s WHERE s.sanction_id = {table}.sanction_id)")
    secure(
        "paper_withdrawals",
        """EXISTS (SELECT FROM papers p WHERE p.kind = paper_withdrawals.kind
        AND p.year = paper_withdrawals.year AND p.number = paper_withdrawals.number)""",
    )
