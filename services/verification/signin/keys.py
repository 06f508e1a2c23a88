"""The sheet of keys, and one's own in the place of the usual ones."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from services.verification.signin import bodies
from services.verification.signin.api import SIGNED_IN
from services.verification.signin.store import keys as kept
from shared.db import Database
from shared.errors import Invalid, Refused, Wrong
from shared.values import keystrokes
from shared.values.keystrokes import USUAL, Keys
from shared.web import repeats
from shared.web.choices import KEYS
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Cookie, Page, See

ADDRESS = "/desk/keys"


@dataclass(frozen=True)
class KeyPages:
    """`/desk/keys`: for who has no script, or wants it on paper, or other keys."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """The sheet and its form."""
        return [
            Endpoint("GET", ADDRESS, self.show, "The keys", SIGNED_IN),
            Endpoint("POST", ADDRESS, self.choose, "Choose one's own keys", SIGNED_IN,
                     body=bodies.KeysBody, form=True, again=self.again, csrf="token",
                     repeat="form"),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """As they are now."""
        async with self.database.acquire() as conn:
            now = await kept.get(conn, call.operator.username)
        return _page(call, now)

    async def choose(self, call: Call[bodies.KeysBody, None]) -> See:
        """From now on, in every browser; what this one was told before is forgotten."""
        typed = _typed(call.fields)
        wrong = [
            Wrong(name, f"wrong.{why}", stroke=typed[name])
            for name, why in keystrokes.faults(typed)
        ]
        if wrong:
            raise Invalid(*wrong)
        chosen = Keys(call.body.single, keystrokes.changed(typed))
        async with self.database.transaction() as conn:
            doing = partial(kept.put, conn, call.operator.username, chosen)
            await repeats.once(conn, call, bool, doing)
        return See(f"{ADDRESS}?done=keys", (Cookie(KEYS, None, "Lax"),))

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """With what was typed."""
        return _page(call, Keys(), call.fields, refused)


def _typed(fields: Fields) -> dict[str, str]:
    return {name: fields.one(name) for name in USUAL}


def _page(
    call: Call[Any, Any], now: Keys, fields: Fields = NONE, refused: Refused | None = None
) -> Page:
    typed = _typed(fields) if refused else {name: now.of(name) for name in USUAL}
    values = {
        "usual": USUAL,
        "typed": typed,
        "single": fields.one("single") if refused else str(int(now.single)),
        "done": call.asked("done") == "keys",
        "key": repeats.key_again(call, refused) if refused else "",
    }
    return Page("keys_page.html", values, refused=refused)
