"""Directory, facts for the figures, and the three ledgers: points, strikes, criticisms."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
depends_on = "bus_0001"

DIRECTORY = """
CREATE TABLE units (
    unit_code   text CONSTRAINT units_pkey PRIMARY KEY,
    name        text NOT NULL,
    county      text NOT NULL,
    county_code text NOT NULL,
    kind        text NOT NULL,
    active      boolean NOT NULL,
    version     int NOT NULL
);
CREATE INDEX units_by_county ON units (county_code);
CREATE TABLE officers (
    badge     text CONSTRAINT officers_pkey PRIMARY KEY,
    name      text NOT NULL,
    unit_code text NOT NULL,
    active    boolean NOT NULL,
    version   int NOT NULL
)
"""

# One table for each event, so that handlers of different events never wait for the same row.
FACTS = """
CREATE TABLE submissions (
    submission_id uuid CONSTRAINT submissions_pkey PRIMARY KEY,
    kind          text NOT NULL,
    unit_code     text NOT NULL,
    satisfaction  int CONSTRAINT submissions_satisfaction CHECK (satisfaction BETWEEN 1 AND 5),
    month         date NOT NULL,
    received_at   timestamptz NOT NULL
);
CREATE INDEX submissions_by_unit_month ON submissions (unit_code, month, satisfaction);
CREATE TABLE cases (
    case_id       uuid CONSTRAINT cases_pkey PRIMARY KEY,
    submission_id uuid NOT NULL,
    kind          text NOT NULL,
    unit_code     text NOT NULL,
    opened_at     timestamptz NOT NULL
);
CREATE TABLE callbacks (
    case_id       uuid CONSTRAINT callbacks_pkey PRIMARY KEY,
    submission_id uuid NOT NULL,
    unit_code     text NOT NULL,
    attempt       int NOT NULL,
    state         text NOT NULL,
    called_at     timestamptz NOT NULL,
    due_at        timestamptz NOT NULL
);
CREATE TABLE verdicts (
    case_id     uuid CONSTRAINT verdicts_pkey PRIMARY KEY,
    revision    int NOT NULL,
    kind        text NOT NULL,
    unit_code   text NOT NULL,
    incident_id uuid NOT NULL,
    verdict     text NOT NULL,
    attribution text NOT NULL,
    received_at timestamptz NOT NULL,
    verified_at timestamptz NOT NULL
);
CREATE TABLE rewards (
    reward_id   uuid CONSTRAINT rewards_pkey PRIMARY KEY,
    case_id     uuid NOT NULL,
    decision    text,
    amount_fen  bigint NOT NULL,
    version     int NOT NULL DEFAULT 0,
    paid_at     timestamptz,
    reversed_at timestamptz
)
"""

POINTS = """
CREATE TABLE unit_scores (
    unit_code           text CONSTRAINT unit_scores_pkey PRIMARY KEY,
    balance_centipoints bigint NOT NULL,
    entries             int NOT NULL
);
CREATE TABLE points_entries (
    unit_code           text NOT NULL,
    entry_no            int NOT NULL,
    case_id             uuid NOT NULL,
    revision            int NOT NULL,
    reason              text NOT NULL CONSTRAINT points_entries_reason_known
                        CHECK (reason IN ('substantiated', 'partly', 'accountability', 'transfer')),
    badge               text,
    case_ids            uuid[] NOT NULL,
    delta_centipoints   int NOT NULL
                        CONSTRAINT points_entries_change CHECK (delta_centipoints <> 0),
    balance_centipoints bigint NOT NULL
                        CONSTRAINT points_entries_never_a_gift CHECK (balance_centipoints <= 0),
    changed_at          timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT points_entries_pkey PRIMARY KEY (unit_code, entry_no),
    CONSTRAINT points_entries_badge
        CHECK ((reason IN ('accountability', 'transfer')) = (badge IS NOT NULL))
);
CREATE INDEX points_entries_by_case ON points_entries (case_id) WHERE badge IS NULL;
CREATE INDEX points_entries_by_badge ON points_entries (badge) WHERE badge IS NOT NULL
"""

STRIKES = """
CREATE TABLE strikes (
    strike_no   bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT strikes_pkey PRIMARY KEY,
    badge       text NOT NULL,
    case_id     uuid NOT NULL,
    incident_id uuid NOT NULL,
    revision    int NOT NULL,
    unit_code   text NOT NULL,
    year        int NOT NULL,
    received_at timestamptz NOT NULL,
    delta       int NOT NULL CONSTRAINT strikes_delta CHECK (delta IN (1, -1)),
    changed_at  timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT strikes_once_a_revision UNIQUE (badge, case_id, incident_id, revision, delta)
);
CREATE INDEX strikes_by_case ON strikes (case_id)
"""

CRITICISMS = """
CREATE TABLE criticisms (
    year      int NOT NULL,
    number    int NOT NULL CONSTRAINT criticisms_number CHECK (number > 0),
    case_id   uuid NOT NULL,
    revision  int NOT NULL,
    unit_code text NOT NULL,
    issued_at timestamptz NOT NULL,
    CONSTRAINT criticisms_pkey PRIMARY KEY (year, number),
    CONSTRAINT criticisms_once_a_revision UNIQUE (case_id, revision)
);
CREATE TABLE criticism_withdrawals (
    year         int NOT NULL,
    number       int NOT NULL,
    revision     int NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    CONSTRAINT criticism_withdrawals_pkey PRIMARY KEY (year, number),
    CONSTRAINT criticism_withdrawals_criticism
        FOREIGN KEY (year, number) REFERENCES criticisms (year, number)
)
"""

APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_scoring;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Create the tables; the ledgers can only grow."""
    for block in (DIRECTORY, FACTS, POINTS, STRIKES, CRITICISMS):
        run_script(block)
    for table in ("points_entries", "strikes", "criticisms", "criticism_withdrawals"):
        run_script(APPEND_ONLY.format(table=table))
