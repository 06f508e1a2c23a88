"""A draw: whom of those a window served we ask, and the codes that go to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.intake.accept import codes
from services.intake.accept.store import invitations, units
from services.intake.accept.store.invitations import Draw
from services.intake.open.rules import drawing as rules
from shared.db import Connection
from shared.errors import Misconfigured

_NAME = 60


@dataclass(frozen=True)
class Drawn:
    """A recorded draw, and each visit that was drawn with its invitation's code."""

    draw: Draw
    invited: Sequence[tuple[str, str]]


async def draw(
    conn: Connection,
    keys: Mapping[str, bytes],
    unit_code: str,
    visits: Iterable[str],
    *,
    size: int,
    by: str,
    day: date,
) -> Drawn:
    """Draw and record it; the same list again gives the same draw and the same codes.

    Misconfigured says what is wrong with unit, list, size or name.
    """
    listed = rules.canonical(visits)
    await _check(conn, unit_code, listed, size, by)
    key, told = next(iter(keys.values())), rules.fingerprint(listed)
    seed = rules.seed_of(key, unit_code, told)
    row = (unit_code, day, seed, told, len(listed), size, by)
    done = await invitations.add_draw(conn, *row)
    if done.size != size:
        raise Misconfigured(
            f"{done.size} were drawn from this list on {done.day}; a list is drawn from once"
        )
    sample = rules.drawn(listed, done.seed, done.size)
    return Drawn(done, [(visit, _code(keys, unit_code, done.seed, visit)) for visit in sample])


async def _check(
    conn: Connection, unit_code: str, listed: Sequence[str], size: int, by: str
) -> None:
    unit = await units.get(conn, unit_code)
    if unit is None or not unit.active:
        raise Misconfigured(f"no unit {unit_code} takes anything in; see the directory")
    if not 1 <= size <= len(listed):
        raise Misconfigured(f"--size is 1 to {len(listed)}: so many visits are in the list")
    if not 1 <= len(by.strip()) <= _NAME:
        raise Misconfigured(f"--by is the name of whoever draws, at most {_NAME} characters")


def _code(keys: Mapping[str, bytes], unit_code: str, seed: str, visit: str) -> str:
    number = rules.number_of(next(iter(keys.values())), seed, visit)
    return codes.invite(keys, unit_code, number)
