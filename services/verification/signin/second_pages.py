"""The page between the password and the session: a code, or first of all a factor to enrol."""

from dataclasses import dataclass
from typing import Any

from services.verification.signin import drawing, rules, totp
from services.verification.signin.bodies import CodeBody
from services.verification.signin.door import SECOND_PATH, SIGN_IN_PATH
from services.verification.signin.pages import SignInPages
from services.verification.signin.second import Second
from shared.errors import Refused, Unauthenticated
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, See


@dataclass(frozen=True)
class SecondPages:
    """`/desk/second`, for whoever has the cookie that the right password brought."""

    second: Second
    pages: SignInPages

    def endpoints(self) -> list[Endpoint]:
        """The form, and what it sends."""
        return [
            Endpoint("GET", SECOND_PATH, self.show, "The second factor's form", PUBLIC),
            Endpoint(
                "POST", SECOND_PATH, self.finish, "Sign in with the second factor", PUBLIC,
                body=CodeBody, form=True, again=self.again, csrf="origin", limit=16 * 1024,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page | See:
        """The empty form; `next` comes along."""
        return await self._form(call, call.asked("next"))

    async def finish(self, call: Call[CodeBody, None]) -> Page | See:
        """On to where one was going; recovery codes are shown first, the only time they can be."""
        then = call.fields.one("next")
        if call.fields.one("keep"):
            return await self._form(call, then)
        door = self.pages.door
        opened = await self.second.finish(self._token(call), call.body.code, door.origin(call))
        operator = opened.session.operator
        device = door.caller(operator.username, call.remote, call.cookies).device
        cookies = (
            door.opened(opened.session.token), door.passed(),
            door.devices.remember(operator.username, device),
        )  # fmt: skip
        onward = self.pages.opening(opened.session, then)
        if not opened.codes:
            return See(onward, cookies)
        values = {"codes": opened.codes, "then": onward}
        return Page("recovery.html", values, cookies=cookies)

    async def again(self, call: Call[None, None], refused: Refused) -> Page | See:
        """The form; what was typed is a code that was not right."""
        return await self._form(call, call.fields.one("next"), refused)

    def _token(self, call: Call[Any, None]) -> str:
        return call.cookies.get(self.pages.door.waiting, "")

    async def _form(
        self, call: Call[Any, None], then: str, refused: Refused | None = None
    ) -> Page | See:
        try:
            username = await self.second.waiting(self._token(call))
            secret = await self.second.secret(self._token(call))
        except Unauthenticated:
            return See(SIGN_IN_PATH)
        uri = totp.address(secret, username, rules.ISSUER) if secret else ""
        values = {
            "next": self.pages.safe(then),
            "secret": drawing.grouped(secret or ""),
            "tries": rules.FREE_ATTEMPTS,
            "drawn": drawing.scanned(uri) if uri else "",
        }
        return Page("second.html", values, refused=refused, headers=self.pages.onward_policy())
