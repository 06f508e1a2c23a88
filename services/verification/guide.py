"""Help for who sits at the desk: what to do on the first day."""

from services.verification.signin.pages import SIGNED_IN
from shared import access
from shared.access import Role
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page

# The first day's steps of those who work on cases, who pay, and who only look.
_CASES = ("inbox", "call", "verdict", "answer", "review", "keys")
_MONEY = ("money", "second", "mismatch", "keys")
_LOOKING = ("look", "scores", "keys")


def endpoints() -> list[Endpoint]:
    """One page; everybody may read it."""
    return [
        Endpoint("GET", "/desk/first-day", first_day, "The first day, step by step", SIGNED_IN),
    ]


async def first_day(call: Call[None, None]) -> Page:
    """What one does with a case, or with money, from beginning to end."""
    return Page("first_day.html", {"steps": steps(call.operator.role)})


def steps(role: Role) -> tuple[str, ...]:
    """Which steps are a role's own."""
    if role in access.CASE_WORKERS:
        return _CASES
    return _MONEY if role in access.REWARD_DECIDERS else _LOOKING
