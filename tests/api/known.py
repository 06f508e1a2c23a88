"""What no generator can guess, put into most cases: a genuine code, key and unit, a repeat key and
an address of its own, and no choice that the description cannot tell.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from schemathesis import Case

# What must be one of a list of the policy's, the unit's or the sender's own, or must fit the rest.
LEFT_OUT = (
    "matter", "call_language", "occurred_at", "attachments", "photos", "voice", "counter",
    "officer_badge", "satisfaction", "jurisdiction_id",
)  # fmt: skip
SERVICES = ("other", "request")
# By which many know what they have left.
PHONE = "13800138000"


@dataclass(frozen=True)
class Known:
    """A window's code, its unit's, an app's key."""

    code: str
    unit: str
    key: str

    def put_into(self, case: Case[Any], random: Random) -> None:
        """Make it a case that may well be taken in."""
        if isinstance(case.body, dict):
            case.body = self._body(case.body, random)
        case.query.pop("jurisdiction_id", None)
        if "api_key" in case.query:
            case.query["api_key"] = self.key
        case.headers["Idempotency-Key"] = f"{random.getrandbits(96):024x}"
        case.headers["X-Forwarded-For"] = ".".join(str(random.randrange(1, 255)) for _ in range(4))

    def _body(self, body: dict[str, Any], random: Random) -> dict[str, Any]:
        phone = random.choice((PHONE, f"138{random.randrange(10**8):08}"))
        right: dict[str, Any] = {
            "code": self.code if len(body) > 1 else f"{random.randrange(10**6):06}",
            "api_key": self.key, "address_id": self.unit, "phone": phone, "known": PHONE,
            "service_code": random.choice(SERVICES),
        }  # fmt: skip
        if "service_code" in body:
            body = {"api_key": "", "address_id": "", **body}
        said = body | {name: value for name, value in right.items() if name in body}
        for name in LEFT_OUT:
            said.pop(name, None)
        if "kind" in said and "known" not in said:
            said |= _of_kind(random)
        elif "categories" in said:
            said["categories"] = random.choice(([], ["other"]))
        return said


def _of_kind(random: Random) -> dict[str, Any]:
    match random.choice(("complaint", "request", "praise", "rating")):
        case "complaint":
            return {"kind": "complaint", "satisfaction": 1, "categories": ["other"]}
        case "request":
            return {"kind": "request", "categories": []}
        case "praise":
            return {"kind": "rating", "satisfaction": 5, "categories": []}
        case _:
            return {"kind": "rating", "satisfaction": 2, "categories": ["other"]}
