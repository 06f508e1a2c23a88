"""Where a request stands: as text for a link that stays on this host, and by its route."""

import re
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web

# Printable ASCII, and not `//host`, which a browser takes for another host (`\\` for `/`, too).
_PLAIN = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_KEPT = "/%:@!$&'()*+,;=~-._"


def turned(request: web.Request, choice: str, name: str = "lang") -> str:
    """What was asked for, in another language or with another choice of this name.

    Nothing where a form was sent, which no link can.
    """
    if request.method not in ("GET", "HEAD"):
        return ""
    kept = [(other, value) for other, value in request.query.items() if other != name]
    return f"{here(request)}?{urlencode([*kept, (name, choice)])}"


def here(request: web.Request, *, asked: bool = False) -> str:
    """The path as it came, with its query if `asked`; whatever came, it begins with one slash."""
    path, query = request.rel_url.raw_path, request.rel_url.raw_query_string if asked else ""
    if not _PLAIN.fullmatch(path):
        path = "/" + quote(path.lstrip("/\\"), safe=_KEPT, errors="surrogateescape")
    mark = "?" if query else ""
    return path + mark + quote(query, safe=_KEPT + "?", errors="surrogateescape")


def named(request: web.Request) -> tuple[str, str]:
    """Its method and its route, as neither a receipt nor a stranger's word stands in them."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else "unknown"
    return request.method if request.method in hdrs.METH_ALL else "other", path
