"""The desk in a browser: the session's cookie, the form token, and where a POST came from."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from services.verification.signin.sessions import Session, SignIn
from shared import access as identity
from shared.access import Operator
from shared.errors import Forbidden, Unauthenticated

_HOST_COOKIE, _LOCAL_COOKIE = "__Host-mashang", "mashang"
SIGN_IN_PATH = "/desk/sign-in"


@dataclass(frozen=True)
class Visit:
    """A signed-in request, and the token that its forms must carry."""

    operator: Operator
    token: str

    @property
    def csrf(self) -> str:
        """Derived from the session, so that it needs no storage."""
        return hmac.new(self.token.encode(), b"csrf", sha256).hexdigest()


class Browser:
    """`secure` is False only on loopback without TLS, where browsers refuse `__Host-`."""

    def __init__(self, sign_in: SignIn, *, secure: bool) -> None:
        self._sign_in, self._secure = sign_in, secure
        self._name = _HOST_COOKIE if secure else _LOCAL_COOKIE

    async def visit(self, request: web.Request, *roles: identity.Role) -> Visit:
        """Who is here. Sends a browser without a session to the sign-in page."""
        token = request.cookies.get(self._name, "")
        try:
            operator = await self._sign_in.who(token)
        except Unauthenticated:
            back = f"?next={request.path}" if request.method == hdrs.METH_GET else ""
            raise web.HTTPSeeOther(SIGN_IN_PATH + back) from None
        if roles and operator.role not in roles:
            raise Forbidden(f"This needs the role {' or '.join(roles)}.")
        return Visit(operator, token)

    async def form(self, request: web.Request, *roles: identity.Role) -> tuple[Visit, "Fields"]:
        """A posted form of a signed-in operator, from our own page."""
        check_origin(request)
        visit = await self.visit(request, *roles)
        fields = await read_fields(request)
        if not hmac.compare_digest(fields.one("csrf").encode(), visit.csrf.encode()):
            raise Forbidden("This page is too old; reload it and send the form again.")
        return visit, fields

    def remember(self, response: web.Response, session: Session) -> None:
        """Set the cookie; it ends with the browser, and the session by itself."""
        response.set_cookie(
            self._name, session.token, path="/", secure=self._secure, httponly=True,
            samesite="Strict",
        )  # fmt: skip

    async def forget(self, response: web.Response, visit: Visit) -> None:
        """End the session and remove its cookie."""
        await self._sign_in.end(visit.token)
        response.del_cookie(
            self._name, path="/", secure=self._secure, httponly=True, samesite="Strict"
        )


@dataclass(frozen=True)
class Fields:
    """What was typed: every field's values in order."""

    values: dict[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        """The field's only value, or nothing."""
        return next(iter(self.values.get(name, ())), "")

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field that may have several."""
        return self.values.get(name, ())


async def read_fields(request: web.Request) -> Fields:
    """The form's fields; an uploaded file is no field of ours."""
    posted = await request.post()
    return Fields(
        {
            name: tuple(v.replace("\r\n", "\n") for v in posted.getall(name) if isinstance(v, str))
            for name in posted
        }
    )


def check_origin(request: web.Request) -> None:
    """Forbidden unless the form was sent from our own page. Browsers always say where from."""
    origin = request.headers.get(hdrs.ORIGIN)
    same = origin is not None and urlsplit(origin).netloc == request.host
    if not same and request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise Forbidden("The form was not sent from this page.")


def safe_next(path: str) -> str:
    """Where to go after signing in: only to the desk, never to another site."""
    own = path == "/desk" or path.startswith("/desk/cases/")
    return path if own and "\\" not in path else "/desk"


def see_other(path: str) -> web.Response:
    """After a form, go on by GET."""
    return web.Response(status=303, headers={hdrs.LOCATION: path})
