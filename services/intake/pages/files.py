"""Photos and a recording in a form: stored first of all, so that they need not be chosen again."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.intake.accept.rules import WHOLE
from services.intake.photos.taking import MOST, Taking
from shared.errors import KeyReused, Refused
from shared.files.decoder import VOICE_SECONDS
from shared.web.endpoints import Call

# The names of what came before, and those of them that are not to go along.
FIELD, OUT = "attachments", "out"


class Left(NamedTuple):
    """What need not be chosen again after a refusal, and whether something must."""

    names: tuple[str, ...]
    lost: bool = False


async def keep(taking: Taking, call: Call[Any, Any], key_hash: bytes) -> tuple[str, ...]:
    """Store a form's files under its key; the names of all that came stand among its fields.

    What was ticked to be taken out has gone before the new ones are counted.
    """
    if (out := call.fields.all(OUT)) and taking.open:
        await taking.take_out(key_hash, out)
        stay = (name for name in call.fields.all(FIELD) if name not in out)
        call.fields = call.fields.having(FIELD, *stay).having(OUT)
    if call.files and taking.open:
        names = await taking.take(key_hash, call.files)
        call.fields, call.files = call.fields.having(FIELD, *names), ()
    return call.fields.all(FIELD)


def left(call: Call[Any, Any], refused: Refused | None = None) -> Left:
    """What a form that is shown again still has: not what was refused, nor under a used-up key."""
    came = call.fields.all(FIELD)
    # Where no file is left that could be wrong, it is a name.
    about = {FIELD} if call.files else {FIELD, "photos"}
    wrong = refused is not None and any(one.field in about for one in refused.wrong)
    if wrong or isinstance(refused, KeyReused):
        return Left((), lost=bool(came or call.files))
    return Left(came, lost=bool(call.files))


def values(taking: Taking, call: Call[Any, Any], *, lost: bool) -> Mapping[str, object]:
    """What a template says of them."""
    return {
        "takes_photos": taking.open,
        "photos_out": call.fields.all(OUT),
        "photos_lost": lost,
        "most_photos": MOST["photo"],
        "most_of_all": WHOLE,
        "voice_seconds": VOICE_SECONDS,
    }
