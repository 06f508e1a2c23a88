"""What the citizens are shown, against their own list and the recount."""

import asyncio
from collections.abc import Sequence
from typing import Any

from deploy.demo.http import Declined
from services.intake.commands import check_receipt
from shared.errors import Invalid
from shared.values.notes import PublicKey
from tests.chaos.callers import Callers
from tests.chaos.compare import Comparison, Lines
from tests.chaos.people import Filed, People

SAMPLE = 40  # so many are sent once more
AT_ONCE = 8


async def compare(people: People, found: Comparison, twice: int = SAMPLE) -> Lines:
    """Every receipt is opened; some submissions are sent again."""
    callers, places = people.callers, asyncio.Semaphore(AT_ONCE)
    by_submission = {case.submission_id: case for case in found.cases}
    keys = await _keys(callers)
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
        if not is_signed(shown["proof"], filed, keys):
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


async def _keys(callers: Callers) -> list[PublicKey]:
    answer = await callers.call("intake", "GET", "/api/v1/receipt-keys")
    return [PublicKey.parse(key["verifier_key"]) for key in answer["keys"]]


def is_signed(proof: dict[str, Any], filed: Filed, keys: Sequence[PublicKey]) -> bool:
    """Whether the proof is the one that the citizen got, about this submission, and ours."""
    try:
        checked = check_receipt(proof["file"].encode(), keys, filed.code)
    except Invalid:
        return False
    same = proof == filed.answer["receipt"]["proof"]
    return same and str(checked.stated["submission_id"]) == filed.submission_id
