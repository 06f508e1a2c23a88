"""The JSON API of signing in: sessions, who one is, statements for the other services."""

from dataclasses import asdict, dataclass

from services.verification.signin import bodies, rules
from services.verification.signin.attempts import Caller
from services.verification.signin.second import Second
from services.verification.signin.sessions import SignIn
from shared import access, statements
from shared.access import Operator
from shared.errors import Forbidden
from shared.web.endpoints import PUBLIC, Call, Endpoint, staff
from shared.web.replies import Reply

SIGNED_IN = staff(access.EVERYBODY)


@dataclass(frozen=True)
class Api:
    """The handlers."""

    sessions: SignIn
    second: Second
    seed: bytes

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint(
                "POST", "/api/v1/sessions", self.begin, "Sign in", PUBLIC,
                body=bodies.ProgramBody, answers={201: bodies.SessionShown}, limit=8 * 1024,
                seconds=0,
            ),
            Endpoint(
                "DELETE", "/api/v1/sessions", self.end, "Sign out", SIGNED_IN, answers={204: None}
            ),
            Endpoint(
                "GET", "/api/v1/me", self.me, "Who is signed in", SIGNED_IN,
                answers={200: bodies.OperatorShown},
            ),
            Endpoint(
                "POST", "/api/v1/statements", self.state,
                "A minute's statement that the other services accept", SIGNED_IN,
                answers={201: bodies.StatementShown},
            ),
        ]  # fmt: skip

    async def begin(self, call: Call[bodies.ProgramBody, None]) -> bodies.SessionShown:
        """A new session.

        Forbidden to whom must first enrol a second factor, or choose a password, on a page.
        """
        caller = Caller(rules.source(call.remote))
        session = await self.sessions.begin(call.body.username, call.body.password, caller)
        if session.waits:
            if await self.second.secret(session.token):
                raise Forbidden("refused.enrol_first")
            session = (await self.second.finish(session.token, call.body.code, caller)).session
        if session.renews:
            raise Forbidden("refused.password_first")
        return bodies.SessionShown(
            token=session.token, expires_at=session.expires_at, operator=shown(session.operator)
        )

    async def end(self, call: Call[None, None]) -> Reply:
        """The session ends, and with it all its statements within a minute."""
        await self.sessions.end(call.bearer, Caller(rules.source(call.remote)))
        return Reply(None, 204)

    async def me(self, call: Call[None, None]) -> bodies.OperatorShown:
        """Who is signed in."""
        return shown(call.operator)

    async def state(self, call: Call[None, None]) -> bodies.StatementShown:
        """A statement about the caller."""
        visitor = call.visitor
        version = visitor.version if visitor else 1
        statement = statements.issue(call.operator, self.seed, version=version)
        seconds = int(statements.LIFETIME.total_seconds())
        return bodies.StatementShown(statement=statement, expires_in=seconds)


def shown(operator: Operator) -> bodies.OperatorShown:
    """An operator, for themselves."""
    return bodies.OperatorShown(**asdict(operator))
