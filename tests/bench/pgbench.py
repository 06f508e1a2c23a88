"""PostgreSQL's own load program: one row and one transaction at a time, from C."""

import os
import re
from urllib.parse import urlsplit

import asyncpg

from deploy.local.postgres_cluster import installed_programs
from deploy.local.process import StartError
from tests.bench.servers import Lab

THREADS = 2
TABLE = """
    DROP TABLE IF EXISTS pgbench_submissions;
    CREATE TABLE pgbench_submissions (LIKE submissions INCLUDING ALL)
"""
# A complaint as the load generator sends it. PostgreSQL invents the values that must be unique,
# so that the client has nothing to do but to send.
INSERT = """
INSERT INTO pgbench_submissions (id, receipt_hash, content_hash, kind, unit_code, counter,
    satisfaction, categories, words_sealed, phone_sealed, phone_index, officer_badge, urgent,
    language, received_at, key_id, signature)
VALUES (uuidv7(), uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), '{hash}',
    'complaint', '411724006', 1, 1, '{{nobody_at_window}}', '{words}', '{phone}', '{index}', NULL,
    false, 'zh', now(), '{key_id}', '{signature}');
"""


async def rate(lab: Lab, clients: int, seconds: float) -> float:
    """Inserts per second into a table like intake's, by that many connections."""
    url = urlsplit(lab.owner_url("intake"))
    await _make_table(lab.owner_url("intake"))
    script = lab.data / "pgbench.sql"
    script.write_text(_script())
    process = lab.child(
        "pgbench",
        str(installed_programs() / "pgbench"),
        *("--no-vacuum", "--protocol=prepared", f"--file={script}", f"--client={clients}"),
        *(f"--jobs={THREADS}", f"--time={max(1, round(seconds))}"),
        *(f"--host={url.hostname}", f"--port={url.port}", f"--username={url.username}"),
        url.path.removeprefix("/"),
        env={**os.environ, "PGPASSWORD": url.password or ""},
    )
    await lab.finish(process)
    return _read(lab.output(process))


async def _make_table(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    await connection.close()


def _script() -> str:
    return INSERT.format(
        hash=r"\x" + "5a" * 32,
        words="1." + "w" * 152,
        phone="1." + "p" * 56,
        index="0" * 32,
        key_id="0" * 16,
        signature=r"\x" + "5a" * 64,
    )


def _read(output: str) -> float:
    found = re.findall(r"^tps = ([0-9.]+) \(without", output, re.MULTILINE)
    if not found:
        raise StartError(f"pgbench gave no figure: {output.strip()[-200:]}")
    return float(found[-1])
