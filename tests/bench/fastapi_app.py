"""The same intake as most would write it: FastAPI, an asyncpg pool, a transaction each.

    uvicorn tests.bench.fastapi_app:app

Everything but the HTTP layer and the shared commit is intake's own code: the model, the unit code's
check, the rules, seal, receipt, signature, the submission's row and the event's. What remains is
the difference that the benchmark is about.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from fastapi import FastAPI, Header
from pydantic import BaseModel

from services.intake.abuse.gate import Gate
from services.intake.abuse.puzzles import Puzzles
from services.intake.abuse.senders import Senders
from services.intake.abuse.tally import Tally
from services.intake.accept.acceptance import Acceptance
from services.intake.accept.closed import Closed
from services.intake.accept.making import Keys, Maker, Taken
from services.intake.accept.signing import sign
from services.intake.accept.store.submissions import Row, Stored
from services.intake.accept.submission import Draft
from services.intake.accept.writer import Limits, Writer, Written
from services.intake.proof import files
from services.intake.settings import Settings
from shared import config, policy
from shared.bus.pace import Pace
from shared.db import Database
from shared.observe import log
from shared.tasks import Tasks
from shared.values.notes import Signer

_COLUMNS = (*Stored._fields, *Row._fields[3:-3])
_ADD = f"""
    INSERT INTO submissions ({", ".join(_COLUMNS)})
    VALUES ({", ".join(f"${n}" for n in range(1, len(_COLUMNS) + 1))})
"""
_PUBLISH = "INSERT INTO outbox (event_id, type, body) VALUES ($1, $2, $3)"
POOL = 20


class OneEach(Writer[Taken]):
    """A transaction for each submission, on a connection of its own."""

    async def write(self, one: Taken) -> Written:
        """Answer after COMMIT."""
        (row,) = sign(self._signer, self._make([one]))
        values = row.facts._asdict() | row._asdict() | {"categories": row.categories.split(",")}
        async with self._db.pool.acquire() as conn, conn.transaction():
            await conn.execute(_ADD, *(values[name] for name in _COLUMNS))
            await conn.execute(_PUBLISH, row.event_id, row.event_type, row.event_body)
        return Written(row.facts, row, fresh=True)


class Proof(BaseModel):
    """The signed receipt."""

    code: str
    url: str
    statement: str
    file: str


class Answer(BaseModel):
    """What the citizen gets."""

    submission_id: str
    kind: str
    received_at: str
    receipt: Proof


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """The pool, the keys, and intake's acceptance with the other writer."""
    log.configure("fastapi")
    settings = config.load(Settings)
    # The pool as asyncpg's own pages make it, without what ours leaves out.
    url, share = settings.database_url.get_secret_value(), POOL // settings.workers
    pool = await asyncpg.create_pool(url, min_size=min(10, share), max_size=share)
    database = Database(pool)
    keys = Keys(
        codes=config.key_ring(settings.code_keys),
        receipt=settings.receipt_key,
        signer=Signer(settings.signer_name, settings.signing_key),
        seal=settings.seal,
    )
    app.state.key = keys.signer.public
    policies = policy.load(settings.policy_file)
    senders = Senders(settings.seal, settings.uncounted)
    maker = Maker(keys, Gate(policies, Tally(), senders, Puzzles(settings.seal)))
    writer = OneEach(database, maker.rows, keys.signer, Limits(), Tasks(), Pace())
    app.state.acceptance = Acceptance(maker, policies, writer, Closed(), database)
    app.state.public_url = settings.public_url
    yield {}
    await database.close()


app = FastAPI(lifespan=lifespan)


@app.post("/api/v1/submissions", status_code=201)
async def submit(
    draft: Draft, idempotency_key: Annotated[str, Header(min_length=16, max_length=128)]
) -> Answer:
    """Take a submission in."""
    receipt = await app.state.acceptance.accept(draft, idempotency_key)
    stored = receipt.stored
    return Answer(
        submission_id=str(stored.id),
        kind=stored.kind,
        received_at=stored.received_at.isoformat(),
        receipt=Proof(
            code=receipt.code,
            url=f"{app.state.public_url}/r/{receipt.code}",
            statement=receipt.statement,
            file=receipt.file or files.file_of(stored, receipt.statement, app.state.key),
        ),
    )


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}
