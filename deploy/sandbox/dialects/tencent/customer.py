"""For tests: a customer of Tencent Cloud, written apart from the server's own code."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from deploy.sandbox.customer import SEED
from deploy.sandbox.dialect import Caller, secret

KEY_ID, KEY_SECRET = (secret(SEED, "tencent", field) for field in ("key_id", "key_secret"))
THANKS, PAID, APP, SIGN_NAME = "1800001", "1800002", "1400006666", "码上评"


async def call(
    client: Caller, action: str, wanted: Mapping[str, Any], **changes: Any
) -> tuple[int, dict[str, Any]]:
    """A signed call, and what stands in its Response. ``changes``: see ``signed``."""
    body = json.dumps(wanted).encode()
    headers = signed(client.url, action, body, **changes)
    data = changes.get("sent_body", body)
    status, answer = await client.call("POST", "/tencent/", headers=headers, data=data)
    return status, dict(answer["Response"])


async def sms(
    client: Caller, phone: str, reference: str = "", **wanted: Any
) -> tuple[int, dict[str, Any]]:
    """SendSms of the thanks template: what became of the phone, or the whole call's refusal."""
    body = {"PhoneNumberSet": [phone], "SmsSdkAppId": APP, "SignName": SIGN_NAME}
    body |= {"TemplateId": THANKS, "TemplateParamSet": [], "SessionContext": reference}
    status, answer = await call(client, "SendSms", body | wanted)
    return status, answer["SendStatusSet"][0] if "SendStatusSet" in answer else answer["Error"]


class TencentCustomer:
    """The same behind the words of every dialect."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """A message of thanks; where it is reported is a setting of the account."""
        return await sms(client, f"+86{phone.removeprefix('+86')}", reference)

    def report(self, reference: str) -> Any:
        """An array of one delivery report: not arrived. The vendor calls it by its own id."""
        report = {"user_receive_time": "2026-03-02 10:00:01", "nationcode": "86"}
        report |= {"mobile": "13800000000", "report_status": "FAIL", "errmsg": "UNDELIV"}
        return [report | {"description": "…", "sid": reference}]

    def told(self, body: Any) -> tuple[str, str]:
        """`sid` and `errmsg` of a report, which is an array of one."""
        [report] = body
        return report["sid"], report["errmsg"]


def signed(url: str, action: str, body: bytes, **changes: Any) -> dict[str, str]:
    """TC3 headers, written apart from the server's own code so that each checks the other.

    ``changes``: secret, key_id, stamp, date, version, path, unsigned (a header to leave out).
    """
    stamp = int(changes.get("stamp", time.time()))
    date = changes.get("date", f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d}")
    headers = {"content-type": "application/json", "host": url.removeprefix("http://")}
    names = sorted(headers.keys() - {changes.get("unsigned")})
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    hashed = hashlib.sha256(body).hexdigest()
    request = f"POST\n{changes.get('path', '/')}\n\n{lines}\n{';'.join(names)}\n{hashed}"
    scope = f"{date}/sms/tc3_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    key = f"TC3{changes.get('secret', KEY_SECRET)}".encode()
    for part in (date, "sms", "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    claim = f"Credential={changes.get('key_id', KEY_ID)}/{scope}, SignedHeaders={';'.join(names)}"
    return headers | {
        "authorization": f"TC3-HMAC-SHA256 {claim}, Signature={signature}",
        "x-tc-action": action,
        "x-tc-timestamp": str(stamp),
        "x-tc-version": changes.get("version", "2021-01-11"),
    }
