"""Whoever has to sign in again comes back to the page that they asked for."""

from typing import Any, cast

import pytest

from services.verification.signin.door import SIGN_IN_PATH
from services.verification.signin.pages import SignInPages
from shared import access
from shared.access import Role
from shared.flows import SERVICES
from tests.wired import wired

URLS = {name: f"https://{name}.example" for name in SERVICES}
PAGES = SignInPages(cast("Any", None), URLS)
# Where nobody comes back to: the way in and out itself.
WAYS = {"/", SIGN_IN_PATH, "/desk/sign-out", "/desk/new-password"}


def asked(service: str) -> list[tuple[str, Role]]:
    """Each staff page of a service, as a browser calls it, and each role that may see it."""
    return [
        (one.path.format_map(dict.fromkeys(one.params, "x")), role)
        for one in wired(service).endpoints
        if one.method == "GET" and one.caller.kind == "staff" and not one.is_api
        and one.path not in WAYS
        for role in one.caller.roles
    ]  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_everybody_comes_back_to_their_page(service: str) -> None:
    """To each page of each service, with what was asked for behind it."""
    home = "" if service == "verification" else URLS[service]
    pages = asked(service)
    assert pages
    lost = [
        (path, role) for path, role in pages
        if PAGES.onward(f"{home}{path}?before=9&last=%E7%AA%97", role)
        != f"{home}{path}?before=9&last=%E7%AA%97"
    ]  # fmt: skip
    assert [] == lost


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_comes_back_to_what_is_not_theirs(service: str) -> None:
    """A role that may open no page of a service lands on its own page instead."""
    if service == "verification":
        return
    theirs = {role for _, role in asked(service)}
    for role in set(access.EVERYBODY) - theirs:
        assert PAGES.landing(role) == PAGES.onward(f"{URLS[service]}/", role)
