"""For tests: a customer of Alibaba Cloud, written apart from the server's own code."""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from deploy.sandbox.customer import SEED
from deploy.sandbox.dialect import Caller, secret

KEY_ID, KEY_SECRET = secret(SEED, "aliyun", "key_id"), secret(SEED, "aliyun", "key_secret")
THANKS, PAID, SIGN_NAME = "SMS_480000001", "SMS_480000002", "码上评"


async def call(
    client: Caller, action: str, params: Mapping[str, str], **changes: Any
) -> tuple[int, dict[str, Any]]:
    """A signed call. ``changes``: see ``signed``."""
    query = "&".join(f"{k}={quote(v, safe='-_.~')}" for k, v in sorted(params.items()))
    headers = signed(client.url, action, query, **changes)
    path = f"/aliyun/?{query}" if query else "/aliyun/"
    body = changes.get("sent_body", changes.get("body", b""))
    return await client.call("POST", path, headers=headers, data=body)


async def sms(
    client: Caller, phone: str, out_id: str = "", **params: str
) -> tuple[int, dict[str, Any]]:
    """SendSms of the thanks template."""
    wanted = {"PhoneNumbers": phone, "SignName": SIGN_NAME, "TemplateCode": THANKS}
    return await call(client, "SendSms", wanted | {"OutId": out_id} | params)


class AliyunCustomer:
    """The same behind the words of every dialect."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """A message of thanks; where it is reported is a setting of the account."""
        return await sms(client, phone, reference)

    def report(self, reference: str) -> Any:
        """An array of one delivery report: not arrived."""
        times = {"send_time": "2026-03-02 10:00:00", "report_time": "2026-03-02 10:00:01"}
        failed = {"success": False, "err_code": "UNDELIV", "err_msg": "…", "sms_size": "1"}
        ids = {"phone_number": "13800000000", "biz_id": "1^0", "out_id": reference}
        return [ids | times | failed]

    def told(self, body: Any) -> tuple[str, str]:
        """`out_id` and `err_code` of a report, which is an array of one."""
        [report] = body
        return report["out_id"], report["err_code"]


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
    secret = changes.get("secret", KEY_SECRET)
    signature = hmac.new(secret.encode(), digest.encode(), "sha256").hexdigest()
    key_id = changes.get("key_id", KEY_ID)
    claim = f"Credential={key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    return headers | {"authorization": f"ACS3-HMAC-SHA256 {claim}"}
