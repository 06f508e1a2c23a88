"""Verification's part of the statistics, counted over all cases."""

from shared.db import Connection


async def get_figures(conn: Connection, zone: str) -> dict[str, int]:
    """Verification's part of the statistics; all but cases, in_review and open count complaints.

    What was once done stays done: a follow-up opens a case again, which is among `open` then.
    """
    row = await conn.fetchrow(
        """SELECT count(*) AS cases,
               count(*) FILTER (WHERE complains) AS complaints,
               count(*) FILTER (WHERE complains AND reached_at IS NOT NULL) AS called_back,
               count(*) FILTER (WHERE complains AND reached_at <= reached_due_at)
                   AS called_back_in_time,
               count(*) FILTER (WHERE complains AND (reached_at AT TIME ZONE $1)::date = day)
                   AS called_back_same_day,
               count(*) FILTER (WHERE complains AND handed_at IS NOT NULL) AS verified,
               count(*) FILTER (WHERE complains AND handed_at <= handed_due_at)
                   AS verified_in_time,
               count(*) FILTER (WHERE complains AND (handed_at AT TIME ZONE $1)::date = day)
                   AS verified_same_day,
               count(*) FILTER (WHERE complains AND in_force IN ('substantiated', 'partly'))
                   AS substantiated,
               count(*) FILTER (WHERE complains AND in_force = 'partly') AS partly,
               count(*) FILTER (WHERE state = 'in_review') AS in_review,
               count(*) FILTER (WHERE state = 'open') AS open,
               count(*) FILTER (WHERE complains AND rating > 0) AS rated,
               count(*) FILTER (WHERE complains AND solved) AS solved,
               count(*) FILTER (WHERE complains AND NOT solved) AS not_solved,
               count(*) FILTER (WHERE complains AND satisfied) AS satisfied,
               count(*) FILTER (WHERE complains AND withdrawn_at IS NOT NULL) AS withdrawn
           FROM (SELECT *, kind = 'complaint' AS complains,
                        (received_at AT TIME ZONE $1)::date AS day
                 FROM cases WHERE kind <> 'pressure') AS c""",
        zone,
    )
    return dict(row) if row else {}
