"""Every page of every service, by the services' own tables: where it is, and who looks at it.

A new page is looked at by itself. One that needs more than its address says here what; one that is
no page, or leads to another, says here why nobody looks at it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shared.web.endpoints import Endpoint
from tests.browser.filled import GIVEN, WITH_FACTOR
from tests.integration.test_access_matrix import PEOPLE, Objects
from tests.town import Town

ROLES = {username: role for role, username in PEOPLE.items()}
# A page is looked at by the first of these who may.
WATCHERS = (
    "city", "approver", "north1", "security", "audit", "admin", "leader", "inspector", "auditor",
)  # fmt: skip
# Whose page has something on it, where that is somebody else.
OWNERS = {"/desk/appeals": "accused"}
# Where one comes only by signing in, and as whom.
BEHIND_THE_DOOR = {"/desk/second": WITH_FACTOR, "/desk/new-password": GIVEN}
# With what they are asked for, where not (only) with nothing.
ASKED: dict[str, tuple[str, ...]] = {
    "/filings": ("", "?unit={unit_code}"),
    "/desk/bulk/merge": ("", "?ids={open}&ids={asked}"),
    "/desk/notices": ("", "?view=others"),
    "/desk": ("?state=all", "?q=没有这样的话"),
    "/console": ("", "?state=pending"),
    "/console/acts/new": ("?act=discard&event_id={event_id}", ""),
    "/lateness": ("", "?show=late"),
    "/papers": ("", "?kind=transfer"),
    "/r/{receipt}": ("?new=1", ""),
}
# Which cases are looked at on their pages; on others the one that is open.
CASES = "/desk/cases/{case_id}"
OPEN = ("open",)
OF_CASES = {
    CASES: ("open", "reviewed", "urgent", "case_id"),
    f"{CASES}/page": ("urgent",),
    f"{CASES}/appeal": ("case_id",),
    f"{CASES}/review": ("reviewed",),
    f"{CASES}/conflict": ("overtaken",),
    f"{CASES}/decision": ("asked",),
}
# What a citizen's receipt can look like: with its answer, and before that without a phone;
# thanks are for praise.
RECEIPTS = ("receipt", "waiting")
OF_RECEIPTS = {"/r/{receipt}/thanks": ("praised",)}
# A window's code opens no kiosk.
KIOSK = "/k/{code}"
# Addresses of no endpoint, and those of what has gone, was mistyped or never was.
STRANGE = ("/nowhere", "/w/forged", "/r/0000-0000-0000-0000")
FILES = (
    ".txt", ".js", ".json", ".csv", ".svg", ".png", ".xml", ".tlog", ".pdf", ".xlsx",
    ".webmanifest", "/export/{name}", "/{attachment_id}",
)  # fmt: skip
BACK = "a form's own address leads back to the case"
NO_LOOK = {
    "verification": {
        "/": "leads to one's own page, which is looked at for each role",
        "/desk/renew": "leads back to another service",
        "/desk/live": "a stream",
        **{f"{CASES}/{form}": BACK for form in (
            "callbacks", "questions", "verdicts", "reviews", "recusals", "phone-reveals")},
    },
    "rewards": {"/": "leads to the rewards", "/close-keys": "a file"},
    "notifications": {"/": "leads to the messages"},
    "scoring": {"/": "leads to the scores"},
    "intake": {
        "/k/{code}/why": "leads to a kiosk's start",
        "/receipt-keys": "a file",
        "/r/{receipt}/rating": "leads to the receipt, where the form stands",
        "/r/{receipt}/phone/code": "leads to the phone's page, where the form stands",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """Who goes where (nobody has not signed in), and which endpoint that is, if it is one.

    `signs` is who signs in by the form first, and stays where that leads.
    """

    who: str
    address: str
    path: str = ""
    signs: str = ""


def pages(place: Town, service: str) -> Iterator[Endpoint]:
    """Everything that a browser shows."""
    for one in place.services[service].endpoints:
        if one.is_api or one.path.endswith(FILES) or one.path in NO_LOOK.get(service, {}):
            continue
        if one.method == "GET":
            yield one


def visits(place: Town, service: str, found: Objects | None) -> Iterator[Visit]:
    """To every page; where nothing is there yet, to those that are no page of something."""
    for one in pages(place, service):
        if found is None and not one.params and one.path not in BEHIND_THE_DOOR:
            yield Visit(watcher(one), one.path, one.path)
        if found is not None:
            yield from _of(one, found)
    if found and service == "intake":
        yield from (Visit("", address) for address in STRANGE)
    if service == "verification":
        yield from (Visit(who, "/") for who in sorted(ROLES))


def _of(one: Endpoint, found: Objects) -> Iterator[Visit]:
    visit = Visit(watcher(one), "", one.path, BEHIND_THE_DOOR.get(one.path, ""))
    for params in _objects(one, found.params):
        for query in ASKED.get(one.path, ("",)):
            address = Objects(params).address(one) + query.format(**params)
            yield replace(visit, address=address)


def _objects(one: Endpoint, params: dict[str, str]) -> Iterator[dict[str, str]]:
    if one.path.startswith(CASES):
        for name in OF_CASES.get(one.path, OPEN):
            yield params | {"case_id": params[name]}
    elif one.path.startswith(KIOSK):
        yield params | {"code": params["kiosk"]}
    elif "receipt" in one.params:
        for name in OF_RECEIPTS.get(one.path, RECEIPTS):
            yield params | {"receipt": params[name]}
    else:
        yield params


def watcher(one: Endpoint) -> str:
    """Who looks at it; '' where nobody has to sign in."""
    if one.caller.kind != "staff":
        return ""
    return OWNERS.get(one.path) or next(who for who in WATCHERS if ROLES[who] in one.caller.roles)
