"""The book: what was truly paid and sent, in a database that survives SIGKILL."""

import asyncio
import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS airtime (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor TEXT NOT NULL,
    external_id TEXT NOT NULL,
    product_id NOT NULL, -- a number or a word, as the vendor has it
    phone TEXT NOT NULL,
    fen INTEGER NOT NULL CHECK (fen > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    callback_url TEXT,
    created_at REAL NOT NULL,
    confirmed_at REAL,
    paid_at REAL,
    reversed_at REAL,
    CONSTRAINT paid_has_time CHECK ((status IN ('COMPLETED', 'REVERSED')) = (paid_at IS NOT NULL)),
    CONSTRAINT reversed_has_time CHECK ((status = 'REVERSED') = (reversed_at IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS airtime_status ON airtime (vendor, status);
CREATE INDEX IF NOT EXISTS airtime_external ON airtime (vendor, external_id);
CREATE TABLE IF NOT EXISTS sms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor TEXT NOT NULL,
    biz_id TEXT,
    phone TEXT NOT NULL,
    template TEXT NOT NULL,
    content TEXT NOT NULL,
    out_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'refused')),
    code TEXT NOT NULL,
    sent_at REAL NOT NULL,
    reported_at REAL,
    CONSTRAINT refused_was_not_sent CHECK ((state = 'refused') = (biz_id IS NULL)),
    CONSTRAINT reported_has_time
        CHECK ((state IN ('delivered', 'failed')) = (reported_at IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS sms_phone ON sms (phone, sent_at);
CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    due_at REAL NOT NULL,
    kind TEXT NOT NULL,
    ref INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    payload TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tasks_due ON tasks (due_at);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    spec TEXT NOT NULL,
    draws INTEGER NOT NULL DEFAULT 0,
    fired INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, seen_at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonces_seen ON nonces (seen_at);
"""
CLEARED = ("airtime", "sms", "tasks", "nonces")


class BookInUseError(Exception):
    """Another sandbox keeps its book in the same folder."""


def keep_to_owner(path: Path, *, made: bool) -> None:
    """Phone numbers stand in it: nobody else reads it, also if it was there before."""
    if made:
        path.touch(mode=0o600)
    if path.exists():
        path.chmod(0o600)


class Book:
    """One SQLite file, written by one process; every commit is on disk before it is answered."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("lock", "book.sqlite3", "book.sqlite3-wal", "book.sqlite3-shm"):
            keep_to_owner(folder / name, made=name in ("lock", "book.sqlite3"))
        self._lock = (folder / "lock").open("w")
        self._take_lock(folder)
        self.changed = asyncio.Event()
        self.db = sqlite3.connect(folder / "book.sqlite3", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.executescript(SCHEMA)

    def _take_lock(self, folder: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise BookInUseError(f"another sandbox uses {folder}; choose another --data") from None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. It must contain no await, as requests share the connection."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")
        self.changed.set()

    def clear(self) -> dict[str, int]:
        """Forget everything but the faults; row numbers are not used again."""
        with self.writing() as db:
            return {name: db.execute(f"DELETE FROM {name}").rowcount for name in CLEARED}  # noqa: S608

    def close(self) -> None:
        """Close the file and give up the folder."""
        self.db.close()
        self._lock.close()
