"""The way to the bureau's provider and back; the browser carries, sealed, what it began."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from services.verification.signin.oidc import REFUSED, Attempt, Oidc
from services.verification.signin.pages import SignInPages
from services.verification.signin.sessions import PATIENCE
from shared.errors import Refused, Unauthenticated
from shared.patience import within
from shared.values import clock
from shared.values.seal import Seal, SealBroken
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Cookie, Page, See
from shared.web.session import cookie_name

ADDRESS = "/desk/oidc"
BACK = f"{ADDRESS}/back"
_CONTEXT = "factor:oidc"
_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class OidcPages:
    """`/desk/oidc`, where a provider is configured."""

    oidc: Oidc
    seal: Seal
    pages: SignInPages

    def endpoints(self) -> list[Endpoint]:
        """There, and back."""
        return [
            Endpoint("GET", ADDRESS, self.leave, "Sign in at the bureau's provider", PUBLIC),
            Endpoint("GET", BACK, self.back, "Back from the bureau's provider", PUBLIC, seconds=0),
        ]

    async def leave(self, call: Call[None, None]) -> Page | See:
        """To the provider; `next` comes along."""
        then = self.pages.safe(call.asked("next"))
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        until = (clock.now() + _LASTS).timestamp()
        begun = Attempt(state=state, nonce=nonce, verifier=verifier, then=then, until=until)
        try:
            address = await self.oidc.address(begun)
        except Refused as refused:
            return self.pages.form(then, "", refused)
        sealed = self.seal.close(begun.model_dump_json(), _CONTEXT)
        return See(address, (self._cookie(sealed),))

    async def back(self, call: Call[None, None]) -> Page | See:
        """The session; whoever the directory does not know, or has disabled, gets none."""
        then = ""
        try:
            begun = self._begun(call)
            then = begun.then
            asking = self.oidc.username(begun, call.asked("code"))
            username = await within(PATIENCE, asking)
            caller = self.pages.door.caller(username, call.remote, call.cookies, call.agent)
            session = await self.pages.door.sessions.admit(username, caller)
        except Refused as refused:
            return self.pages.form(then, "", refused)
        onward, cookie = self.pages.after(session, then)
        # Coming from elsewhere a redirect would not bring the session's cookie along; a page does.
        cookies = (cookie, self._cookie(None))
        return Page("signed_in.html", {"then": onward}, cookies=cookies)

    def _begun(self, call: Call[None, None]) -> Attempt:
        try:
            carried = self.seal.open(call.cookies.get(self._cookie(None).name, ""), _CONTEXT)
            begun = Attempt.model_validate_json(carried)
        except (SealBroken, ValidationError):
            raise Unauthenticated(REFUSED) from None
        same = secrets.compare_digest(begun.state.encode(), call.asked("state").encode())
        if not same or clock.now().timestamp() > begun.until:
            raise Unauthenticated(REFUSED)
        return begun

    def _cookie(self, sealed: str | None) -> Cookie:
        """Lax: the provider's redirect back counts as coming from elsewhere."""
        name = cookie_name("mashang-oidc", secure=self.pages.door.secure)
        return Cookie(name, sealed, "Lax")
