"""`make run` brings the demo's directory, unless somebody else's is there."""

from deploy.demo.directory import HERE, is_anothers
from services.verification.commands import get_root, import_csv
from shared import config
from shared.db import Connection
from shared.values.seal import Seal
from tests.support import INDEX_KEY, SEAL_KEYS
from tests.town import PLACES

SERVICE = "verification"
SEAL = Seal({"phone": config.keys(SEAL_KEYS["seal_keys_phone"])}, config.key(INDEX_KEY))
LEVELS = ("city", "county", "unit")


async def test_an_empty_directory_and_the_demos_own_are_nobody_elses(conn: Connection) -> None:
    """So it is loaded at the first start, and completed at later ones."""
    assert (None, False) == (await get_root(conn), await is_anothers(conn))
    await import_csv(conn, (HERE / "places.csv").read_bytes(), SEAL, LEVELS)
    assert ("411700", False) == (await get_root(conn), await is_anothers(conn))


async def test_anothers_directory_is_left_alone(conn: Connection) -> None:
    """It has one root already, which is not the demo's."""
    await import_csv(conn, PLACES.encode(), SEAL, LEVELS)
    assert ("root", True) == (await get_root(conn), await is_anothers(conn))
