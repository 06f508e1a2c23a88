"""Evidence from staff: opened in the child that opens citizens' photos, sealed, then noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import evidence
from services.verification.casework.store.evidence import Evidence
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Gone, Invalid, Unavailable, Wrong
from shared.files.decoder import VOICE_SECONDS
from shared.files.opening import Kind, Opener, Unfit
from shared.observe import log
from shared.storage import Storage
from shared.values import clock
from shared.values.seal import Seal
from shared.web.uploads import File, Uploads

MIB = 1024 * 1024
FIELDS: Mapping[str, Kind] = {"photos": "photo", "voice": "voice"}
# A page waits for seconds; what came a day ago has no page any more.
LOST_AFTER = timedelta(days=1)
AT_ONCE = 20
UPLOADS = Uploads({"photos": 3, "voice": 1}, each=12 * MIB)


class Piece(NamedTuple):
    """A file as it was made anew, under its name."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Cleaning:
    """Makes files anew and stores them; without a storage there is nowhere to."""

    database: Database
    storage: Storage | None
    seal: Seal = field(repr=False)
    opener: Opener = field(default_factory=Opener)

    async def take(self, case_id: UUID, files: Sequence[File]) -> list[str]:
        """The names under which they lie; the same file of a case is one. Invalid, Unavailable."""
        if self.storage is None:
            raise Gone("refused.no_photos")
        if not files:
            raise Invalid(Wrong("photos", "wrong.no_file"))
        pieces = [await self._made(case_id, file) for file in files]
        names = [piece.name for piece in pieces]
        async with self.database.transaction() as conn:
            if not await evidence.expect(conn, case_id, names):
                raise Unavailable()
        for piece in pieces:
            own = piece.name.partition("/")[2]
            sealed = self.seal.close_file(piece.content, f"photo:{own}")
            await self.storage.put(piece.name, sealed)
        return names

    async def remove_lost(self) -> int:
        """Remove the files of what never arrived on its case; how many.

        First committed as leaving, then removed, then forgotten: removed twice does no harm.
        """
        if self.storage is None:
            return 0
        async with self.database.transaction() as conn:
            left = await evidence.let_go(conn, LOST_AFTER, AT_ONCE)
        for name in (name for name, arrived in left.items() if not arrived):
            await self.storage.delete(name)
        async with self.database.transaction() as conn:
            await evidence.arrive(conn, left)
        return len(left)

    async def _made(self, case_id: UUID, file: File) -> Piece:
        kind = FIELDS[file.name]
        try:
            if file.wrong:
                raise Unfit(file.wrong)
            content = await self.opener.clean(kind, file.content)
        except Unfit as unfit:
            limits = {"n": UPLOADS.fields[file.name], "mib": UPLOADS.each // MIB,
                      "seconds": VOICE_SECONDS}  # fmt: skip
            raise Invalid(Wrong(file.name, f"wrong.{kind}_{unfit}", **limits)) from None
        digest = sha256(case_id.bytes + kind.encode() + content).digest()
        return Piece(f"{kind}/{UUID(bytes=digest[:16], version=5)}", content)


@dataclass(frozen=True)
class Shown:
    """A piece of evidence, opened for reading."""

    name: str
    about: str
    added_by: str
    added_at: datetime


async def load(conn: Connection, seal: Seal, case: Case) -> list[Shown]:
    """That of a case, oldest first."""
    return [
        Shown(one.name, seal.open(one.about_sealed, _context(case)), one.added_by, one.added_at)
        for one in await evidence.list_of(conn, case.case_id)
    ]


def _context(case: Case) -> str:
    return f"note:{case.submission_id}"


async def add(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case_id: UUID,
    names: Sequence[str],
    about: str,
) -> int:
    """Note what was taken on the case; how many there are."""
    case, now = await claim(conn, operator, case_id), clock.now()
    sealed = desk.seal.close(about.strip(), _context(case))
    pieces = [Evidence(name, case_id, sealed, operator.username, now) for name in names]
    await evidence.add_all(conn, pieces)
    await evidence.arrive(conn, names)
    await note_action(conn, desk, case, operator, "evidence", {"files": list(names)}, about.strip())
    log.get().info("evidence added", case_id=str(case_id), count=len(names))
    return len(names)
