"""The files beside the pages, each under an address that names its content, so that it may be kept
for good: a changed file is another address.
"""

import gzip
from functools import cache
from hashlib import sha256
from pathlib import Path

from aiohttp import hdrs, web

from shared.errors import NotFound

STATIC = Path(__file__).parent / "static"
PATH = "/static/{name}"
AT = "/static/"
KEPT = "public, max-age=31536000, immutable"
# Of an address that names no content, or that of another release.
BRIEF = "public, max-age=3600"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def version(name: str) -> str:
    """What tells one content of a file from another."""
    return sha256(content(name)).hexdigest()[:10]


@cache
def content(name: str) -> bytes:
    """A file, read once."""
    return (STATIC / name).read_bytes()


def address(name: str) -> str:
    """Where a page finds a file of ours."""
    return f"{AT}{name}?v={version(name)}"


def kept(path: str, query: str) -> str:
    """How long whoever asked may keep a file: what they asked for is this very content or not."""
    name = path.removeprefix(AT)
    return KEPT if name in _names() and query == f"v={version(name)}" else BRIEF


async def serve(request: web.Request) -> web.Response:
    """A file of ours, packed for a slow network where the browser can unpack it."""
    name = request.match_info["name"]
    if name not in _names():
        raise NotFound()
    packs = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    headers = {hdrs.VARY: hdrs.ACCEPT_ENCODING} | ({hdrs.CONTENT_ENCODING: "gzip"} if packs else {})
    return web.Response(
        body=_packed(name) if packs else content(name),
        content_type=_KINDS.get(Path(name).suffix, "application/octet-stream"),
        charset="utf-8",
        headers=headers,
    )


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(content(name), mtime=0)


@cache
def _names() -> frozenset[str]:
    return frozenset(file.name for file in STATIC.iterdir())
