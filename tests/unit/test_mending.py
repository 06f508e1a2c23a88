"""Links as chats change them lead to the page that was meant, on our own host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import NotFound
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.mending import mended


async def nothing(_: Call[None, None]) -> None:
    """No answer."""
    raise NotFound()


def at(path: str, **params: type) -> Endpoint:
    """An endpoint of that path."""
    return Endpoint("GET", path, nothing, "x", PUBLIC, params=params)  # type: ignore[arg-type]


TABLE = [
    at("/"), at("/open"), at("/w/{code}", code=str), at("/w/{code}/complaint", code=str),
    at("/r/{receipt}", receipt=str), at("/api/v1/receipts/{receipt}", receipt=str),
    at("/desk/cases/{case_id}", case_id=str), at("/desk"),
]  # fmt: skip
CODE = "411700002-03-1X7GQ2M4KD9TB"


@pytest.mark.parametrize(
    ("path", "right"),
    [
        (f"//w/{CODE}", f"/w/{CODE}"), (f"/w//{CODE}", f"/w/{CODE}"), (f"/W/{CODE}", f"/w/{CODE}"),
        (f"/ｗ／{CODE}", f"/w/{CODE}"), (f"\\w\\{CODE}", f"/w/{CODE}"),
        (f"/w/{CODE}//", f"/w/{CODE}"),
        (f"/ w/{CODE}", f"/w/{CODE}"), (f"/w/{CODE}/。", f"/w/{CODE}"),
        (f"/w/{CODE}/谢谢", f"/w/{CODE}"),
        (f"/w/{CODE}/complaint。", f"/w/{CODE}/complaint"),
        (f"/W/{CODE}/Complaint&from=timeline", f"/w/{CODE}/complaint"),
        (f"/%77/{CODE}", f"/w/{CODE}"), (f"/w%2F{CODE}", f"/w/{CODE}"),
        ("/R/7H2K-90MA-XT4C-W3PD，请看", "/r/7H2K-90MA-XT4C-W3PD%EF%BC%8C%E8%AF%B7%E7%9C%8B"),
        ("/OPEN。", "/open"), ("/Desk/Cases/x", "/desk/cases/x"), ("/desk//", "/desk"),
        ("//evil.example/w/x", None), ("//evil.example", None), ("/", None), ("", None),
        ("/w", None), ("/desk/cases", None), ("/desk/cases/x/y", None), ("/opened", None),
        ("/w/../x", "/w/x"),
    ],
)  # fmt: skip
def test_the_page_that_was_meant(path: str, right: str | None) -> None:
    """Slashes, capitals, width and glue lead to it; what is not ours stays unknown."""
    assert right == mended(TABLE, path)


@given(st.text(max_size=60) | st.text("/\\wWrR.:@%2fｗ／ \n", max_size=30))
def test_no_path_leads_to_another_host(path: str) -> None:
    """Whatever is asked for: an address of ours in plain ASCII, or none; and it stays as it is."""
    found = mended(TABLE, path)
    if found is not None:
        assert found.startswith(("/w/", "/r/", "/open", "/api/", "/desk"))
        assert found.isascii()
        assert found.isprintable()
        assert found == mended(TABLE, found)
