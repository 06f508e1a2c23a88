"""The keys with which receipts are checked, and each receipt's file under the key that signed it.

A key is made known to all instances by the one that signs with it, and stays for ever: a receipt
is the same file, to the byte, after any number of new keys.
"""

from services.intake.proof import files, store
from services.intake.proof.files import Signed
from shared.db import Database
from shared.errors import Unavailable
from shared.observe import log
from shared.values.notes import PublicKey


class Keyring:
    """Our own key, and a copy of all others for as long as it suffices."""

    def __init__(self, own: PublicKey, database: Database) -> None:
        self._own, self._db = own, database
        self._known = {own.key_id: own}

    async def file(self, facts: Signed, statement: str) -> str:
        """The file of a receipt. Unavailable while its key is not known here yet."""
        if facts.tree_size is None:
            return files.old_file_of(statement, facts.key_id, facts.signature)
        return files.file_of(facts, statement, await self._of(facts.key_id))

    async def _of(self, key_id: str) -> PublicKey:
        if key_id not in self._known:
            await self.all()
        if key_id not in self._known:
            raise Unavailable()
        return self._known[key_id]

    async def all(self) -> list[PublicKey]:
        """Every key that ever signed, the newest first."""
        async with self._db.acquire() as conn:
            found = await store.list_all(conn)
        self._known |= {key.key_id: key for key in found}
        return found if self._own in found else [self._own, *found]

    async def publish(self) -> None:
        """Make our own key known."""
        async with self._db.acquire() as conn:
            added = await store.add(conn, self._own)
        if added:
            log.get().info("receipt key published")
