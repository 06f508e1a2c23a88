"""The JSON API: sessions, statements, cases and what is done to them."""

from uuid import UUID

from aiohttp import hdrs, web
from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from services.verification.casework import bodies, listing, views
from services.verification.casework.acts import callbacks, judging, phones, reviews
from services.verification.casework.acts.desk import Desk, WrongFields
from services.verification.casework.rules import access
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import cases, lists
from services.verification.directory.store import units
from services.verification.signin.sessions import SignIn
from shared import access as identity
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import FieldError, Forbidden, Invalid, NotFound, Unauthenticated
from shared.web.edge import field_errors, json_response, read_json
from shared.web.pages import Pages


class Api:
    """`Authorization: Bearer <session token>`; the desk's cookie is not accepted here."""

    def __init__(
        self, database: Database, desk: Desk, sign_in: SignIn, pages: Pages, identity_seed: bytes
    ) -> None:
        self._database, self._desk, self._sign_in = database, desk, sign_in
        self._pages, self._seed = pages, identity_seed

    def routes(self) -> list[web.RouteDef]:
        """What this API answers to."""
        case = "/api/v1/cases/{case_id}"
        return [
            web.get("/api/v1/figures", self.figures),
            web.post("/api/v1/sessions", self.begin_session),
            web.delete("/api/v1/sessions", self.end_session),
            web.get("/api/v1/me", self.me),
            web.post("/api/v1/statements", self.make_statement),
            web.get("/api/v1/cases", self.list_cases),
            web.get(case, self.get_case),
            web.post(f"{case}/callbacks", self.log_callback),
            web.post(f"{case}/verdicts", self.submit_verdict),
            web.post(f"{case}/reviews", self.review),
            web.post(f"{case}/phone-reveals", self.reveal_phone),
        ]

    async def figures(self, _: web.Request) -> web.Response:
        """Verification's part of the statistics; public."""
        async with self._database.acquire() as conn:
            return _json(await lists.figures(conn))

    async def begin_session(self, request: web.Request) -> web.Response:
        """Sign in."""
        body = await read_json(request, bodies.SignInBody)
        session = await self._sign_in.begin(body.username, body.password)
        shown = {
            "token": session.token,
            "expires_at": session.expires_at,
            "operator": views.operator_json(session.operator),
        }
        return _json(shown, status=201)

    async def end_session(self, request: web.Request) -> web.Response:
        """Sign out."""
        await self._sign_in.end(_token(request))
        return web.Response(status=204)

    async def me(self, request: web.Request) -> web.Response:
        """Who is signed in."""
        return _json(views.operator_json(await self._who(request)))

    async def make_statement(self, request: web.Request) -> web.Response:
        """A minute's statement that the other services accept."""
        operator = await self._who(request)
        shown = {
            "statement": identity.issue(operator, self._seed),
            "expires_in": int(identity.LIFETIME.total_seconds()),
        }
        return _json(shown, status=201)

    async def list_cases(self, request: web.Request) -> web.Response:
        """A page of the cases below the operator's place."""
        operator = await self._who(request, *access.READERS)
        try:
            query = bodies.ListQuery.model_validate(dict(request.query))
        except ValidationError as error:
            raise Invalid("", *field_errors(error)) from None
        async with self._database.acquire() as conn:
            page = await listing.list_page(conn, operator, query)
            names = await units.list_names(conn, [c.unit_code for c in page.cases])
        shown = [views.summary(c, self._desk.seal, names.get(c.unit_code)) for c in page.cases]
        return _json({"items": shown, "cursor": page.cursor})

    async def get_case(self, request: web.Request) -> web.Response:
        """One case with its time line."""
        operator = await self._who(request, *access.READERS)
        async with self._database.acquire() as conn:
            return await self._shown(conn, operator, case_id_of(request))

    async def log_callback(self, request: web.Request) -> web.Response:
        """Record a call to the citizen."""
        operator = await self._who(request, *access.WORKERS)
        body = await read_json(request, bodies.CallbackBody)
        async with self._database.transaction() as conn:
            event = await callbacks.log_callback(
                conn, self._desk, operator, case_id_of(request), body.outcome, body.note
            )
        return _json(event, status=201)

    async def submit_verdict(self, request: web.Request) -> web.Response:
        """Record a verdict; the answer is the case as it then is."""
        operator = await self._who(request, *access.WORKERS)
        body, case_id = await read_json(request, bodies.VerdictBody), case_id_of(request)
        async with self._database.transaction() as conn:
            case = await find_case(conn, operator, case_id)
            draft = body.draft(case.categories)
            try:
                await judging.submit_verdict(
                    conn, self._desk, operator, case_id, draft, body.incident
                )
            except WrongFields as error:
                raise self._invalid(error) from None
            return await self._shown(conn, operator, case_id, 201)

    async def review(self, request: web.Request) -> web.Response:
        """Confirm or return a verdict; the answer is the case as it then is."""
        operator = await self._who(request, *access.SUPERVISORS)
        body, case_id = await read_json(request, bodies.ReviewBody), case_id_of(request)
        async with self._database.transaction() as conn:
            try:
                await reviews.review(conn, self._desk, operator, case_id, body.decision, body.note)
            except WrongFields as error:
                raise self._invalid(error) from None
            return await self._shown(conn, operator, case_id, 201)

    async def reveal_phone(self, request: web.Request) -> web.Response:
        """The citizen's phone in clear; the reason stays on the time line."""
        operator = await self._who(request, *access.WORKERS)
        body = await read_json(request, bodies.RevealBody)
        async with self._database.transaction() as conn:
            try:
                clear = await phones.reveal_phone(
                    conn, self._desk, operator, case_id_of(request), body.reason
                )
            except WrongFields as error:
                raise self._invalid(error) from None
        return _json({"phone": clear}, status=201)

    async def _who(self, request: web.Request, *roles: identity.Role) -> Operator:
        operator = await self._sign_in.who(_token(request))
        if roles and operator.role not in roles:
            raise Forbidden(f"This needs the role {' or '.join(roles)}.")
        return operator

    async def _shown(
        self, conn: Connection, operator: Operator, case_id: UUID, status: int = 200
    ) -> web.Response:
        case = await find_case(conn, operator, case_id)
        detail = await views.load_detail(conn, case, self._desk.seal)
        return _json(views.detail_json(detail, self._desk.seal), status=status)

    def _invalid(self, error: WrongFields) -> Invalid:
        found = (FieldError(w.field, self._pages.text("en", w.key)) for w in error.wrong)
        return Invalid("", *found)


async def find_case(conn: Connection, operator: Operator, case_id: UUID) -> Case:
    """A case of this operator's. NotFound also for one that they may not see."""
    case = await cases.get_case(conn, operator, case_id)
    if case is None:
        raise NotFound("There is no such case among yours.")
    return case


def case_id_of(request: web.Request) -> UUID:
    """The case in the address."""
    try:
        return UUID(request.match_info["case_id"])
    except ValueError:
        raise NotFound("There is no such case among yours.") from None


def _token(request: web.Request) -> str:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send the session's token as Authorization: Bearer.")
    return token.strip()


def _json(body: object, status: int = 200) -> web.Response:
    # Times as ISO 8601, which plain JSON would not give.
    return json_response(to_jsonable_python(body), status=status)
