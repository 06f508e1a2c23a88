"""The files by which WeChat and Alipay see that the domain is ours."""

from collections.abc import Mapping
from functools import partial

from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Text


def endpoints(files: Mapping[str, str]) -> list[Endpoint]:
    """Each at the root and beside the windows' pages: they ask where the scanned code leads."""
    return [
        Endpoint("GET", f"{folder}{name}", partial(_show, content), f"Whose domain it is: {name}",
                 PUBLIC)
        for name, content in files.items()
        for folder in ("/", "/w/")
    ]  # fmt: skip


async def _show(content: str, _: Call[None, None]) -> Text:
    return Text(content)
