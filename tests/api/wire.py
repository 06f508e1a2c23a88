"""Sends cases over one connection that is kept, and compares each answer with the description."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from http.client import HTTPConnection, RemoteDisconnected
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
from schemathesis import Case, Response, checks
from schemathesis.core.failures import FailureGroup

CHECKS = [
    checks.not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_headers_conformance, checks.response_schema_conformance,
    checks.unsupported_method, checks.missing_required_header,
]  # fmt: skip


# Of a request's first line. What is longer is no request for any route, and 400 in plain text.
LONGEST = 8190


@dataclass
class Wire:
    """What was sent and answered; what was found, the first of each kind."""

    url: str
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    found: dict[str, str] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        place = urlsplit(self.url)
        self._http = HTTPConnection(str(place.hostname), place.port, timeout=60)

    @property
    def sent(self) -> int:
        """How many."""
        return sum(counted.total() for counted in self.statuses.values())

    def send(self, case: Case[Any]) -> Response:
        """The answer, which was checked."""
        told = case.as_transport_kwargs(self.url)
        asked = requests.Request(**told).prepare()
        asked.headers["Accept-Encoding"] = "identity"
        self.seen.add(sha256(f"{asked.method}{asked.url}{asked.body!r}".encode()).digest())
        answer = self._answer(asked)
        self.statuses[case.operation.label][answer.status_code] += 1
        if len(asked.path_url) > LONGEST:
            if answer.status_code != HTTPStatus.BAD_REQUEST:
                self.note(f"{case.operation.label}: too long", f"answered {answer.status_code}")
            return answer
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            self.note(f"{case.operation.label}: {failures.exceptions[0].title}", str(failures))
        return answer

    def note(self, kind: str, told: str) -> None:
        """What is wrong, if nothing of the kind was found before."""
        self.found.setdefault(kind, told)

    def _answer(self, asked: requests.PreparedRequest) -> Response:
        started = monotonic()
        try:
            self._ask(asked)
            answer = self._http.getresponse()
        except (RemoteDisconnected, ConnectionError):  # closed meanwhile, as any server may
            self._http.close()
            self._ask(asked)
            answer = self._http.getresponse()
        content = answer.read()
        headers: dict[str, list[str]] = defaultdict(list)
        for name, value in answer.getheaders():
            headers[name].append(value)
        return Response(
            answer.status, dict(headers), content, asked, monotonic() - started, verify=False
        )

    def _ask(self, asked: requests.PreparedRequest) -> None:
        self._http.request(
            str(asked.method), asked.path_url, asked.body, dict(asked.headers)  # type: ignore[arg-type]
        )  # fmt: skip
