"""A key follows another: made and known first, then used, the old one kept, and at last retired.

Whoever opens must know a key before anybody closes with it, or what a new process sends is closed
to an old one. So it comes in two steps, with a start of all services between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.local.keys import Keys, key
from deploy.local.turns import Kept, Turn
from shared.errors import Misconfigured
from shared.values.seal import Purpose


class WrongStep(Misconfigured):
    """There is no such key, or not yet, or it is needed; the text is a line for a person."""


@dataclass(frozen=True)
class Kind:
    """A key by the name that people type, and what it is for.

    `known_first` where others must know it before it is used; `seals` what purpose; `costs` what
    whoever uses a new one has to be told, `stays` why there is never another.
    """

    name: str
    field: str
    does: str
    known_first: bool = False
    seals: Purpose | None = None
    costs: str = ""
    stays: str = ""


_SIGNED_IN = (
    "browsers in which staff have signed in are no longer known: everybody is taken for a stranger"
    " at the next sign-in; nobody is signed out"
)
_REPEATS = (
    "a form that was sent under the old key and is sent again under the new one is taken in twice:"
    " let a quiet minute pass with intake stopped"
)
_INDEXED = (
    "what it hashed cannot be hashed again: phones of officers, and numbers that want no SMS, are"
    " known by their hashes alone"
)
KINDS = {
    kind.name: kind
    for kind in (
        Kind("phone", "seal_phone", "seals phones", True, "phone"),
        Kind("words", "seal_words", "seals what citizens wrote", True, "words"),
        Kind("answer", "seal_answer", "seals answers to them", True, "answer"),
        Kind("note", "seal_note", "seals notes, findings and second factors", True, "note"),
        Kind("photo", "seal_photo", "seals photos and recordings", True, "photo"),
        Kind("codes", "code_key", "signs the codes on windows and apps' keys", True),
        Kind("statements", "identity_seed", "signs who is signed in", True, costs=_SIGNED_IN),
        Kind("receipts", "signing_key", "signs receipts"),
        Kind("closes", "close_key", "signs the ledger's months"),
        Kind("receipt-codes", "receipt_key", "makes receipts' codes", costs=_REPEATS),
        Kind("index", "index_key", "hashes phones for comparing", stays=_INDEXED),
        Kind("sms-index", "sms_index_key", "hashes phones at notifications", stays=_INDEXED),
    )
}


def rotated(keys: Keys, kind: Kind, now: datetime) -> Keys:
    """With a new key: in use at once, or, where others must know it first, coming.

    WrongStep where one is coming already, or none can.
    """
    turn = keys.turn(kind.field)
    if kind.stays:
        raise WrongStep(f"{kind.name} has no other key: {kind.stays}")
    if coming := _staged(turn, "coming"):
        raise WrongStep(
            f"{kind.name} has a key that nobody uses yet, {coming.id}; start every service again,"
            f" then: mashang keys use {kind.name} {coming.id}"
        )
    try:
        own = turn.next_id()
    except StopIteration:
        raise WrongStep(f"{kind.name} has had as many keys as there are ids") from None
    if not kind.known_first:
        # What it signed is checked by its public half, which is kept where it is checked.
        return _with(keys, kind, key(), turn.model_copy(update={"id": own, "since": now}))
    made = Kept(id=own, value=key(), since=now, stage="coming")
    return _with(keys, kind, _value(keys, kind), _kept(turn, (made, *turn.kept)))


def used(keys: Keys, kind: Kind, own: str) -> Keys:
    """With one of those that services know in use, and the one before kept for what it sealed."""
    turn = keys.turn(kind.field)
    if own == turn.id:
        raise WrongStep(f"{kind.name} {own} is in use already")
    found = _known(turn, kind, own)
    before = Kept(id=turn.id, value=_value(keys, kind), since=turn.since, stage="older")
    others = tuple(one for one in turn.kept if one.id != own)
    later = Turn(id=own, since=found.since, kept=(before, *others))
    return _with(keys, kind, found.value, later)


def retired(keys: Keys, kind: Kind, own: str) -> Keys:
    """With one that is used no more taken from the services; whether it may be, others look."""
    turn = keys.turn(kind.field)
    if own == turn.id:
        raise WrongStep(f"{kind.name} {own} is in use; another one must be used first")
    found = _known(turn, kind, own)
    gone = found.model_copy(update={"stage": "retired"})
    kept = tuple(gone if one.id == own else one for one in turn.kept)
    return _with(keys, kind, _value(keys, kind), _kept(turn, kept))


def recalled(keys: Keys, kind: Kind, own: str) -> Keys:
    """With one that was retired told to the services again, as after a restore."""
    turn = keys.turn(kind.field)
    found = _retired(turn, kind, own).model_copy(update={"stage": "older"})
    kept = tuple(found if one.id == own else one for one in turn.kept)
    return _with(keys, kind, _value(keys, kind), _kept(turn, kept))


def forgotten(keys: Keys, kind: Kind, own: str) -> Keys:
    """Without one that was retired: what it sealed in backups never opens again."""
    turn = keys.turn(kind.field)
    gone = _retired(turn, kind, own)
    kept = tuple(one for one in turn.kept if one != gone)
    return _with(keys, kind, _value(keys, kind), _kept(turn, kept))


def values(keys: Keys, kind: Kind) -> set[str]:
    """All values that it has or had."""
    return {_value(keys, kind), *(one.value for one in keys.turn(kind.field).kept)}


def _known(turn: Turn, kind: Kind, own: str) -> Kept:
    for one in turn.kept:
        if one.id == own and one.stage != "retired":
            return one
    known = ", ".join([turn.id, *(one.id for one in turn.kept if one.stage != "retired")])
    raise WrongStep(f"{kind.name} has no key {own}; there is {known}")


def _retired(turn: Turn, kind: Kind, own: str) -> Kept:
    for one in turn.kept:
        if one.id == own and one.stage == "retired":
            return one
    raise WrongStep(f"{kind.name} has no retired key {own}")


def _staged(turn: Turn, stage: str) -> Kept | None:
    return next((one for one in turn.kept if one.stage == stage), None)


def _value(keys: Keys, kind: Kind) -> str:
    value: str = getattr(keys, kind.field)
    return value


def _kept(turn: Turn, kept: Sequence[Kept]) -> Turn:
    return turn.model_copy(update={"kept": tuple(kept)})


def _with(keys: Keys, kind: Kind, value: str, turn: Turn) -> Keys:
    turns = {**keys.turns, kind.field: turn}
    return keys.model_copy(update={kind.field: value, "turns": turns})
