"""For tests: a customer who speaks the vendors' dialects, apart from the server's own code."""

import asyncio
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import ClientSession, encode_basic_auth

DTONE_KEY = "test-key"
DTONE_SECRET = "test-secret"  # noqa: S105
DTONE = {"Authorization": encode_basic_auth(DTONE_KEY, DTONE_SECRET)}
ALIYUN_KEY_ID = "test-key-id"
ALIYUN_KEY_SECRET = "test-key-secret"  # noqa: S105
THANKS, SIGN_NAME = "SMS_480000001", "码上评"
FINAL_CLASSES = {3, 4, 7, 8, 9}
PATIENCE_SECONDS = 10


class Client:
    """Calls as a customer of the vendors would make them, and the admin calls of a test."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status and JSON (or text) of any path."""
        async with self._session.request(method, f"{self.url}{path}", **options) as response:
            is_json = "json" in response.content_type
            return response.status, await (
                response.json(content_type=None) if is_json else response.text()
            )

    async def dtone(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """A DT One call with the right key."""
        return await self.call(method, f"/dtone/v1{path}", headers=DTONE, **options)

    async def order(self, external_id: str, phone: str, **fields: Any) -> tuple[int, Any]:
        """POST an order of 20 yuan, confirmed at once unless told otherwise."""
        body = {"external_id": external_id, "product_id": 6020, "auto_confirm": True, **fields}
        body.setdefault("credit_party_identifier", {"mobile_number": phone})
        return await self.dtone("POST", "/async/transactions", json=body)

    async def settled(self, external_id: str) -> dict[str, Any]:
        """The transaction once its state is final."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                path = f"/transactions?external_id={quote(external_id)}"
                _, found = await self.dtone("GET", path)
                if found and found[0]["status"]["class"]["id"] in FINAL_CLASSES:
                    return dict(found[0])
                await asyncio.sleep(0.01)

    async def aliyun(
        self, action: str, params: Mapping[str, str], **changes: Any
    ) -> tuple[int, dict[str, Any]]:
        """A signed call. ``changes``: see ``signed``."""
        query = "&".join(f"{k}={quote(v, safe='-_.~')}" for k, v in sorted(params.items()))
        headers = signed(self.url, action, query, **changes)
        path = f"/aliyun/?{query}" if query else "/aliyun/"
        body = changes.get("sent_body", changes.get("body", b""))
        return await self.call("POST", path, headers=headers, data=body)

    async def sms(self, phone: str, out_id: str = "", **params: str) -> tuple[int, dict[str, Any]]:
        """SendSms of the thanks template."""
        call = {"PhoneNumbers": phone, "SignName": SIGN_NAME, "TemplateCode": THANKS}
        return await self.aliyun("SendSms", call | {"OutId": out_id} | params)

    async def arm(self, vendor: str, kind: str, **fields: Any) -> dict[str, Any]:
        """Arm a fault."""
        body = {"vendor": vendor, "kind": kind, **fields}
        status, answer = await self.call("POST", "/admin/faults", json=body)
        if status != 201:
            raise RuntimeError(f"fault refused: {answer}")
        return dict(answer)

    async def book(self, **query: str) -> dict[str, Any]:
        """What was truly paid and sent."""
        return dict((await self.call("GET", f"/admin/book?{urlencode(query)}"))[1])

    async def reset(self) -> None:
        """Forget faults and book."""
        await self.call("DELETE", "/admin/faults")
        await self.call("DELETE", "/admin/book")


def signed(url: str, action: str, query: str, **changes: Any) -> dict[str, str]:
    """ACS3 headers, written apart from the server's own code so that each checks the other.

    ``changes``: body, path, secret, key_id, nonce, date, version, content_type; ``unsigned``
    is a header to leave out of the signature.
    """
    body: bytes = changes.get("body", b"")
    headers = {
        "host": url.removeprefix("http://"),
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-acs-date": changes.get("date", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        "x-acs-signature-nonce": changes.get("nonce", uuid.uuid4().hex),
        "x-acs-version": changes.get("version", "2017-05-25"),
    }
    if "content_type" in changes:
        headers["content-type"] = changes["content_type"]
    names = sorted(headers.keys() - {changes.get("unsigned")})
    lines = [f"{name}:{headers[name]}" for name in names]
    request = ["POST", changes.get("path", "/"), query, *lines, "", ";".join(names)]
    text = "\n".join([*request, headers["x-acs-content-sha256"]])
    digest = f"ACS3-HMAC-SHA256\n{hashlib.sha256(text.encode()).hexdigest()}"
    secret = changes.get("secret", ALIYUN_KEY_SECRET)
    signature = hmac.new(secret.encode(), digest.encode(), "sha256").hexdigest()
    key_id = changes.get("key_id", ALIYUN_KEY_ID)
    claim = f"Credential={key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    return headers | {"authorization": f"ACS3-HMAC-SHA256 {claim}"}
