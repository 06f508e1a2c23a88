"""What operators have called some choices of cases."""

from shared.db import Connection


async def list_of(conn: Connection, username: str) -> dict[str, str]:
    """What is asked for, by title."""
    rows = await conn.fetch(
        "SELECT title, asked FROM saved_views WHERE username = $1 ORDER BY title", username
    )
    return {row["title"]: row["asked"] for row in rows}


async def put(conn: Connection, username: str, title: str, asked: str) -> None:
    """Save one, perhaps in place of another of this title."""
    await conn.execute(
        """INSERT INTO saved_views (username, title, asked) VALUES ($1, $2, $3)
           ON CONFLICT (username, title) DO UPDATE SET asked = excluded.asked""",
        username, title, asked,
    )  # fmt: skip


async def remove(conn: Connection, username: str, title: str) -> None:
    """Forget one, if it is there."""
    await conn.execute(
        "DELETE FROM saved_views WHERE username = $1 AND title = $2", username, title
    )
