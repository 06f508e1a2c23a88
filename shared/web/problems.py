"""From what went wrong to the answer: RFC 9457 problem details in the caller's language."""

import errno

import orjson
from aiohttp import hdrs, web
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared import faults
from shared.errors import (
    Defect,
    Malformed,
    NotAllowed,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unavailable,
    Wrong,
)
from shared.web.texts import Texts

MEDIA_TYPE = "application/problem+json"
UNFIT = "wrong.unfit"


def wrongs(error: ValidationError, texts: Texts) -> tuple[Wrong, ...]:
    """What pydantic found, by key. Nothing of the input is quoted back."""
    return tuple(
        Wrong(".".join(map(str, e["loc"])) or "body", _key(_kind(e), texts), **_values(e))
        for e in error.errors(include_url=False)
    )


def _kind(error: ErrorDetails) -> str:
    # What our own validator has tidied up is for pydantic something of a length, not a text.
    of_text = error["type"] in ("too_long", "too_short") and isinstance(error["input"], str)
    return f"string_{error['type']}" if of_text else error["type"]


def _values(error: ErrorDetails) -> dict[str, object]:
    # Pydantic writes the choices of a Literal as English words: 'a', 'b' or 'c'.
    values = dict(error.get("ctx", {}))
    if "expected" in values:
        values["expected"] = str(values["expected"]).replace(" or ", ", ").replace("'", "")
    return values


def _key(kind: str, texts: Texts) -> str:
    key = kind if kind.startswith("wrong.") else f"wrong.{kind}"
    return key if key in texts else UNFIT


def refusal(error: BaseException) -> Refused:
    """The refusal that an exception amounts to; a Defect for what nobody foresaw."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, faults.NO_TEXT):
        return Malformed("refused.no_text")
    if faults.is_passing(error) and not isinstance(error, web.HTTPException):
        return Unavailable()
    if isinstance(error, web.HTTPMethodNotAllowed):
        return NotAllowed(error.headers.get(hdrs.ALLOW, ""))
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge()
    # Files are looked for by address below /static/ only.
    too_long = isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG
    if isinstance(error, web.HTTPNotFound) or too_long:
        return NotFound()
    if isinstance(error, web.HTTPException) and error.status < 500:
        return Malformed()
    return Defect()


def document(refused: Refused, texts: Texts) -> dict[str, object]:
    """The body of an `application/problem+json` answer."""
    body: dict[str, object] = {
        "type": f"urn:mashang:problem:{refused.slug}",
        "title": texts.text(f"problem.{refused.slug}.title"),
        "status": int(refused.status),
        "detail": texts.refused(refused),
        "key": refused.key,
    }
    if refused.wrong:
        body["errors"] = [
            {"field": w.field, "key": w.key, "detail": texts.wrong(w)} for w in refused.wrong
        ]
    return body


def response(refused: Refused, texts: Texts) -> web.Response:
    """The whole answer, with the headers that belong to its kind."""
    answer = web.Response(
        body=orjson.dumps(document(refused, texts)),
        status=int(refused.status),
        content_type=MEDIA_TYPE,
        charset="utf-8",
    )
    answer.headers["Content-Language"] = texts.tag
    answer.headers.update(headers(refused))
    return answer


def headers(refused: Refused) -> dict[str, str]:
    """Allow for 405, Retry-After where trying again helps."""
    if isinstance(refused, NotAllowed):
        return {hdrs.ALLOW: refused.allow}
    if isinstance(refused, TooMany):
        return {hdrs.RETRY_AFTER: str(max(1, round(refused.after.total_seconds())))}
    return {hdrs.RETRY_AFTER: "5"} if isinstance(refused, Unavailable) else {}
