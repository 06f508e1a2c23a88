"""Links as they come out of chats: each leads to its page, none is called not one of ours."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from yarl import URL

from shared.db import Database
from tests.integration.intake_site import Site, code, site

SERVICE = "intake"
KEY = "pasted-0123456789abcdef"
HTML = {"Accept": "text/html"}


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake with its unit."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def seen(intake: Site, raw: str) -> tuple[int, str]:
    """The status and page at the end of all redirects of an address exactly as it was asked for."""
    base = f"http://{intake.client.host}:{intake.client.port}"
    answer = await intake.client.session.get(URL(base + raw, encoded=True), headers=HTML)
    return answer.status, await answer.text()


GLUE = (
    "", "/", "//", "%E3%80%82", "%20", "%0A", "&from=timeline", "%3Fa=b", "#x",
    "?from=x&isappinstalled=0", "%25E3%2580%2582", "/%E8%B0%A2%E8%B0%A2", "%EF%BC%8Cthanks",
    "%20please%20open",
)  # fmt: skip


@pytest.mark.parametrize("glue", GLUE)
async def test_a_window_with_glue(intake: Site, glue: str) -> None:
    """What stands behind the code is not part of it, and the tabs' links are clean."""
    status, page = await seen(intake, f"/w/{code()}{glue}")
    assert 200 == status
    assert f'href="/w/{code()}/complaint"' in page


@pytest.mark.parametrize(
    "path",
    ["//w/{}", "/w//{}", "/W/{}", "/%EF%BD%97/{}", "/w%2F{}", "/./w/{}", "/W/{}/", "//W//{}//"],
)
async def test_a_window_behind_a_changed_path(intake: Site, path: str) -> None:
    """Slashes too many, capitals and width in the address itself."""
    assert 200 == (await seen(intake, path.format(code())))[0]
    assert 200 == (await seen(intake, path.format(f"{code()}/complaint")))[0]


@pytest.mark.parametrize("glue", [*GLUE, "%EF%BC%81"])
async def test_a_receipt_with_glue(intake: Site, glue: str) -> None:
    """The citizen's own page, from a message that somebody else typed around it."""
    answer = await (await intake.submit(KEY)).json()
    receipt = answer["receipt"]["code"]
    for typed in (receipt, receipt.lower(), receipt.replace("-", "%20"), quote(quote(receipt))):
        status, page = await seen(intake, f"/r/{typed}{glue}")
        assert (200, True) == (status, receipt in page)
        api = await intake.client.get(URL(f"/api/v1/receipts/{typed}{glue}", encoded=True))
        assert api.status == 200 or "/" in glue


@pytest.mark.parametrize("raw", ["//evil.example/w/x", "//evil.example/", "/%2F%2Fevil.example"])
async def test_no_redirect_leaves_our_host(intake: Site, raw: str) -> None:
    """An address with two slashes at its beginning is never a place to send anybody to."""
    base = f"http://{intake.client.host}:{intake.client.port}"
    answer = await intake.client.session.get(
        URL(base + raw, encoded=True), headers=HTML, allow_redirects=False
    )
    assert 404 == answer.status
    assert "//evil" not in await answer.text()
