"""Finding cases by whatever somebody types: a number, a phone, a unit, or words.

Words lie sealed. The buckets of their pairs name some cases, the newest first; these are opened and
compared here, and nothing of it is stored. A receipt's code is known to its citizen only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.verification.casework.acts.desk import Desk, find_said
from services.verification.casework.rules import grams
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import search
from services.verification.directory.store import units
from shared.access import Operator
from shared.db import Connection
from shared.values import phone, text
from shared.values.phone import NotAPhone
from shared.values.seal import Seal, SealBroken

How = Literal["number", "phone", "unit", "words", "short", "receipt"]

# What is shown of what was found, and so many are opened to find it.
SHOWN, OPENED = 50, 500
# A word that so many units have in their name means none of them.
_FEW = 10
_RECEIPT = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")


@dataclass(frozen=True)
class Found:
    """What was meant, and which cases it is: some, or those of some units."""

    how: How
    cases: Sequence[Case] = ()
    units: Sequence[str] = ()


async def find(
    conn: Connection, desk: Desk, operator: Operator, said: str, *, words: bool = False
) -> Found:
    """What somebody is looking for; `words` where they say themselves that it is words."""
    if not words:
        if case := await find_said(conn, operator, said):
            return Found("number", [case])
        if found := await _by_phone(conn, desk, operator, said):
            return found
        if _RECEIPT.fullmatch(text.identifier(said).upper()):
            return Found("receipt")
        if codes := await _units(conn, said):
            return Found("unit", units=codes)
    return await _by_words(conn, desk, operator, said)


async def _by_phone(conn: Connection, desk: Desk, operator: Operator, said: str) -> Found | None:
    try:
        index = desk.seal.index(phone.parse(said))
    except NotAPhone:
        return None
    return Found("phone", await search.list_of_phone(conn, operator, index, SHOWN))


async def _units(conn: Connection, said: str) -> list[str]:
    """The units that somebody names, by code or by a part of the name."""
    code, named = text.identifier(said).casefold(), text.keyword(said)
    names = await units.list_all_names(conn)
    if exact := [one for one in names if one.casefold() == code]:
        return exact
    alike = [one for one, name in names.items() if named and named in text.keyword(name)]
    return alike if len(alike) <= _FEW else []


async def _by_words(conn: Connection, desk: Desk, operator: Operator, said: str) -> Found:
    wanted = [bucket for one in said.split() for bucket in grams.buckets(one, desk.seal.index)]
    if not wanted:
        return Found("short")
    near = await search.list_with_grams(conn, operator, wanted, OPENED)
    words = await _words(conn, desk.seal, near)
    told = [case for case in near if grams.has_all(words[case.case_id], said)]
    return Found("words", told[:SHOWN])


async def read_words(conn: Connection, seal: Seal, most: int) -> int:
    """Have the cases found by their words whose words have changed; how many there were."""
    claimed = await search.claim_unread(conn, most)
    told = await _words(conn, seal, claimed)
    found = [(case_id, grams.buckets(words, seal.index)) for case_id, words in told.items()]
    await search.put_grams(conn, found)
    return len(claimed)


async def _words(conn: Connection, seal: Seal, found: Sequence[Case]) -> dict[UUID, str]:
    """All that the citizen of each case wrote; what nobody can open is not there."""
    told = {one.case_id: _opened(seal, one.words_sealed, one.submission_id) for one in found}
    for case_id, addition_id, sealed in await search.list_added_words(conn, list(told)):
        told[case_id] += "\n" + _opened(seal, sealed, addition_id)
    return told


def _opened(seal: Seal, sealed: str | None, own: UUID) -> str:
    try:
        return seal.opened(sealed, f"words:{own}") or ""
    except SealBroken:
        return ""
