"""The open figures as they were published last, and the weeks in which they were.

Numbers that stay hidden lie here too: the next table is compared with them before it is published.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

SHOWN = """
CREATE TABLE open_shown (
    whole  boolean NOT NULL,
    month  date NOT NULL,
    kind   text NOT NULL,
    name   text NOT NULL,
    number bigint NOT NULL,
    hidden boolean NOT NULL,
    CONSTRAINT open_shown_pkey PRIMARY KEY (month, kind, name)
);
CREATE TABLE open_weeks (monday date CONSTRAINT open_weeks_pkey PRIMARY KEY)
"""


def upgrade() -> None:
    """The first count after this publishes all that was counted before."""
    run_script(SHOWN)
