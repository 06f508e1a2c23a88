"""Every exception that Mashang raises on purpose.

MashangError
├── Misconfigured        settings, policy file or command line: one line, exit 2
├── TaskDied             an unattended task ended: the process drains, exit 1
├── NotOurEvent          publish() of an event that FLOWS gives to another service
├── Retry(after)         a handler cannot yet: something has not arrived
├── Reject(reason)       a handler never can: park the event at once
└── Problem              an answer to an HTTP caller (RFC 9457 problem details)
    ├── Invalid          422, names each field and what to do
    ├── Malformed        400, the request as a whole cannot be read
    ├── Unauthenticated  401
    ├── Forbidden        403
    ├── NotFound         404
    ├── Conflict         409
    ├── TooLarge         413
    ├── KeyReused        422, an idempotency key came back with another body
    └── Unavailable      503, try again
"""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import ClassVar


class MashangError(Exception):
    """The root; never raised itself."""


class Misconfigured(MashangError):
    """The text is one line for the person who started the process: what is wrong, what to do."""


class TaskDied(MashangError):
    """An unattended task ended that should have run on; its defect is the cause, logged already."""


class NotOurEvent(MashangError):
    """A service tried to publish an event whose producer in FLOWS is another service."""


class Retry(MashangError):
    """Run this event again after `after`; it is parked when the attempts are used up."""

    def __init__(self, after: timedelta, reason: str) -> None:
        super().__init__(reason)
        self.after = after


class Reject(MashangError):
    """This event can never be handled; park it without further attempts."""


@dataclass(frozen=True)
class FieldError:
    """One wrong field: its name (dotted path), what is wrong, in the reader's words."""

    field: str
    detail: str


class Problem(MashangError):
    """An error that is an HTTP answer; `detail` says what to do, never what is inside."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str = "", *fields: FieldError) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.fields = fields

    def as_json(self) -> dict[str, object]:
        """The body of an `application/problem+json` answer."""
        body: dict[str, object] = {
            "type": f"urn:mashang:problem:{self.slug}",
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
        }
        if self.fields:
            body["errors"] = [{"field": f.field, "detail": f.detail} for f in self.fields]
        return body


class Invalid(Problem):
    """Some fields are wrong; nothing was stored."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "invalid"
    title = "Some fields need attention"


class Malformed(Problem):
    """The request cannot be read at all."""

    status = HTTPStatus.BAD_REQUEST
    slug = "malformed"
    title = "The request cannot be read"


class Unauthenticated(Problem):
    """No valid session or token."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "unauthenticated"
    title = "Sign in first"


class Forbidden(Problem):
    """Signed in, but not allowed."""

    status = HTTPStatus.FORBIDDEN
    slug = "forbidden"
    title = "Not allowed"


class NotFound(Problem):
    """No such thing, or not yours to see."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"
    title = "Not found"


class Conflict(Problem):
    """The thing is in a state that does not allow this."""

    status = HTTPStatus.CONFLICT
    slug = "conflict"
    title = "Not possible in the present state"


class TooLarge(Problem):
    """The body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    slug = "too-large"
    title = "The request is too large"


class KeyReused(Problem):
    """An idempotency key came back with a different body."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"


class Unavailable(Problem):
    """A part we need is away; the caller may repeat with the same idempotency key."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "unavailable"
    title = "Not available at the moment, please try again"
