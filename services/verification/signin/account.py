"""One's own account: the second factor, the password, and where one is signed in."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from services.verification.signin import bodies, drawing, rules, totp
from services.verification.signin.api import SIGNED_IN
from services.verification.signin.door import CONFIRM_PATH, DeskDoor
from services.verification.signin.factors import Factors
from services.verification.signin.own_password import OwnPassword
from services.verification.signin.pages import SignInPages
from services.verification.signin.sessions import PATIENCE
from services.verification.signin.store import events, factors
from services.verification.signin.store import sessions as kept
from shared.db import Database
from shared.errors import Refused
from shared.patience import within
from shared.values import clock
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See

ADDRESS = "/desk/account"
# So much of what happened to it is shown to its owner.
_SHOWN = 20
_FACTOR, _CODES = f"{ADDRESS}/factor", f"{ADDRESS}/codes"


@dataclass(frozen=True)
class OwnPages:
    """`/desk/account`, and `/desk/confirm` for what only the person at the screen may do."""

    database: Database
    factors: Factors
    own: OwnPassword
    pages: SignInPages

    @property
    def door(self) -> DeskDoor:
        """The desk's."""
        return self.pages.door

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint("GET", ADDRESS, self.show, "One's own account", SIGNED_IN),
            Endpoint(
                "POST", f"{ADDRESS}/password", self.change_password, "Change one's own password",
                SIGNED_IN, body=bodies.PasswordBody, form=True, again=self.show_again,
                csrf="token", seconds=0,
            ),
            Endpoint(
                "POST", f"{ADDRESS}/sessions", self.end, "Sign out in another place", SIGNED_IN,
                body=bodies.PlaceBody, form=True, csrf="token",
            ),
            Endpoint("GET", _FACTOR, self.show_factor, "A second factor to enrol", SIGNED_IN),
            Endpoint(
                "POST", _FACTOR, self.enrol, "Enrol it", SIGNED_IN, body=bodies.CodeBody,
                form=True, again=self.show_factor_again, csrf="token",
            ),
            Endpoint(
                "POST", _CODES, self.renew, "New recovery codes", SIGNED_IN, form=True,
                csrf="token",
            ),
            Endpoint("GET", CONFIRM_PATH, self.ask, "Confirm who is there", SIGNED_IN),
            Endpoint(
                "POST", CONFIRM_PATH, self.confirm, "Confirm it by the password", SIGNED_IN,
                body=bodies.ConfirmBody, form=True, again=self.ask_again, csrf="token", seconds=0,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """All of it."""
        return await self._page(call)

    async def show_again(self, call: Call[Any, None], refused: Refused) -> Page:
        """The same, and what is wrong with the new password; no password is shown again."""
        return await self._page(call, refused)

    async def _page(self, call: Call[Any, None], refused: Refused | None = None) -> Page:
        username, now = call.operator.username, clock.now()
        async with self.database.acquire() as conn:
            values = {
                "enrolled": await factors.is_confirmed(conn, username),
                "codes": await factors.count_codes(conn, username),
                "places": await kept.list_places(conn, username, now),
                "events": await events.list_events(conn, events.NEWEST, _SHOWN, username=username),
                "command": events.COMMAND_LINE,
                "here": self._here(call),
                "done": call.asked("done") if call.asked("done") in ("password", "ended") else "",
                "least": rules.SHORTEST_PASSWORD,
            }
        return Page("account.html", values, refused=refused)

    def _here(self, call: Call[Any, None]) -> str:
        return kept.key_of(call.cookies.get(self.door.cookie, ""))

    async def change_password(self, call: Call[bodies.PasswordBody, None]) -> See:
        """Everywhere else one is signed out."""
        body = call.body
        changing = self.own.change(
            call.operator.username, body.old, body.new, self.door.origin(call)
        )
        await within(PATIENCE, changing)
        async with self.database.acquire() as conn:
            await kept.delete_others(conn, call.operator.username, self._here(call))
        return See(f"{ADDRESS}?done=password")

    async def end(self, call: Call[bodies.PlaceBody, None]) -> See:
        """In one place, or in all others."""
        username = call.operator.username
        async with self.database.transaction() as conn:
            if call.body.place:
                await kept.delete_place(conn, username, call.body.place)
            else:
                await kept.delete_others(conn, username, self._here(call))
            await events.add(conn, username, "ended", self.door.origin(call))
        return See(f"{ADDRESS}?done=ended")

    async def show_factor(self, call: Call[None, None]) -> Page | See:
        """The code to scan, for whoever has just confirmed who they are."""
        return await self._factor(call)

    async def show_factor_again(self, call: Call[Any, None], refused: Refused) -> Page | See:
        """The same, for another try."""
        return await self._factor(call, refused)

    async def _factor(self, call: Call[Any, None], refused: Refused | None = None) -> Page | See:
        if not call.confirmed:
            return _confirm_first(_FACTOR)
        username = call.operator.username
        async with self.database.transaction() as conn:
            secret = await self.factors.shown(conn, username)
        if secret is None:
            return See(ADDRESS)
        drawn = drawing.scanned(totp.address(secret, username, rules.ISSUER))
        values = {"secret": drawing.grouped(secret), "drawn": drawn}
        return Page("factor.html", values, refused=refused)

    async def enrol(self, call: Call[bodies.CodeBody, None]) -> Page | See:
        """From now on it is asked for; recovery codes are shown now, the only time they can be."""
        if not call.confirmed:
            return _confirm_first(_FACTOR)
        username = call.operator.username
        async with self.database.transaction() as conn:
            await self.factors.enrol(conn, username, call.body.code, self.door.origin(call))
            codes = await self.factors.new_codes(conn, username)
        return Page("recovery.html", {"codes": codes, "then": ADDRESS})

    async def renew(self, call: Call[None, None]) -> Page | See:
        """The old ones are worth nothing any more."""
        if not call.confirmed:
            return _confirm_first(ADDRESS)
        username = call.operator.username
        async with self.database.transaction() as conn:
            codes = await self.factors.new_codes(conn, username)
            await events.add(conn, username, "codes_renewed", self.door.origin(call))
        return Page("recovery.html", {"codes": codes, "then": ADDRESS})

    async def ask(self, call: Call[None, None]) -> Page:
        """The form; `next` comes along."""
        return self._ask(self.pages.safe(call.asked("next")))

    async def ask_again(self, call: Call[Any, None], refused: Refused) -> Page:
        """The form, for another try."""
        return self._ask(self.pages.safe(call.fields.one("next")), refused)

    def _ask(self, then: str, refused: Refused | None = None) -> Page:
        values = {"next": then, "minutes": rules.CONFIRMED_MINUTES}
        return Page("confirm.html", values, refused=refused, headers=self.pages.onward_policy())

    async def confirm(self, call: Call[bodies.ConfirmBody, None]) -> See:
        """Back to where it was asked for, with a statement that says so."""
        token = call.cookies.get(self.door.cookie, "")
        confirming = self.own.confirm(
            call.operator.username, token, call.body.password, self.door.origin(call)
        )
        await within(PATIENCE, confirming)
        # The answer takes a fresh statement along for whoever is signed in by now.
        call.visitor = await self.door.by_bearer(token)
        return See(self.pages.onward(call.fields.one("next"), call.operator.role))


def _confirm_first(then: str) -> See:
    return See(f"{CONFIRM_PATH}?" + urlencode({"next": then}, safe="/"))
