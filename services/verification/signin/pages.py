"""Signing in and out in a browser, and renewing what the other services believe."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from urllib.parse import urlencode, urlsplit

from services.verification.signin import rules
from services.verification.signin.bodies import SignInBody
from services.verification.signin.door import (
    CHOOSE_PATH,
    SECOND_PATH,
    SIGN_IN_PATH,
    DeskDoor,
)
from services.verification.signin.sessions import Session
from shared import access
from shared.access import Role
from shared.errors import Refused
from shared.web.answers import CSP, SECURITY_HEADERS
from shared.web.endpoints import PUBLIC, Call, Endpoint, staff
from shared.web.replies import Cookie, Page, See
from shared.web.session import RENEW_PATH

DESK = "/desk"
# Where staff pages of ours begin.
OWN = (DESK, access.WINGS["console"])
SIGNED_IN = staff(access.EVERYBODY)


@dataclass(frozen=True)
class SignInPages:
    """`services` says where each service's staff pages are, `oidc` whether another way leads in."""

    door: DeskDoor
    services: Mapping[str, str]
    oidc: bool = False

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint("GET", "/", self.home, "To the operator's own page", SIGNED_IN),
            Endpoint("GET", SIGN_IN_PATH, self.show, "The sign-in form", PUBLIC),
            Endpoint(
                "POST", SIGN_IN_PATH, self.begin, "Sign in", PUBLIC,
                body=SignInBody, form=True, again=self.show_again, csrf="origin", limit=16 * 1024,
                seconds=0,
            ),
            Endpoint("GET", "/desk/sign-out", self.leave, "Ask before signing out", SIGNED_IN),
            Endpoint(
                "POST", "/desk/sign-out", self.end, "Sign out", SIGNED_IN, form=True, csrf="token"
            ),
            Endpoint("GET", RENEW_PATH, self.renew, "Back to another service's page", SIGNED_IN),
        ]  # fmt: skip

    async def home(self, call: Call[None, None]) -> See:
        """Each role lands on a page of its own."""
        return See(self.landing(call.operator.role))

    async def show(self, call: Call[None, None]) -> Page:
        """The empty form; `next` comes along."""
        # Whoever is led here with a session's cookie had one; signing out removes it.
        then = self.safe(call.asked("next"))
        return self.form(then, "", expired=bool(then and call.cookies.get(self.door.cookie)))

    async def begin(self, call: Call[SignInBody, None]) -> See | Page:
        """Sign in, and on to where one was going; the browser is known from now on.

        The button for the other language only brings the form again.
        """
        username, password = call.body.username, call.body.password
        if call.fields.one("keep"):
            return self.form(self.safe(call.fields.one("next")), username)
        caller = self.door.caller(username, call.remote, call.cookies, call.agent)
        session = await self.door.sessions.begin(username, password, caller)
        then, cookie = self.after(session, call.fields.one("next"))
        if session.waits:
            return See(then, (cookie,))
        device = self.door.devices.remember(session.operator.username, caller.device)
        return See(then, (cookie, device))

    def after(self, session: Session, wanted: str) -> tuple[str, Cookie]:
        """Where a new session leads, be it to the second factor, and its cookie."""
        if session.waits:
            asked = urlencode({"next": self.safe(wanted)}, safe="/")
            return f"{SECOND_PATH}?{asked}", self.door.waits(session.token)
        return self.opening(session, wanted), self.door.opened(session.token)

    def opening(self, session: Session, wanted: str) -> str:
        """Where one was going, but first of all to a password of one's own."""
        if session.renews:
            asked = urlencode({"next": self.safe(wanted)}, safe="/")
            return f"{CHOOSE_PATH}?{asked}"
        return self.onward(wanted, session.operator.role)

    async def show_again(self, call: Call[None, None], refused: Refused) -> Page:
        """The form with the name that was typed."""
        return self.form(self.safe(call.fields.one("next")), call.fields.one("username"), refused)

    def form(
        self, then: str, username: str, refused: Refused | None = None, *, expired: bool = False
    ) -> Page:
        """The form, with what went wrong before."""
        values = {
            "next": then,
            "username": username,
            "oidc": self.oidc,
            "expired": expired,
            "idle": int(rules.SESSION_IDLE.total_seconds()) // 60,
            "tries": rules.FREE_ATTEMPTS,
        }
        return Page("sign_in.html", values, refused=refused, headers=self.onward_policy())

    def onward_policy(self) -> dict[str, str]:
        """Browsers hold a form to its page's policy over redirects too, and some lead elsewhere."""
        parts = map(urlsplit, self.services.values())
        origins = sorted({f"{part.scheme}://{part.netloc}" for part in parts})
        own = "form-action 'self'"
        return {CSP: SECURITY_HEADERS[CSP].replace(own, " ".join([own, *origins]))}

    async def leave(self, call: Call[None, None]) -> Page:
        """Where the other services' pages lead to, since one signs out here."""
        return Page("sign_out.html", {"back": self.landing(call.operator.role)})

    async def end(self, call: Call[None, None]) -> See:
        """Sign out everywhere."""
        token = call.cookies.get(self.door.cookie, "")
        await self.door.sessions.end(token, self.door.origin(call))
        return See(SIGN_IN_PATH, self.door.closed())

    async def renew(self, call: Call[None, None]) -> See:
        """The answer carries a fresh statement; then back to where the browser came from."""
        then = self.onward(call.asked("next"), call.operator.role)
        fresh = (self.door.statement(call.visitor),) if call.visitor else ()
        return See(then, fresh)

    def onward(self, wanted: str, role: Role) -> str:
        """Where somebody was going, if it is theirs to open; else their own page."""
        then = self.safe(wanted)
        readers = access.PAGES[self._part(then)], access.beside(urlsplit(then).path)
        return then if then and role in chain(*readers) else self.landing(role)

    def _part(self, then: str) -> str:
        # Every service has a console, and of all of them it is the same people's.
        if urlsplit(then).path.startswith(access.WINGS["console"]):
            return "console"
        parts = {name: f"{url}/" for name, url in self.services.items()} | dict(access.WINGS)
        found = (name for name, begins in parts.items() if then.startswith(begins))
        return next(found, "verification")

    def landing(self, role: Role) -> str:
        """The page on which a role lands."""
        part = access.LANDING[role]
        elsewhere = self.services.get(part, "")
        if elsewhere and part != "verification":
            return f"{elsewhere}/"
        return access.WINGS.get(part, DESK)

    def safe(self, then: str) -> str:
        """Where to go afterwards: the desk or another staff service, never another site."""
        if not then.isprintable() or "\\" in then:
            return ""
        try:
            parts = urlsplit(then)
        except ValueError:
            return ""
        if f"{parts.scheme}://{parts.netloc}" in self.services.values():
            return then
        own = parts.path in OWN or parts.path.startswith(tuple(f"{one}/" for one in OWN))
        return then if own and not parts.netloc else ""
