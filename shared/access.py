"""Who may see and do what, for all services: roles, the place in the tree, the second person.

What an operator sees lies below their place in the tree. The roles here say who may do it at all;
`database.transaction(as_=operator)` makes PostgreSQL's row-level security hold the place and the
recusal, so that a query without a condition leaks nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from shared.values import text

Role = Literal[
    "unit_operator",
    "county_supervisor",
    "city_supervisor",
    "inspection",
    "reward_approver",
    "leadership",
    "auditor",
    "system_admin",
    "security_admin",
    "audit_admin",
]


@dataclass(frozen=True)
class Operator:
    """A signed-in user: role, and a place in the tree (the code of a unit or of a place above)."""

    username: str
    name: str
    role: Role
    scope: str
    badge: str | None = None


SUPERVISORS: tuple[Role, ...] = ("county_supervisor", "city_supervisor", "inspection")
CASE_WORKERS: tuple[Role, ...] = ("unit_operator", *SUPERVISORS)
CASE_READERS: tuple[Role, ...] = (*CASE_WORKERS, "auditor")
REWARD_DECIDERS: tuple[Role, ...] = ("reward_approver",)
REWARD_READERS: tuple[Role, ...] = ("reward_approver", "city_supervisor", "leadership", "auditor")
SCORE_READERS: tuple[Role, ...] = (*CASE_WORKERS, "leadership", "auditor")
MESSAGE_READERS: tuple[Role, ...] = ("city_supervisor", "auditor", "system_admin")
# Sanctions that the rules propose: those above read them, and a named person signs or declines.
SANCTION_READERS: tuple[Role, ...] = (
    "county_supervisor", "city_supervisor", "leadership", "auditor",
)  # fmt: skip
SANCTION_SIGNERS: tuple[Role, ...] = ("leadership", "city_supervisor")
# Exact numbers of the whole city, small ones too; the public reads /open.
FIGURE_READERS: tuple[Role, ...] = ("city_supervisor", "inspection", "leadership", "auditor")
# Who invites people a unit served to say how it was: the unit itself, and those above it.
DRAWERS: tuple[Role, ...] = ("unit_operator", "county_supervisor", "city_supervisor")
DRAW_READERS: tuple[Role, ...] = (*DRAWERS, "leadership", "auditor")
MESSAGE_MENDERS: tuple[Role, ...] = ("system_admin",)
# Who signs in, and with what: one administrator changes it, another watches that one.
ACCOUNT_KEEPERS: tuple[Role, ...] = ("security_admin",)
ACCOUNT_READERS: tuple[Role, ...] = (*ACCOUNT_KEEPERS, "audit_admin")
LOG_READERS: tuple[Role, ...] = ("audit_admin",)
# Who keeps the machines: what the services tell each other, and what of it waits for a person.
CONSOLE_KEEPERS: tuple[Role, ...] = ("system_admin",)
# Where each service with lists says who took which of them away; LOG_READERS are led there.
EXPORTS: Mapping[str, str] = {
    "verification": "/desk/accounts-exports",
    "rewards": "/exports",
    "scoring": "/exports",
}
# Who keeps the directory: places and units, the officers below one's own place; operators are the
# keepers' of accounts.
UNIT_KEEPERS: tuple[Role, ...] = ("system_admin",)
OFFICER_KEEPERS: tuple[Role, ...] = ("county_supervisor", "city_supervisor")
DIRECTORY_READERS: tuple[Role, ...] = (
    *CASE_READERS,
    "leadership",
    *UNIT_KEEPERS,
    *ACCOUNT_READERS,
)
EVERYBODY: tuple[Role, ...] = get_args(Role)

# Parts of the desk that have readers of their own, and where they begin.
WINGS: Mapping[str, str] = {
    "accounts": "/desk/accounts",
    "directory": "/desk/directory",
    "console": "/console",
}
# Whose staff pages a role may open, by service or wing.
PAGES: Mapping[str, tuple[Role, ...]] = {
    "verification": CASE_READERS,
    "accounts": ACCOUNT_READERS,
    "directory": DIRECTORY_READERS,
    "console": CONSOLE_KEEPERS,
    "rewards": REWARD_READERS,
    "scoring": SCORE_READERS,
    "notifications": MESSAGE_READERS,
    "intake": DRAW_READERS,
}
# Pages that more than the readers of their service or wing may open, with what lies below them, and
# who that is.
BESIDE: Mapping[str, tuple[Role, ...]] = {
    "/desk/account": EVERYBODY,
    "/desk/account/factor": EVERYBODY,
    "/desk/keys": EVERYBODY,
    "/desk/first-day": EVERYBODY,
    # The way back to another service's page, and to what wants the password once more.
    "/desk/renew": EVERYBODY,
    "/desk/confirm": EVERYBODY,
    # The picture by which a page that keeps what somebody typed renews their sign-in.
    "/static": EVERYBODY,
    "/filings": CASE_WORKERS,
    **dict.fromkeys(EXPORTS.values(), LOG_READERS),
    "/console/acts": LOG_READERS,
}
# Where each role lands after signing in: the service or wing whose page is theirs.
LANDING: Mapping[Role, str] = {
    "unit_operator": "verification",
    "county_supervisor": "verification",
    "city_supervisor": "verification",
    "inspection": "verification",
    "auditor": "verification",
    "reward_approver": "rewards",
    "leadership": "scoring",
    "system_admin": "notifications",
    "security_admin": "accounts",
    "audit_admin": "accounts",
}
# So long a typed password says that it is still the same person at the screen.
CONFIRMED_FOR = timedelta(minutes=5)
# The unit operators of whom no badge is on record: they may be the officer whom a case names.
NAMELESS = "?"
# Everybody but the city's inspection and the auditors: integrity and pressure are not theirs.
OUTSIDERS = "!"
# The inspection, which of all cases sees only those that are kept from OUTSIDERS.
INSPECTION = "="
_SIGHT: Mapping[Role, tuple[str, ...]] = {"inspection": (INSPECTION,), "auditor": ()}
_TOP: tuple[Role, ...] = ("city_supervisor", "inspection")
_RANK: Mapping[Role, int] = {"unit_operator": 1, "county_supervisor": 2, **dict.fromkeys(_TOP, 3)}


def beside(path: str) -> tuple[Role, ...]:
    """Who may open a page though its service or wing is not theirs, as it stands in BESIDE."""
    found = (who for begins, who in BESIDE.items() if f"{path}/".startswith(f"{begins}/"))
    return next(found, ())


def may_review(reviewer: Operator, author: str, author_role: Role) -> bool:
    """A second review comes from the level above; at the top itself, from another person."""
    if reviewer.role not in SUPERVISORS or reviewer.username == author:
        return False
    if reviewer.role in _TOP:
        return True
    return _RANK[reviewer.role] > _RANK.get(author_role, 0)


def identities(operator: Operator) -> list[str]:
    """Everything by which a case may be kept from an operator.

    The badge as the directory and as citizens spell it, `@` their name, `#` their place, OUTSIDERS;
    a unit operator without a badge may be any of its officers.
    """
    spelt = [operator.badge, text.badge(operator.badge)] if operator.badge else []
    nameless = [NAMELESS] if operator.role == "unit_operator" and not operator.badge else []
    own = [*spelt, f"@{operator.username}", f"#{operator.scope}", *nameless]
    own += _SIGHT.get(operator.role, (OUTSIDERS,))
    return list(dict.fromkeys(own))


def row_settings(operator: Operator) -> dict[str, str]:
    """What the policies of row-level security read, as settings of one transaction.

    The identities stand apart by a unit separator.
    """
    return {"mashang.scope": operator.scope, "mashang.badge": "\x1f".join(identities(operator))}


EVERYTHING = {"mashang.scope": "*", "mashang.badge": ""}
