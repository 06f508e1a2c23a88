"""`python -m tests.api`: many generated cases, seed after seed, until so many were sent."""

import asyncio
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from shared import migrate
from shared.db import Database
from shared.observe import log
from tests.api.run import SETTINGS, run
from tests.integration.intake_site import site

A_SEED = 20_000


async def main(cases: int, seed: int) -> int:
    """Print each run's seed, cases and rate; stop with 1 at the first that finds anything."""
    sent, started = 0, time.monotonic()
    with TemporaryDirectory() as folder:
        async with Postgres(Path(folder) / "data", free_port(), fsync=False) as server:
            admin = await asyncpg.connect(server.admin_url)
            await admin.execute("CREATE ROLE mashang_intake LOGIN PASSWORD 'test'")
            await admin.execute("CREATE DATABASE intake")
            await admin.close()
            await migrate.migrate("intake", server.url("intake"))
            url = server.url("intake", "mashang_intake", "test")
            database = await Database.connect(url, "intake")
            while sent < cases:
                async with site(database, **SETTINGS) as intake:
                    told = await run(intake, min(A_SEED, cases - sent), seed)
                sent += told.cases
                rate = sent / (time.monotonic() - started)
                print(f"seed {seed}: {sent:,} cases, {rate:.0f}/s; {told.summary}", flush=True)
                if told.found:
                    print("\n\n".join(f"{kind}\n{what}" for kind, what in told.found.items()))
                    return 1
                seed += 1
            await database.close()
    print(f"{sent:,} cases, 0 failures of ours, 0 answers that the description does not know")
    return 0


if __name__ == "__main__":
    parser = ArgumentParser(prog="make api")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    log.configure("api", "error")
    sys.exit(asyncio.run(main(asked.cases, asked.seed)))
