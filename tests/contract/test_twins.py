"""What staff do by a form a program does by JSON, or it is said why no program would."""

import pytest

from shared.web.endpoints import Endpoint
from tests.town import SERVICES
from tests.wired import wired

Table = dict[str, Endpoint]
# Where the twin is not at the form's own address under /api/v1.
ELSEWHERE = {
    "verification": {
        "/desk/held": "/api/v1/holds/decisions",
        "/desk/cases/{case_id}/review": "/api/v1/cases/{case_id}/corrections",
        "/desk/directory/units/{unit_code}/duties": "/api/v1/units/{unit_code}/duties",
        "/desk/directory/units/{unit_code}/duties/removal":
            "/api/v1/units/{unit_code}/duties/removal",
        "/desk/directory/units/{unit_code}/duties/again":
            "/api/v1/units/{unit_code}/duties/again",
    },
}  # fmt: skip
COMMAND = "`mashang directory import` takes the same as a file from a program"
OWN = "what one's own browser shows, and nobody else's business"
SAFE = "only the person at the screen may, and proves it by a password typed just now"
AGAIN = "a page that shows again what was typed; it does nothing else"
ALONE = {
    "verification": {
        "/desk/sign-out": "a program ends its session by DELETE",
        "/desk/account/password": SAFE,
        "/desk/account/sessions": SAFE,
        "/desk/account/factor": SAFE,
        "/desk/account/codes": SAFE,
        "/desk/accounts/{username}/factor": SAFE,
        "/desk/accounts/{username}/sessions": SAFE,
        "/desk/directory/operators/{username}/password": SAFE,
        "/desk/confirm": SAFE,
        "/desk/keys": OWN,
        "/desk/views": OWN,
        "/desk/views/removal": OWN,
        "/desk/cases/{case_id}": AGAIN,
        "/desk/cases/{case_id}/draft": "what somebody types just now; a program sends it whole",
        "/desk/cases/{case_id}/conflict": "a program is told 409, and sends what it then wants",
        "/desk/commendations/{commendation_id}": "whoever read the words says whom they mean",
        "/desk/directory/units/{unit_code}/windows": COMMAND,
        "/desk/directory/holidays": "a calendar is looked at; it is the policy's own file",
        "/desk/directory/holidays/file": "the same, to take away",
        "/desk/directory/import": COMMAND,
        "/desk/directory/import/{preview_id}": COMMAND,
        "/desk/directory/places/{place_code}": COMMAND,
        "/desk/directory/units/{unit_code}": COMMAND,
        "/desk/directory/officers/{badge}": COMMAND,
        "/desk/directory/operators/{username}": COMMAND,
        "/desk/directory/new/place": COMMAND,
        "/desk/directory/new/unit": COMMAND,
        "/desk/directory/new/officer": COMMAND,
        "/desk/directory/new/operator": COMMAND,
        "/desk/directory/changes/{change_id}": "whoever sees that it was a mistake takes it back",
    },
    "rewards": {
        "/rewards/{reward_id}": AGAIN,
        "/mismatches": AGAIN,
        "/reconciliations/statements": "`mashang reconcile` takes the same file from a program",
    },
    "scoring": {
        "/sanctions/{sanction_id}/signature": "signed by a named human, and never by a program",
    },
    "intake": {
        "/filings": "a hot line's program hands in by Open311, or as the page behind a code does",
        "/invitations/look": AGAIN,
        "/invitations": "a list is looked at by somebody before anybody on it is written to",
    },
}  # fmt: skip

# Of every service.
CONSOLE = {
    "/console/acts": "`mashang events replay` and `discard` do the same for a program",
    "/console/level": "`mashang events level` does the same for a program",
}


def forms(service: str) -> Table:
    """What staff send by a form."""
    return {
        one.path: one
        for one in wired(service).endpoints
        if one.method == "POST" and one.caller.kind == "staff" and not one.is_api
    }


def acts(service: str) -> Table:
    """What programs send."""
    return {one.path: one for one in wired(service).endpoints if one.is_api and one.method != "GET"}


def twin(service: str, path: str) -> str:
    """Where its twin ought to be."""
    return ELSEWHERE.get(service, {}).get(path) or f"/api/v1{path.removeprefix('/desk')}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_form_has_its_twin_or_a_reason(service: str) -> None:
    """A new form without either fails here; so does a reason for what has a twin by now."""
    there, alone = acts(service), ALONE.get(service, {}) | CONSOLE
    without = {path for path in forms(service) if twin(service, path) not in there}
    assert set(alone) == without
    assert set(ELSEWHERE.get(service, {})) <= set(forms(service))


@pytest.mark.parametrize("service", SERVICES)
def test_twins_are_open_to_the_same_roles(service: str) -> None:
    """What somebody may do by a form they may do by a program, and nobody else."""
    there = acts(service)
    differing = [
        path
        for path, form in forms(service).items()
        if (other := there.get(twin(service, path))) and other.caller != form.caller
    ]
    assert [] == differing
