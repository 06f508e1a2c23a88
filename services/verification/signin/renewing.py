"""Between a password that somebody was given and the session: first they choose their own."""

from dataclasses import dataclass
from typing import Any

from services.verification.signin import rules
from services.verification.signin.bodies import NewPasswordBody
from services.verification.signin.door import CHOOSE_PATH
from services.verification.signin.own_password import OwnPassword
from services.verification.signin.pages import SignInPages
from services.verification.signin.sessions import PATIENCE
from shared.errors import Refused, Unauthenticated
from shared.patience import within
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, See


@dataclass(frozen=True)
class RenewingPages:
    """`/desk/new-password`, for whoever has a session that opens nothing else."""

    own: OwnPassword
    pages: SignInPages

    def endpoints(self) -> list[Endpoint]:
        """The form, and what it sends."""
        return [
            Endpoint("GET", CHOOSE_PATH, self.show, "The form for a password of one's own",
                     PUBLIC),
            Endpoint(
                "POST", CHOOSE_PATH, self.choose, "Choose a password of one's own",
                PUBLIC, body=NewPasswordBody, form=True, again=self.again, csrf="origin",
                limit=16 * 1024, seconds=0,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page | See:
        """The empty form; `next` comes along."""
        return await self._form(call, call.asked("next"))

    async def choose(self, call: Call[NewPasswordBody, None]) -> Page | See:
        """On to where one was going; the given password is worth nothing any more."""
        then = call.fields.one("next")
        if call.fields.one("keep"):
            return await self._form(call, then)
        origin = self.pages.door.origin(call)
        choosing = self.own.choose(self._token(call), call.body.new, origin)
        operator = await within(PATIENCE, choosing)
        return See(self.pages.onward(then, operator.role))

    async def again(self, call: Call[Any, None], refused: Refused) -> Page | See:
        """The form, and what is wrong with the password; none is shown again."""
        return await self._form(call, call.fields.one("next"), refused)

    def _token(self, call: Call[Any, None]) -> str:
        return call.cookies.get(self.pages.door.cookie, "")

    async def _form(
        self, call: Call[Any, None], then: str, refused: Refused | None = None
    ) -> Page | See:
        try:
            operator = await self.own.renewing(self._token(call))
        except Unauthenticated:
            # Home, for whom another click has signed in meanwhile.
            return See("/")
        values = {
            "next": self.pages.safe(then),
            "username": operator.username,
            "least": rules.SHORTEST_PASSWORD,
        }
        headers = self.pages.onward_policy()
        return Page("new_password.html", values, refused=refused, headers=headers)
