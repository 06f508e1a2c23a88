"""Loads the demo's directory: 242 units, their officers, operators with the demo password.

And the phones of city and counties that urgent requests page.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from deploy.local.stack import Stack
from services.verification.commands import (
    Faults,
    explain,
    get_root,
    import_csv,
    keep_first,
    set_passwords,
)
from shared import config, policy, secret
from shared.bus import outbox
from shared.db import Connection, Database
from shared.errors import MashangError
from shared.values.seal import Seal

HERE = Path(__file__).parent
FILES = ("places.csv", "units.csv", "officers.csv", "operators.csv")
DUTY_PHONES = "duty_phones.csv"


async def load_directory(stack: Stack) -> bool:
    """Import the four files; rows that are there already stay as they are.

    False where somebody else's directory is there, which is left alone.
    """
    env = stack.env("verification")
    ring = config.keys(env["MASHANG_SEAL_KEYS_PHONE"])
    seal = Seal({"phone": ring}, config.key(env["MASHANG_INDEX_KEY"]))
    levels = policy.load(Path(env["MASHANG_POLICY_FILE"])).level_keys
    database = await Database.connect(env["DATABASE_URL"], "verification", size=1)
    try:
        async with database.acquire() as conn:
            if await is_anothers(conn):
                return False
        for name in FILES:
            await _import(database, name, seal, levels, stack.keys.demo_password)
        async with database.transaction() as conn:
            await keep_first(conn, seal, {one["place"]: one["phone"] for one in _rows(DUTY_PHONES)})
        if secret.read("MASHANG_DEMO_PASSWORD"):
            await _set_passwords(database, stack.keys.demo_password)
        return True
    finally:
        await database.close()


async def is_anothers(conn: Connection) -> bool:
    """Whether the tree there is has another root than the demo's."""
    return await get_root(conn) not in (None, _rows("places.csv")[0]["code"])


async def _set_passwords(database: Database, password: str) -> None:
    async with database.transaction() as conn:
        names = [row["username"] for row in _rows("operators.csv")]
        await set_passwords(conn, names, password)


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((HERE / name).read_text("utf-8").splitlines()))


async def _import(
    database: Database, name: str, seal: Seal, levels: Sequence[str], password: str
) -> None:
    raw = (HERE / name).read_bytes()
    async with database.transaction() as conn:
        result = await import_csv(conn, raw, seal, levels, first_password=password)
        await outbox.hint(conn)
    if isinstance(result, Faults):
        first = result.errors[0]
        raise MashangError(f"{name}, line {first.line}: {explain(first)}")
