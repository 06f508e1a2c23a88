"""What the book proves: totals and lists of what was truly paid and sent."""

import sqlite3
from typing import Any

AIRTIME_TOTALS = """
SELECT count(*) FILTER (WHERE status = 'COMPLETED') AS paid_count,
       count(*) FILTER (WHERE status = 'REVERSED') AS reversed_count,
       count(*) FILTER (WHERE status LIKE 'DECLINED%') AS declined_count,
       count(*) FILTER (WHERE status IN ('CREATED', 'CONFIRMED', 'SUBMITTED')) AS open_count
FROM airtime {where}
"""
SMS_COUNTS = """
SELECT {key} AS key, count(*) AS sent, count(*) FILTER (WHERE state = 'delivered') AS delivered
FROM sms {where} {glue} state <> 'refused' GROUP BY 1 ORDER BY 1
"""


def airtime(db: sqlite3.Connection, vendor: str | None, external: str | None) -> dict[str, Any]:
    """Sums count what is paid now; a reversed top-up is paid no more and is counted apart."""
    where, args = narrow("external_id", vendor, external)
    totals = dict(db.execute(AIRTIME_TOTALS.format(where=where), args).fetchone())
    return {
        **totals,
        "sum_fen": sums(db, "COMPLETED", where, args),
        "reversed_fen": sums(db, "REVERSED", where, args),
        "by_number": paid_numbers(db, where, args),
        "transactions": rows(db, "airtime", where, args),
    }


def sms(db: sqlite3.Connection, vendor: str | None, external: str | None) -> dict[str, Any]:
    """Sent means accepted by the vendor; refused calls are listed but not sent."""
    where, args = narrow("out_id", vendor, external)
    glue = "AND" if where else "WHERE"
    counts = {
        key: {r["key"]: {"sent": r["sent"], "delivered": r["delivered"]} for r in found}
        for key in ("template", "phone")
        if (found := db.execute(SMS_COUNTS.format(key=key, where=where, glue=glue), args))
    }
    return {
        "sent_count": sum(c["sent"] for c in counts["template"].values()),
        "delivered_count": sum(c["delivered"] for c in counts["template"].values()),
        "by_template": counts["template"],
        "by_number": counts["phone"],
        "messages": rows(db, "sms", where, args),
    }


def narrow(external: str, vendor: str | None, value: str | None) -> tuple[str, list[str]]:
    """The WHERE clause for the given filters."""
    wanted = [("vendor", vendor), (external, value)]
    terms = [(f"{column} = ?", v) for column, v in wanted if v is not None]
    where = " AND ".join(term for term, _ in terms)
    return (f"WHERE {where}" if where else ""), [v for _, v in terms]


def sums(db: sqlite3.Connection, status: str, where: str, args: list[str]) -> dict[str, int]:
    """Fen by currency of the transactions in a state."""
    found = db.execute(
        f"SELECT currency, sum(fen) FROM (SELECT * FROM airtime {where})"  # noqa: S608
        " WHERE status = ? GROUP BY currency",
        [*args, status],
    )
    return dict(found.fetchall())


def paid_numbers(db: sqlite3.Connection, where: str, args: list[str]) -> dict[str, Any]:
    """How often and how much each number was paid, so that a double payment shows."""
    found = db.execute(
        f"SELECT phone, count(*), sum(fen) FROM (SELECT * FROM airtime {where})"  # noqa: S608
        " WHERE status = 'COMPLETED' GROUP BY phone ORDER BY phone",
        args,
    )
    return {phone: {"paid_count": count, "sum_fen": fen} for phone, count, fen in found}


def rows(db: sqlite3.Connection, table: str, where: str, args: list[str]) -> list[dict[str, Any]]:
    """Every line as it stands in the book."""
    return [dict(r) for r in db.execute(f"SELECT * FROM {table} {where} ORDER BY id", args)]  # noqa: S608
