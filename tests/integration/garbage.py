"""Garbage of every kind for an endpoint, and a client that sends it byte for byte."""

import asyncio
import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from shared.web import forms, uploads
from shared.web.endpoints import Endpoint
from tests import hostile

JSON = "application/json"
FILES = f"{uploads.MEDIA_TYPE}; boundary=b"
NOISE = random.Random(20260101).randbytes(300)
DEEP = b'{"a":' * 5000
Headers = Mapping[str, bytes | str]

VERDICT: Mapping[str, Any] = {
    "verdict": "substantiated", "attribution": "unit", "officers": [], "categories": ["other"],
    "finding": "x", "answer": "x", "incident": None, "revision": 1, "counters": [1],
}  # fmt: skip
# The citizens' form, which has no model before it is a draft.
FORM: Mapping[str, Any] = {
    "kind": "complaint", "satisfaction": "1", "categories": ["other"], "words": "x", "phone": "",
    "officer_badge": "", "urgent": "1", "key": "k" * 20, "step": "details",
}  # fmt: skip
# What a body of each model looks like when it is right.
RIGHT: Mapping[str, Mapping[str, Any]] = {
    "Draft": {
        "code": "CODE", "kind": "complaint", "satisfaction": 1, "categories": ["other"],
        "words": "x", "occurred_at": "2026-01-01T09:00:00+08:00", "matter": "x", "counter": 1,
        "officer_badge": "A-1", "officer_typed": "x", "urgent": False, "phone": "13977770100",
        "call_time": "any", "call_language": None, "consent": True, "attachments": [],
        "channel": "page", "language": "zh",
    },
    "Sent": {
        "service_code": "other", "api_key": "app.0", "jurisdiction_id": "", "address_id": "n1",
        "address_string": "x", "lat": "33.0", "long": "114.0", "description": "x",
        "phone": "13977770100", "email": "a@example.org", "first_name": "x", "last_name": "x",
        "device_id": "x", "account_id": "x", "media_url": "https://example.org/a.jpg",
    },
    "SignInBody": {"username": "nobody", "password": "x"},
    "ProgramBody": {"username": "nobody", "password": "x", "code": "123456"},
    "PasswordBody": {"old": "nobody has this", "new": "nobody has that"},
    "NewPasswordBody": {"new": "nobody has that"},
    "ExportBody": {"format": "csv", "asked": "due=late"},
    "KeysBody": {"single": True},
    "PlaceBody": {"place": "0123456789abcdef"},
    "ConfirmBody": {"password": "nobody has this"},
    "PreviewBody": {"mark": "0" * 64},
    "ActBody": {
        "act": "replay", "state": "parked", "type": "x.v1", "error": "x", "hours": 1,
        "event_id": "01930000-0000-7000-8000-000000000002", "until": "2026-11-27T00:00:00Z",
        "reason": "x",
    },
    "LevelBody": {"level": "debug", "minutes": 1, "reason": "x"},
    "CallbackBody": {"outcome": "reached", "note": "x"},
    "VerdictBody": VERDICT,
    "VerdictForm": VERDICT,
    "CorrectionBody": {**VERDICT, "note": "x"},
    "CorrectionForm": {**VERDICT, "note": "x"},
    "ReviewBody": {"decision": "return", "note": "x", "revision": 1},
    "RecusalBody": {"decision": "release", "officer": "A-1", "reason": "x"},
    "RevealBody": {"reason": "x"},
    "QuestionsBody": {"solved": True, "satisfied": False},
    "ConflictBody": {"choice": "take"},
    "EvidenceBody": {"about": "x"},
    "TemplateBody": {
        "template_id": None, "version": 0, "title": "x", "category": "other", "body": "x",
        "retired": False,
    },
    "ViewBody": {"title": "x", "asked": "due=late"},
    "ViewRemovalBody": {"title": "x"},
    "ResendBody": {"reason": "x", "confirmed": False},
    "StopBody": {"phone": "13800000088", "stopped": True, "reason": "x"},
    "LeadBody": {"who": "north1", "word": "x"},
    "BulkLeadBody": {
        "ids": ["01930000-0000-7000-8000-000000000001"], "who": "north1", "word": "x", "unit": "n1",
    },
    "BulkAnswerBody": {
        "ids": ["01930000-0000-7000-8000-000000000001.0"], "verdict": "helped", "finding": "x",
        "answer": "x", "unit": "n1",
    },
    "BulkMergeBody": {
        "ids": ["01930000-0000-7000-8000-000000000001"],
        "into": "01930000-0000-7000-8000-000000000001", "reason": "x",
    },
    "HelperBody": {"decision": "join", "who": "north1", "word": "x"},
    "ExtensionBody": {"days": 1, "reason": "x"},
    "DisputeBody": {"reason": "x"},
    "AppealBody": {"officer": "A-1", "reason": "x"},
    "OwnAppealBody": {"case_id": "01930000-0000-7000-8000-000000000001", "reason": "x"},
    "WordBody": {"word": "x"},
    "AnswerBody": {"note": "x"},
    "DutyPhoneBody": {"phone": "13912345678", "nobody": False},
    "IncidentBody": {"decision": "split", "incident": "26-1", "reason": "x"},
    "UnlikeBody": {"incident": "26-1", "word": "x"},
    "DecisionBody": {
        "request_id": "01930000-0000-7000-8000-000000000001", "decision": "refuse", "word": "x",
        "instead": None, "answer": "x",
    },
    "AttributionBody": {"badge": "A-1"},
    "DutiesBody": {
        "counter": 1, "badge": "A-1", "days": ["2026-03-03"], "begins": "08:00", "ends": "12:00",
    },
    "RemovalBody": {"ids": [1]},
    "CarryBody": {"week": "2026-03-02"},
    "WindowBody": {"counter": 1, "version": 0, "name": "x", "matters": "x", "closed": False},
    "AcknowledgementSaid": {"plan": "下午去看监控"},
    "AcknowledgementBody": {"plan": "下午去看监控"},
    "SignatureBody": {"decision": "decline", "reason": "x"},
    "HoldBody": {
        "ids": ["01930000-0000-7000-8000-000000000001"], "everything": False, "unit": "n1",
        "held": "burst", "outcome": "released", "reason": "x",
    },
    "Addition": {
        "categories": ["other"], "words": "x", "officer_badge": "A-1", "officer_typed": "x",
        "attachments": [],
    },
    "RatingBody": {"solved": True, "satisfied": False},
    "FollowupBody": {"words": "x"},
    "PressureBody": {"words": "x"},
    "WithdrawalBody": {"withdrawn": True},
    "NoMoreBody": {"no_more": True},
    "Wish": {"kind": "copy", "known": "13977770100", "words": "x"},
    "PhoneBody": {"phone": "13977770100"},
    "CodeBody": {"code": "123456"},
    "Approval": {"decision": "refuse", "note": "x"},
    "Note": {"note": "x"},
    "TopUp": {"vendor": "nobody", "yuan": "20.00", "day": "2026-03-03", "note": "汇款"},
    "StatementBody": {"vendor": "nobody", "day": "2026-03-03"},
    "CloseBody": {"month": "2026-03-01"},
}  # fmt: skip
TEXTS = (
    "", " ", "\0", "a\0b", "\u202eabc\u202c", "\u2066\u200b\ufeff", "\ufffd", "\U000e0001",
    "𝟙𝟚𝟛", "a\r\nSet-Cookie: x=y", "'; DROP TABLE outbox; --", "{0.__class__}", "{{ 7*7 }}", "%s%n",
    "<script>", "../../etc/passwd", "x" * 5000, "e\u0301" * 300, "-1", "9" * 400, "1e400", "NaN",
    "null", "0x10", "٣", "2026-02-30", "00000000-0000-0000-0000-00000000000g", "\x1b[31m", "\x7f",
)  # fmt: skip
# There are some hundred endpoints, so each needs only a part of it.
SHARES = 8
# As they stand in JSON, since some cannot be said in Python.
VALUES = (
    "null", "true", "0", "-1", "1.5", "9" * 5000, "1e999", "-0.0", "NaN", "[]", "{}", "[[]]",
    '["\\u0000"]', '[null]', '{"a": {"b": []}}', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"',
    "[" + '"x",' * 999 + '"x"]', "18446744073709551616", '"2026-02-30"',
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What is sent: how it is called in a failure, and what differs from a plain request."""

    name: str
    body: bytes = b""
    kind: str = JSON
    headers: Headers = field(default_factory=dict)
    query: str = ""
    method: str = ""
    address: str = ""


def unreadable(one: Endpoint) -> Iterator[Request]:
    """Bodies that cannot be what the endpoint takes, each refused before anything is done."""
    kind, right = _kind(one), encoded(one, right_body(one) or {"a": "b"})
    for name, body in {
        "noise": NOISE, "deep": DEEP, "half": b'{"a": "x', "invalid UTF-8": b"a=\xff\xfe%ff",
        "byte order": b"\xff\xfe{\0}\0", "NaN": b"NaN", "a number": b"9" * 5000,
        "lone surrogate": b'"\\ud800"', "two": b"{}{}", "too long": b"x" * (one.limit + 1),
        "NUL": b"\0" * 64, "text": b'"x"',
    }.items():  # fmt: skip
        yield Request(name, body, kind)
    if one.raw:
        return
    if one.uploads:
        for name, body in HALF_FILES.items():
            yield Request(name, body, FILES)
    for wrong in ("", ";;;", "text/plain", "multipart/form-data; boundary=x", "image/png", "é"):
        yield Request(f"as {wrong!r}", right, wrong)
    for charset in ("martian", "utf-16", "gbk", "utf-7"):
        yield Request(f"in {charset}", right, f"{kind}; charset={charset}")
    for encoding in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "x"):
        for body in (b"junk", gzip.compress(right)[:20], gzip.compress(right)):
            yield Request(encoding, body, kind, {"Content-Encoding": encoding})


# Forms with files that end too early, or are none.
HALF_FILES: Mapping[str, bytes] = {
    "no end": b'--b\r\nContent-Disposition: form-data; name="photos"; filename="x"\r\n\r\nx',
    "cut in the head": b"--b\r\nContent-Disposition: form-da",
    "a part without a name": b"--b\r\nContent-Type: image/jpeg\r\n\r\nx\r\n--b--\r\n",
}


def right_body(one: Endpoint) -> Mapping[str, Any]:
    """What an endpoint takes; nothing, where it is only called."""
    if one.body:
        return RIGHT[one.body.__name__]
    return FORM if one.form and not {"code", "receipt"}.isdisjoint(one.params) else {}


def share(values: Sequence[str], turn: int) -> Sequence[str]:
    """Some of them, always others, and the worst; the endpoints together get all."""
    return [values[2], *values[turn % SHARES :: SHARES]]


def encoded(one: Endpoint, values: Mapping[str, Any]) -> bytes:
    """Values as the endpoint takes them."""
    if one.uploads and not one.form:
        return with_file(values)
    if one.form:
        return urlencode({k: v for k, v in values.items() if v is not None}, doseq=True).encode()
    return json.dumps(values).encode()


def in_fields(one: Endpoint) -> Iterator[Request]:
    """A right body but for one field, whose value is garbage, is missing, or is one too many."""
    right = right_body(one)
    for turn, name in enumerate(right, len(one.path)):
        rest = {key: value for key, value in right.items() if key != name}
        yield Request(f"no {name}", encoded(one, rest), _kind(one))
        for text in share(TEXTS, turn):
            yield Request(f"{name}={text[:20]!r}", encoded(one, rest | {name: text}), _kind(one))
        for value in () if one.form else share(VALUES, turn):
            body = json.dumps(rest | {name: "?"}).replace('"?"', value)
            yield Request(f"{name}={value[:20]}", body.encode())
    yield Request("one too many", encoded(one, {**right, "nobody_knows": "me"}), _kind(one))


def with_file(values: Mapping[str, Any], file: bytes = hostile.J) -> bytes:
    """A form with a photo, as FILES says."""
    head = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    several = [(k, v if isinstance(v, list) else [v]) for k, v in values.items() if v is not None]
    said = [
        head % (name.encode(), b"", str(v).encode()) for name, values in several for v in values
    ]
    return b"".join([*said, head % (b"photos", b'; filename="x.jpg"', file), b"--b--\r\n"])


def _kind(one: Endpoint) -> str:
    return forms.MEDIA_TYPE if one.form else FILES if one.uploads else JSON


def in_queries(one: Endpoint) -> Iterator[Request]:
    """Every query parameter that the endpoint knows, and some that it does not."""
    raw = ("%ff", "%ED%A0%80", "%", "%zz", "a&" * 50)
    for turn, name in enumerate(one.query.model_fields if one.query else (), len(one.path)):
        for text in share(TEXTS, turn):
            yield Request(f"?{name}={text[:20]!r}", query=urlencode({name: text}))
        for word in raw:
            yield Request(f"?{name}={word}", query=f"{name}={word}&{name}={word}")
    for name in ("lang", "next", "nobody"):
        yield Request(f"?{name}", query=f"{name}={raw[len(one.path) % 5]}&{name}=%00%0d%0aX:y")
    for query in ("?", "&&&", "=", "=x", "%00", "a;b", "[]=1", "+" * 100)[len(one.path) % 4 :: 4]:
        yield Request(f"?{query}", query=query)


def in_paths(one: Endpoint, params: Mapping[str, str]) -> Iterator[Request]:
    """The address with garbage for each of its parts."""
    words = [*(quote(text, safe="") for text in TEXTS if text and len(text) < 1000), "x" * 4000]
    words = [*share(words, len(one.path)), "%00"]
    words += ["%ff", "%ED%A0%80", "..", "%2e%2e", "..%2f..", "%0d%0a", "%", "%zz", "{code}", "*"]
    # A number that no column holds, and one that the narrower do not.
    far = [str(2**31), str(2**63), "9" * 30, "0", "-1"]
    for name, kind in one.params.items():
        for word in words + (far if kind is int else []):
            address = one.path.format(**{**params, name: word})
            yield Request(f"{name}={word[:30]}", address=address)
    yield Request("a slash too many", address=one.path.format(**params) + "/")
    yield Request("two slashes", address="/" + one.path.format(**params))


ODD_HEADERS: Mapping[str, tuple[bytes | str, ...]] = {
    "Authorization": (b"Bearer \xe4\xb8\xad", b"\xff", "Bearer", "Bearer " + "x" * 5000, "Basic x"),
    "Cookie": (
        b"\xff\xfe", "=", ";;;;", "mashang", "mashang=", "mashang_lang=xx; mashang=\x7f",
        'mashang="unclosed', "mashang=" + "x" * 4000, "__Host-mashang=é", "$Version=1; a=b",
    ),
    "Accept-Language": (
        b"\xff", "*", ",,,;;;", "zh;q=", "en;q=NaN, zh;q=inf", "en;q=-1", "x" * 4000, "en;q=1e999",
    ),
    "Accept": (b"\xff", "text/html;q=banana", "*/*, text/html" * 200, ""),
    "Origin": (b"\xff", "http://[", "http://[::1", "null", "//", "http://a:b@c:d", "javascript:x"),
    "Host": ("", "[", "a b", "x" * 3000, "evil.example:99999999"),
    "Idempotency-Key": (b"\xff" * 20, "", "x" * 4000, "short", "with some spaces in it"),
    "traceparent": (b"\xff", "00-" + "f" * 99, "x" * 4000),
    "Content-Type": (b"\xff", "application/json; charset", 'application/json; charset="', "/"),
    "Sec-Fetch-Site": (b"\xff", "same-origin, cross-site"),
    "Range": ("bytes=9-1", "x"), "If-Modified-Since": ("yesterday",), "If-None-Match": ("x" * 99,),
    "Expect": ("200-maybe",), "X-Forwarded-For": ("' OR 1=1",), "Content-Length": ("0",),
}  # fmt: skip


def in_headers(one: Endpoint) -> Iterator[Request]:
    """One header that no browser would send."""
    odd = [(name, value) for name, values in ODD_HEADERS.items() for value in values]
    for name, value in odd[len(one.path + one.method) % SHARES :: SHARES]:
        yield Request(f"{name}: {value[:30]!r}", headers={name: value})


def in_methods(one: Endpoint) -> Iterator[Request]:
    """Methods that are not the endpoint's own, and some that are none."""
    for method in ("HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "X"):
        yield Request(f"by {method}", b"{}", method=method)


# What is no HTTP at all, to be answered in one line or not at all.
NO_HTTP = (
    b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n folded: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nCookie: secret=\x01\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def send(base: str, address: str, request: Request, usual: Headers) -> Told | None:
    """The answer, or None if the connection was closed without one."""
    return await speak(base, written(urlsplit(base).netloc, address, request, usual))


async def speak(base: str, said: bytes, *, ended: bool = False) -> Told | None:
    """The answer to these bytes; nothing more will come if `ended`."""
    host = urlsplit(base)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    try:
        writer.write(said)
        if ended:
            writer.write_eof()
        async with asyncio.timeout(60):
            head = await reader.readuntil(b"\r\n\r\n")
            told = _read(head)
            length = 0 if said.startswith(b"HEAD") else int(told.headers.get("content-length", 0))
            return replace(told, body=await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    finally:
        writer.close()


def written(netloc: str, address: str, request: Request, usual: Headers) -> bytes:
    """The request as it goes over the line."""
    headers: dict[str, bytes | str] = {"Host": netloc, "Connection": "close", **usual}
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        headers |= {"Content-Type": request.kind, "Content-Length": str(len(request.body))}
    query = f"?{request.query}" if request.query else ""
    lines = [f"{request.method} {request.address or address}{query} HTTP/1.1".encode()]
    lines += [
        name.encode() + b": " + _bytes(value)
        for name, value in (headers | {**request.headers}).items()
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.body


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _read(head: bytes) -> Told:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return Told(int(first.split()[1]), {name.lower(): value for name, _, value in pairs}, b"")
