"""Every exception that Mashang raises on purpose, and the two words in which rules say no.

MashangError
├── Misconfigured        settings, policy file or command line: one line, exit 2
├── TaskDied             an unattended task ended: the process drains, exit 1
├── NotOurEvent          publish() of an event that FLOWS gives to another service
├── Retry(after)         a handler cannot yet: something has not arrived
├── Reject(reason)       a handler never can: park the event at once
└── Refused(key)         the answer is no; the kinds say how an HTTP caller hears it (RFC 9457)
    ├── Invalid          422, one Wrong for each field
    ├── Malformed        400, the request as a whole cannot be read
    ├── Unauthenticated  401
    ├── Forbidden        403
    ├── NotFound         404, no such thing, or not yours to see
    ├── NotAllowed       405, the address knows other methods
    ├── TooSlow          408, the body did not come in time
    ├── Conflict         409
    ├── Gone             410
    ├── TooLarge         413
    ├── Unsupported      415, the body is of a kind that is not read here
    ├── KeyReused        422, an idempotency key came back with another body
    ├── TooMany          429
    ├── Defect           500, ours
    └── Unavailable      503, try again

Refused and Wrong carry keys, never sentences: the edge finds the words in the caller's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
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


class Key(str):
    """A value within a text that is itself a text's key, such as a state's name."""

    __slots__ = ()


@dataclass(frozen=True, init=False)
class Wrong:
    """One wrong field: its dotted path, and the key of what to do, with the text's values."""

    field: str
    key: str
    values: Mapping[str, object]

    def __init__(self, field: str, key: str, **values: object) -> None:
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "values", MappingProxyType(values))


class Refused(MashangError):
    """The answer is no. `key` names the text that says what to do, `wrong` the fields."""

    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "refused"

    def __init__(self, key: str = "", *wrong: Wrong, **values: object) -> None:
        self.key = key or f"problem.{self.slug}.hint"
        self.wrong, self.values = wrong, values
        super().__init__("; ".join([self.key, *(f"{w.field}: {w.key}" for w in wrong)]))


class Invalid(Refused):
    """Some fields are wrong; nothing was stored."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "invalid"

    def __init__(self, *wrong: Wrong) -> None:
        super().__init__("", *wrong)


class Malformed(Refused):
    """The request cannot be read at all."""

    status = HTTPStatus.BAD_REQUEST
    slug = "malformed"


class Unauthenticated(Refused):
    """No valid session or token."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "unauthenticated"


class Forbidden(Refused):
    """Signed in, but not allowed."""

    status = HTTPStatus.FORBIDDEN
    slug = "forbidden"


class NotFound(Refused):
    """No such thing, or not yours to see."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"


class NotAllowed(Refused):
    """The address is right and the method is not; `allow` lists those that are."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    slug = "method-not-allowed"

    def __init__(self, allow: str) -> None:
        super().__init__("", allow=allow)
        self.allow = allow


class TooSlow(Refused):
    """The body did not come in time."""

    status = HTTPStatus.REQUEST_TIMEOUT
    slug = "too-slow"


class Conflict(Refused):
    """The thing is in a state that does not allow this."""

    status = HTTPStatus.CONFLICT
    slug = "conflict"


class Gone(Refused):
    """It was here, and takes nothing in any more."""

    status = HTTPStatus.GONE
    slug = "gone"


class TooLarge(Refused):
    """The body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    slug = "too-large"


class Unsupported(Refused):
    """The body is of a kind, or in an encoding, that is not read here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unsupported"


class KeyReused(Refused):
    """An idempotency key came back with a different body."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "idempotency-key-reused"


class TooMany(Refused):
    """Over a rate limit; again after `after`."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "too-many"

    def __init__(self, key: str = "", after: timedelta = timedelta(seconds=1)) -> None:
        super().__init__(key)
        self.after = after


class Defect(Refused):
    """Something went wrong on our side; what, is in the log."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    slug = "internal"


class Unavailable(Refused):
    """A part we need is away; the caller may repeat with the same idempotency key."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "unavailable"


KINDS: tuple[type[Refused], ...] = (
    Invalid, Malformed, Unauthenticated, Forbidden, NotFound, NotAllowed, TooSlow, Conflict, Gone,
    TooLarge, Unsupported, KeyReused, TooMany, Defect, Unavailable,
)  # fmt: skip
