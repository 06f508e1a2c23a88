"""The ledger: double entries that only ever grow, their turnover by month, and what was before."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# A posting is of the transaction that made it: nobody adds a line to it later. `month` is the one
# in which it is booked, `for_month` the closed one in which it would have stood.
POSTINGS = """
CREATE TABLE ledger_postings (
    posting_no bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT ledger_postings_pkey PRIMARY KEY,
    step       text NOT NULL,
    reward_id  uuid CONSTRAINT ledger_postings_reward REFERENCES rewards (id),
    version    int,
    month      date NOT NULL CONSTRAINT ledger_postings_month CHECK (extract(day FROM month) = 1),
    for_month  date CONSTRAINT ledger_postings_for_month CHECK (for_month < month),
    reverses   bigint CONSTRAINT ledger_postings_reverses REFERENCES ledger_postings
               CONSTRAINT ledger_postings_reversed_once UNIQUE,
    refers_to  bigint CONSTRAINT ledger_postings_refers_to REFERENCES ledger_postings,
    actor      text NOT NULL,
    note       text,
    booked_at  timestamptz NOT NULL,
    xact       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT ledger_postings_backwards CHECK (reverses < posting_no AND refers_to < posting_no),
    CONSTRAINT ledger_postings_why CHECK (step <> 'reversal' OR reverses IS NOT NULL
                                          AND note IS NOT NULL)
);
CREATE INDEX ledger_postings_of_reward ON ledger_postings (reward_id) WHERE reward_id IS NOT NULL;
CREATE TABLE ledger_entries (
    posting_no bigint NOT NULL CONSTRAINT ledger_entries_posting REFERENCES ledger_postings,
    account    text NOT NULL CONSTRAINT ledger_entries_account CHECK (account IN (
                   'wallet', 'topped_up', 'suspense', 'paid', 'reversed', 'owed', 'granted')),
    vendor     text NOT NULL,
    order_id   text NOT NULL,
    fen        bigint NOT NULL CONSTRAINT ledger_entries_fen CHECK (fen <> 0),
    CONSTRAINT ledger_entries_pkey PRIMARY KEY (posting_no, account, vendor, order_id),
    CONSTRAINT ledger_entries_vendor CHECK ((account IN ('owed', 'granted')) = (vendor = ''))
);
CREATE INDEX ledger_entries_order ON ledger_entries (order_id) WHERE order_id <> ''
"""

# What is not added up yet, and the sums: by month and step, so that a year has some hundred rows.
TURNOVER = """
CREATE TABLE ledger_fresh (
    posting_no bigint NOT NULL,
    account    text NOT NULL,
    vendor     text NOT NULL,
    fen        bigint NOT NULL
);
CREATE TABLE ledger_turnover (
    month      date NOT NULL,
    account    text NOT NULL,
    vendor     text NOT NULL,
    step       text NOT NULL,
    debit_fen  numeric NOT NULL,
    credit_fen numeric NOT NULL,
    CONSTRAINT ledger_turnover_pkey PRIMARY KEY (month, account, vendor, step)
);
CREATE FUNCTION ledger_add_fresh() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_fresh VALUES (NEW.posting_no, NEW.account, NEW.vendor, NEW.fen);
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entries_fresh AFTER INSERT ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_add_fresh()
"""

# At the end of the transaction: debits are credits, and a reversal is its posting turned round.
BALANCED = """
CREATE FUNCTION ledger_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posting ledger_postings;
BEGIN
    SELECT * INTO posting FROM ledger_postings WHERE posting_no = NEW.posting_no;
    IF posting.xact <> pg_current_xact_id() THEN
        RAISE EXCEPTION 'posting % is complete', NEW.posting_no
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_complete';
    END IF;
    IF (SELECT coalesce(sum(fen), 1) FROM ledger_entries WHERE posting_no = NEW.posting_no) <> 0
    THEN
        RAISE EXCEPTION 'debits and credits of posting % differ', NEW.posting_no
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    IF posting.reverses IS NOT NULL AND EXISTS (
        SELECT FROM ledger_entries WHERE posting_no IN (posting.posting_no, posting.reverses)
        GROUP BY account, vendor, order_id HAVING sum(fen) <> 0)
    THEN
        RAISE EXCEPTION 'posting % is not % turned round', NEW.posting_no, posting.reverses
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_reversal';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_postings_balanced AFTER INSERT ON ledger_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_must_balance();
CREATE CONSTRAINT TRIGGER ledger_entries_balanced AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_must_balance()
"""

# A month that somebody has signed takes nothing more.
CLOSES = """
CREATE TABLE ledger_closes (
    month     date CONSTRAINT ledger_closes_pkey PRIMARY KEY
              CONSTRAINT ledger_closes_month CHECK (extract(day FROM month) = 1),
    year      int NOT NULL,
    number    int NOT NULL,
    rows      jsonb NOT NULL,
    digest    text NOT NULL,
    signed_by text NOT NULL,
    signer    text NOT NULL,
    closed_at timestamptz NOT NULL,
    CONSTRAINT ledger_closes_number UNIQUE (year, number)
);
CREATE FUNCTION ledger_month_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_closes WHERE month >= NEW.month) THEN
        RAISE EXCEPTION '% is closed', NEW.month
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_month_open';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_postings_open BEFORE INSERT ON ledger_postings
    FOR EACH ROW EXECUTE FUNCTION ledger_month_is_open()
"""

APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_rewards;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""

# Orders in the month in which they stood last, and what is owed in the month of the verdict. Kept
# to the accounts of rules/ledger.py by tests/integration/test_ledger.py.
BEFORE = """
CREATE TEMPORARY TABLE before ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY at, id, order_id) AS n, *,
           date_trunc('month', at AT TIME ZONE 'Asia/Shanghai')::date AS month
    FROM (SELECT r.id, r.version, o.order_id, o.vendor, o.outcome, o.amount_fen AS fen,
                 coalesce(o.closed_at, o.opened_at) AS at
          FROM orders o JOIN rewards r ON r.id = o.reward_id
          WHERE o.outcome IS DISTINCT FROM 'rejected'
          UNION ALL
          SELECT id, version, '', '', 'owed', amount_fen, verified_at FROM rewards
          WHERE state IN ('ready', 'submitting', 'accepted', 'unknown', 'rejected', 'manual',
                          'reversed')) AS found;
INSERT INTO ledger_postings (posting_no, step, reward_id, version, month, actor, booked_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'carried_over', id, version, month, 'system', mashang_now() FROM before;
INSERT INTO ledger_entries (posting_no, account, vendor, order_id, fen)
    SELECT n, account, vendor, order_id, sign * fen FROM before JOIN (VALUES
        ('open', 'wallet', -1), ('open', 'suspense', 1), ('paid', 'wallet', -1),
        ('paid', 'paid', 1), ('reversed', 'paid', 1), ('reversed', 'reversed', -1),
        ('owed', 'granted', 1), ('owed', 'owed', -1)) AS place (outcome, account, sign)
    ON place.outcome = coalesce(before.outcome, 'open');
SELECT setval(pg_get_serial_sequence('ledger_postings', 'posting_no'),
              (SELECT count(*) + 1 FROM before), false);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED
"""


def upgrade() -> None:
    """Instances of before post nothing: the next move of a reward, or a run, brings it up."""
    for block in (POSTINGS, TURNOVER, BALANCED, CLOSES):
        run_script(block)
    for table in ("ledger_postings", "ledger_entries", "ledger_closes"):
        run_script(APPEND_ONLY.format(table=table))
    run_script(BEFORE)
