"""What the citizens are shown, against their own list and the recount."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from deploy.demo.http import Declined
from tests.chaos.callers import Callers
from tests.chaos.compare import Comparison, Lines
from tests.chaos.people import Filed, People

SAMPLE = 40  # so many are sent once more
AT_ONCE = 8


async def compare(people: People, found: Comparison, twice: int = SAMPLE) -> Lines:
    """Every receipt is opened; some submissions are sent again."""
    callers, places = people.callers, asyncio.Semaphore(AT_ONCE)
    by_submission = {case.submission_id: case for case in found.cases}
    key = await _key(callers)
    lost: list[str] = []
    otherwise: list[object] = []
    unsigned: list[str] = []

    async def one(filed: Filed) -> None:
        async with places:
            try:
                shown = await callers.call("intake", "GET", f"/api/v1/receipts/{filed.code}")
            except Declined:
                return lost.append(filed.code)
        case = by_submission.get(filed.submission_id)
        paid = case is not None and case.case_id in found.paid
        told = case is not None and tells(shown, filed, case.verdict, paid=paid)
        if not told:
            otherwise.append((case, paid, shown))
        if not is_signed(shown["proof"], filed, key):
            unsigned.append(filed.code)
        return None

    await asyncio.gather(*map(one, found.facts.filed))
    return {
        "receipts lost": lost,
        "receipts tell otherwise": otherwise,
        "receipts not signed": unsigned,
        "repeats got another receipt": await _repeats(people, twice),
    }


async def _repeats(people: People, twice: int) -> list[str]:
    chosen: Sequence[Filed] = people.dice.sample(people.filed, min(twice, len(people.filed)))
    answers = [(filed, await people.again(filed)) for filed in chosen]
    return [filed.code for filed, answer in answers if answer != filed.answer]


def tells(shown: dict[str, Any], filed: Filed, verdict: str, *, paid: bool) -> bool:
    """Whether a receipt shows what happened: the window, the verdict, the money, the thanks."""
    said = filed.play.complaint
    steps = {line["step"] for line in shown["timeline"]}
    usual = {"received", "opened", "called_reached", "verified", "message_thanks_delivered"}
    money = {"reward_paid", "message_paid_delivered"}
    return (
        shown["submission_id"] == filed.submission_id
        and shown["unit"]["code"] == said.unit
        and shown["verdict"] == verdict
        and shown["answer"] == said.answer
        and usual <= steps
        and money & steps == (money if paid else set())
        and not any(line["waiting"] for line in shown["timeline"])
    )


async def _key(callers: Callers) -> Ed25519PublicKey:
    answer = await callers.call("intake", "GET", "/api/v1/receipt-keys")
    return Ed25519PublicKey.from_public_bytes(_raw(answer["keys"][0]["public_key"]))


def is_signed(proof: dict[str, Any], filed: Filed, key: Ed25519PublicKey) -> bool:
    """Whether the statement is the one that the citizen got, about this submission, and ours."""
    receipt = filed.answer["receipt"]
    try:
        key.verify(_raw(proof["signature"]), proof["signed"].encode())
    except InvalidSignature:
        return False
    stated = json.loads(proof["signed"])
    same = all(proof[name] == receipt[name] for name in ("signed", "signature", "key_id"))
    return same and stated["submission_id"] == filed.submission_id


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
