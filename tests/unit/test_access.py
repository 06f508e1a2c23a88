"""Roles: each has work, a page to land on, and nothing beyond its reach."""

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import access
from shared.access import Operator, Role
from shared.values import text
from shared.web.endpoints import Endpoint
from tests.wired import endpoints, wired

ROLES: tuple[Role, ...] = get_args(Role)
PLAIN = Operator("li", "李", "unit_operator", "n1")


def operator(role: Role, username: str = "li", badge: str | None = None) -> Operator:
    """Somebody with a role."""
    return Operator(username, "李", role, "root", badge)


def test_everybody_is_everybody() -> None:
    """No role was forgotten, and none stands there twice."""
    assert sorted(ROLES) == sorted(access.EVERYBODY)


# Who works on cases files for citizens: intake's page, which the inbox leads to. Who watches
# exports is led from one service's to the next.
LED_TO_FROM_ELSEWHERE = {"/filings", "/exports", "/console/acts"}
# A table taken away is noted, a calendar is checked: nothing that anybody looks at is changed.
LOOKING_BY_FORM = {
    "/exports",
    "/desk/exports",
    "/scores/entries/exports",
    "/scores/officers/exports",
    "/leadership/cases/exports",
    "/sanctions/exports",
    "/papers/exports",
    "/reconciliations/exports",
    "/api/v1/reconciliations/exports",
    "/api/v1/exports",
    "/api/v1/scores/entries/exports",
    "/api/v1/scores/officers/exports",
    "/api/v1/leadership/cases/exports",
    "/api/v1/sanctions/exports",
    "/api/v1/papers/exports",
    "/desk/directory/holidays",
    "/desk/directory/holidays/file",
}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_lands_where_it_may_be(role: Role) -> None:
    """The page after signing in is of a service or wing whose pages the role may open."""
    assert role in access.PAGES[access.LANDING[role]]


def wing(one: Endpoint) -> str | None:
    """The wing of the desk in which a page lies, if in one."""
    return next(
        (name for name, begins in access.WINGS.items() if one.path.startswith(begins)), None
    )


@pytest.mark.parametrize("part", access.PAGES)
def test_the_switch_shows_what_may_be_opened(part: str) -> None:
    """Who is led to the pages of a service or wing can open its first one, and nobody else can."""
    service = "verification" if part in access.WINGS else part
    pages = [
        one
        for one in wired(service).endpoints
        if one.method == "GET" and one.caller.kind == "staff" and not one.is_api
        and "{" not in one.path and one.caller.roles != access.EVERYBODY
        and wing(one) == (part if part in access.WINGS else None)
    ]  # fmt: skip
    assert pages
    led = frozenset(access.PAGES[part])
    assert led in {frozenset(one.caller.roles) for one in pages}
    others = {one.path for one in pages if not led.issuperset(one.caller.roles)}
    assert others <= LED_TO_FROM_ELSEWHERE


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_an_endpoint_of_its_own_trade(role: Role) -> None:
    """A role that may do nothing but sign in would be a mistake of the tables."""
    trade = [one for _, one in endpoints() if one.caller.roles != access.EVERYBODY]
    assert [one for one in trade if role in one.caller.roles]


def test_who_only_looks_changes_nothing() -> None:
    """They are in no endpoint that changes something but their session; leaders sign sanctions."""
    changing = {
        (one.path, role)
        for _, one in endpoints()
        if one.method != "GET"
        and one.caller.roles != access.EVERYBODY
        and one.path not in LOOKING_BY_FORM
        for role in one.caller.roles
    }
    signing = ("/sanctions/{sanction_id}/signature", "leadership")
    assert {signing} == {
        pair for pair in changing if pair[1] in ("leadership", "auditor", "audit_admin")
    }


def test_who_decides_rewards_works_on_no_case() -> None:
    """Nobody both judges a complaint and pays for it."""
    assert not set(access.REWARD_DECIDERS) & set(access.CASE_WORKERS)


@pytest.mark.parametrize(
    ("reviewer", "author", "may"),
    [
        ("unit_operator", "unit_operator", False),
        ("county_supervisor", "unit_operator", True),
        ("county_supervisor", "county_supervisor", False),
        ("county_supervisor", "city_supervisor", False),
        ("city_supervisor", "unit_operator", True),
        ("city_supervisor", "county_supervisor", True),
        ("city_supervisor", "city_supervisor", True),
        ("inspection", "inspection", True),
        ("auditor", "unit_operator", False),
        ("system_admin", "unit_operator", False),
        ("security_admin", "unit_operator", False),
        ("reward_approver", "unit_operator", False),
        ("leadership", "unit_operator", False),
    ],
)
def test_a_review_comes_from_above(reviewer: Role, author: Role, may: bool) -> None:
    """From the level above; at the top from another person of it."""
    assert may == access.may_review(operator(reviewer, "other"), "li", author)


def test_nobody_reviews_their_own_verdict() -> None:
    """Whatever the roles, also when somebody was promoted in between."""
    pairs = product(ROLES, ROLES)
    assert not any(access.may_review(operator(own), "li", author) for own, author in pairs)


@given(st.text("AaBb19-._ ", min_size=1, max_size=12))
def test_the_row_settings_name_everything_by_which_a_case_is_kept_away(badge: str) -> None:
    """The badge as the directory has it and as citizens are compared, the name and the place."""
    told = access.row_settings(operator("unit_operator", badge=badge))
    assert "root" == told["mashang.scope"]
    expected = {badge, text.badge(badge), "@li", "#root", access.OUTSIDERS}
    assert expected == set(told["mashang.badge"].split("\x1f"))


def test_a_unit_operator_without_a_badge_may_be_anybody() -> None:
    """So what names an officer is kept from them, and from no supervisor without a badge."""
    told = access.row_settings(PLAIN)
    assert {"mashang.scope": "n1", "mashang.badge": "@li\x1f#n1\x1f?\x1f!"} == told
    assert access.NAMELESS not in access.identities(operator("county_supervisor"))


def test_integrity_is_kept_from_all_but_two_roles() -> None:
    """The inspection and the auditors; and the inspection sees nothing else."""
    seeing = {role for role in ROLES if access.OUTSIDERS not in access.identities(operator(role))}
    assert {"inspection", "auditor"} == seeing
    only = {role for role in ROLES if access.INSPECTION in access.identities(operator(role))}
    assert {"inspection"} == only


def test_the_three_administrators_are_apart() -> None:
    """None does another's work, none reads a case, and who watches changes nothing."""
    trades = [
        {(service, one.method, one.path) for service, one in endpoints() if role in one.caller.roles
         and one.caller.roles != access.EVERYBODY and one.method != "GET"}
        for role in ("system_admin", "security_admin", "audit_admin")
    ]  # fmt: skip
    assert set() == set.intersection(*trades)
    assert set() == trades[2]
    admins = {"system_admin", "security_admin", "audit_admin"}
    assert admins.isdisjoint((*access.CASE_READERS, *access.REWARD_READERS, *access.SCORE_READERS))


def test_the_service_itself_is_nobody() -> None:
    """`*` sees every place, and nothing is kept from it."""
    assert {"mashang.scope": "*", "mashang.badge": ""} == access.EVERYTHING


def test_what_scoring_and_notifications_show_nobody_decides_there() -> None:
    """No officer approves a point or a strike of their own; reading a document decides nothing."""
    acts = {
        (service, one.path)
        for service, one in endpoints()
        if service in ("scoring", "notifications")
        and one.caller.roles
        and one.method != "GET"
        and one.path not in LOOKING_BY_FORM
    }
    # The console's acts are the system administrator's, and about events, not about anybody.
    assert {"release", "resend", "stops", "signature", "reading", "acts", "level"} >= {
        path.rpartition("/")[2] for _, path in acts
    }
