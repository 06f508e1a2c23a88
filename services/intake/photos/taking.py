"""Taking photos and recordings in: made anew, sealed, noted, stored; the same file again is one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from services.intake.accept.store import attachments
from services.intake.accept.store.attachments import Attachment, Kind
from shared.db import Database
from shared.errors import Gone, Invalid, Wrong
from shared.files.decoder import VOICE_SECONDS
from shared.files.opening import Opener, Unfit
from shared.observe import log
from shared.patience import within
from shared.storage import Storage
from shared.values.seal import Seal
from shared.web.uploads import File, Uploads

MIB = 1024 * 1024
# The fields of a form, what they hold, and how many of it a receipt may have.
FIELDS: Mapping[str, Kind] = {"photos": "photo", "voice": "voice"}
MOST: Mapping[Kind, int] = {"photo": 3, "voice": 1}
UPLOADS = Uploads({name: MOST[kind] for name, kind in FIELDS.items()}, each=12 * MIB)
PATIENCE = 3.0


@dataclass(frozen=True)
class Taking:
    """Takes files in; without a storage there is nowhere to, and forms do not ask."""

    database: Database
    storage: Storage | None
    seal: Seal
    opener: Opener = field(default_factory=Opener)

    @property
    def open(self) -> bool:
        """Whether there is a storage at all."""
        return self.storage is not None

    async def take(self, receipt_hash: bytes, files: Sequence[File]) -> tuple[str, ...]:
        """Store what came under a receipt's key; the names of all that it then has.

        Invalid names each field once; then nothing new of this call is stored. Unavailable.
        """
        if self.storage is None:
            raise Gone("refused.no_photos")
        _check(files)
        gone = await within(PATIENCE, self._taken_out(receipt_hash))
        made = [await self._made(receipt_hash, file, gone) for file in files]
        for kind, attachment_id, content in made:
            await self._keep(self.storage, receipt_hash, kind, attachment_id, content)
        return await self.names(receipt_hash)

    async def take_out(self, receipt_hash: bytes, names: Sequence[str]) -> None:
        """Let go of what came under a receipt's key and is not to be sent with it. Unavailable."""
        await within(PATIENCE, self._take_out(receipt_hash, names))

    async def names(self, receipt_hash: bytes) -> tuple[str, ...]:
        """What has come under a receipt's key so far, and is still there."""
        came = await within(PATIENCE, self._list(receipt_hash))
        return tuple(one.name for one in came if one.erased_at is None)

    async def _take_out(self, receipt_hash: bytes, names: Sequence[str]) -> None:
        async with self.database.transaction() as conn:
            await attachments.take_out(conn, receipt_hash, names)

    async def _taken_out(self, receipt_hash: bytes) -> set[UUID]:
        async with self.database.acquire() as conn:
            return await attachments.list_taken_out(conn, receipt_hash)

    async def _list(self, receipt_hash: bytes) -> list[Attachment]:
        async with self.database.acquire() as conn:
            return await attachments.list_of(conn, receipt_hash)

    async def _made(
        self, receipt_hash: bytes, file: File, gone: Collection[UUID]
    ) -> tuple[Kind, UUID, bytes]:
        kind = FIELDS[file.name]
        try:
            content = await self.opener.clean(kind, file.content)
        except Unfit as unfit:
            raise Invalid(_wrong(file.name, str(unfit))) from None
        return kind, _id(receipt_hash, kind, file, gone), content

    async def _keep(
        self, storage: Storage, receipt_hash: bytes, kind: Kind, attachment_id: UUID, content: bytes
    ) -> None:
        sealed = self.seal.close_file(content, f"photo:{attachment_id}")
        # The row first: a file without one would never be found again.
        if await within(PATIENCE, self._note(receipt_hash, kind, attachment_id, len(sealed))):
            await storage.put(attachments.name_of(kind, attachment_id), sealed)
            log.get().info("attachment stored", size=len(sealed))

    async def _note(self, receipt_hash: bytes, kind: Kind, attachment_id: UUID, size: int) -> bool:
        """False if it has been erased since it came before."""
        async with self.database.transaction() as conn:
            await attachments.lock(conn, receipt_hash)
            known = await attachments.list_of(conn, receipt_hash)
            if same := [one for one in known if one.attachment_id == attachment_id]:
                return same[0].erased_at is None
            there = [one for one in known if one.erased_at is None]
            if sum(one.kind == kind for one in there) >= MOST[kind]:
                raise Invalid(_wrong(_field(kind), "too_many"))
            await attachments.add(conn, attachment_id, receipt_hash, kind, size)
        return True


def _check(files: Sequence[File]) -> None:
    wrong: dict[str, str] = {file.name: file.wrong for file in files if file.wrong}
    for name, kind in FIELDS.items():
        if sum(file.name == name for file in files) > MOST[kind]:
            wrong[name] = "too_many"
    if wrong:
        raise Invalid(*(_wrong(name, why) for name, why in wrong.items()))


def _wrong(name: str, why: str) -> Wrong:
    kind = FIELDS[name]
    limits = {"n": MOST[kind], "mib": UPLOADS.each // MIB, "seconds": VOICE_SECONDS}
    return Wrong(name, f"wrong.{kind}_{why}", **limits)


def _field(kind: Kind) -> str:
    return next(name for name, one in FIELDS.items() if one == kind)


def _id(receipt_hash: bytes, kind: Kind, file: File, gone: Collection[UUID]) -> UUID:
    """The same file under the same key is the same attachment, however often it is sent.

    One that was taken out and is chosen again is another: the job may be removing the first.
    """
    file.content.seek(0)
    digest = sha256()
    while piece := file.content.read(MIB):
        digest.update(piece)
    named = receipt_hash + kind.encode() + digest.digest()
    found = _uuid(named)
    while found in gone:
        found = _uuid(found.bytes + named)
    return found


def _uuid(named: bytes) -> UUID:
    return UUID(bytes=sha256(named).digest()[:16], version=5)
