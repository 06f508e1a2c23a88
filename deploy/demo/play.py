"""The two sides of a play, through the public endpoints only: the citizen and the desk."""

import asyncio
from base64 import b64decode
from typing import Any
from uuid import uuid4

import aiohttp

from deploy.demo.http import Declined, call
from deploy.demo.scenario import Complaint
from deploy.local.stack import Stack
from services.intake import commands as intake

VERIFIER, REVIEWER = "city1", "city2"
POLL = 0.2

Answer = dict[str, Any]


def unit_code(stack: Stack, complaint: Complaint) -> str:
    """What the QR code on the window says."""
    keys = {"1": b64decode(stack.keys.code_key)}
    return intake.code(keys, complaint.unit, complaint.counter)


class Citizen:
    """Files complaints and looks at receipts."""

    def __init__(self, http: aiohttp.ClientSession, stack: Stack) -> None:
        self._http, self._stack = http, stack
        self._url = stack.urls["intake"]

    async def file(self, complaint: Complaint) -> Answer:
        """Send it, again and again under one idempotency key, until it is acknowledged."""
        body = {
            "code": unit_code(self._stack, complaint),
            "kind": complaint.kind,
            "satisfaction": complaint.satisfaction,
            "categories": list(complaint.categories),
            "words": complaint.words,
            "phone": complaint.phone,
        }
        headers = {"Idempotency-Key": str(uuid4())}
        answer: Answer = await call(
            self._http, "POST", f"{self._url}/api/v1/submissions", body, headers
        )
        return answer

    async def timeline(self, receipt: str) -> list[str]:
        """The steps so far, as the receipt page tells them."""
        answer = await call(self._http, "GET", f"{self._url}/api/v1/receipts/{receipt}")
        return [line["step"] for line in answer["timeline"] if not line["waiting"]]


class Desk:
    """Two supervisors: one calls back and judges, the other reviews."""

    def __init__(self, http: aiohttp.ClientSession, stack: Stack) -> None:
        self._http, self._urls, self._url = http, stack.urls, stack.urls["verification"]
        self._password = stack.keys.demo_password
        self._tokens: dict[str, str] = {}
        self._signing_in = asyncio.Lock()

    async def handle(self, submission_id: str, complaint: Complaint) -> None:
        """From the opened case to the final verdict; picks up wherever an interruption left it."""
        case = await self._case_of(submission_id)
        path = f"/api/v1/cases/{case['case_id']}"
        while case["callback_state"] == "open":
            await self._try("POST", f"{path}/callbacks", complaint.callback.model_dump())
            case = await self._ask("GET", path)
        while case["state"] == "open":
            await self._try("POST", f"{path}/verdicts", _verdict(complaint, case))
            case = await self._ask("GET", path)
        while case["state"] == "in_review":
            review = {"decision": "confirm", "note": "复核属实", "revision": case["revision"]}
            await self._try("POST", f"{path}/reviews", review, REVIEWER)
            case = await self._ask("GET", path)

    async def figures(self, service: str) -> Answer:
        """The exact counts of a service."""
        path = "/api/v1/figures"
        if service == "verification":
            return await self._ask("GET", path)
        said = await self._ask("POST", "/api/v1/statements")
        headers = {"Authorization": f"Bearer {said['statement']}"}
        answer: Answer = await call(
            self._http, "GET", f"{self._urls[service]}{path}", None, headers
        )
        return answer

    async def _case_of(self, submission_id: str) -> Answer:
        while True:
            page = await self._ask("GET", f"/api/v1/cases?state=all&submission_id={submission_id}")
            if page["items"]:
                return dict(page["items"][0])
            await asyncio.sleep(POLL)

    async def _try(self, method: str, path: str, body: object, who: str = VERIFIER) -> None:
        # Conflict: a repeated request of ours had already been carried out.
        try:
            await self._ask(method, path, body, who)
        except Declined as refusal:
            if refusal.status != 409:
                raise

    async def _ask(
        self, method: str, path: str, body: object = None, who: str = VERIFIER
    ) -> Answer:
        token, key = self._tokens.get(who) or await self._sign_in(who, None), uuid4().hex
        try:
            return await self._send(method, path, body, key, token)
        except Declined as refusal:
            if refusal.status != 401:
                raise
        return await self._send(method, path, body, key, await self._sign_in(who, token))

    async def _sign_in(self, who: str, stale: str | None) -> str:
        # One at a time: several at once look like guessing, and lock the name.
        async with self._signing_in:
            if self._tokens.get(who) == stale:
                login = {"username": who, "password": self._password}
                session = await call(self._http, "POST", f"{self._url}/api/v1/sessions", login)
                self._tokens[who] = session["token"]
        return self._tokens[who]

    async def _send(self, method: str, path: str, body: object, key: str, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        answer: Answer = await call(self._http, method, f"{self._url}{path}", body, headers)
        return answer


def _verdict(complaint: Complaint, case: Answer) -> Answer:
    wanted = ("verdict", "attribution", "officers", "categories", "finding", "answer")
    return complaint.model_dump(mode="json", include=set(wanted)) | {"revision": case["revision"]}
