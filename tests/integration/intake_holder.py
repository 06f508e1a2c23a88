"""Somebody who holds a receipt, for intake's tests: says things back, as a program and by form."""

import html
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiohttp import ClientResponse

from shared import events
from shared.events import Envelope
from shared.values import clock
from tests.integration.intake_site import UNIT, Site, settings

SEAL = settings().seal
DUE = timedelta(hours=9)


@dataclass
class Holder:
    """With the code of a receipt."""

    intake: Site
    code: str
    id: UUID
    case_id: UUID = field(default_factory=uuid4)

    async def say(
        self, place: str, key: str = "", *, wanted: int = 201, **body: object
    ) -> dict[str, Any]:
        """As a program: the answer, after checking its status."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        url = f"/api/v1/receipts/{self.code}/{place}"
        async with self.intake.client.post(url, json=body, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            assert wanted == response.status, answer
        return answer

    async def account(self, language: str = "zh") -> dict[str, Any]:
        """What the receipt says."""
        url, headers = f"/api/v1/receipts/{self.code}", {"Accept-Language": language}
        async with self.intake.client.get(url, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            assert 200 == response.status, answer
        return answer

    async def steps(self) -> list[str]:
        """The lines of the story."""
        return [line["step"] for line in (await self.account())["timeline"]]

    async def page(self, place: str = "", wanted: int = 200) -> str:
        """A page behind the receipt."""
        path = f"/r/{self.code}{place}"
        async with self.intake.client.get(path, headers={"Accept": "text/html"}) as response:
            assert wanted == response.status
            return await response.text()

    async def send(self, place: str, **fields: str) -> tuple[int, str, str]:
        """A form as a browser sends it: status, where to, HTML."""
        response: ClientResponse = await self.intake.client.post(
            f"/r/{self.code}/{place}", data=fields, headers={"Accept": "text/html"},
            allow_redirects=False,
        )  # fmt: skip
        return response.status, response.headers.get("Location", ""), await response.text()

    async def published(self, event_type: str) -> list[dict[str, Any]]:
        """The events of a type that wait to be told."""
        rows = await self.intake.fetch("SELECT body FROM outbox WHERE type = $1", event_type)
        return [Envelope.model_validate_json(row["body"]).data for row in rows]

    async def sms(self) -> str:
        """The digits of the code that was sent last."""
        newest = (await self.published("otp.requested.v1"))[-1]
        return SEAL.open(newest["code_sealed"], f"code:{newest['otp_id']}")

    async def opened(self) -> None:
        """The case was opened, and is due in nine hours."""
        due = clock.now() + DUE
        event = events.CaseOpened(
            case_id=self.case_id, submission_id=self.id, kind="complaint", unit_code=UNIT,
            urgent=False, opened_at=clock.now(), callback_due_at=due, verification_due_at=due,
        )  # fmt: skip
        await self.intake.tell(event)

    async def answered(
        self, verdict: events.Verdict = "substantiated", revision: int = 1,
        at: datetime | None = None, overturned: events.Verdict | None = None,
    ) -> None:  # fmt: skip
        """There is a verdict, and an answer."""
        event = events.CaseVerified(
            case_id=self.case_id, submission_id=self.id, incident_id=self.case_id,
            revision=revision, kind="complaint", unit_code=UNIT, categories=("other",),
            verdict=verdict, attribution="none", officers=(),
            answer_sealed=SEAL.close(f"答复{revision}", f"answer:{self.id}"), phone_sealed=None,
            phone_index=None, language="zh", received_at=clock.now(),
            verified_at=at or clock.now(), overturned=overturned,
        )  # fmt: skip
        await self.intake.tell(event)

    async def rescheduled(self, why: str = "followup", number: int = 1) -> None:
        """The desk took a follow-up, or a phone, up."""
        due = clock.now() + DUE
        event = events.CaseRescheduled.model_validate(
            {
                "case_id": self.case_id, "submission_id": self.id, "number": number, "why": why,
                "revision": 1, "callback_due_at": due, "changed_at": clock.now(),
                "verification_due_at": due if why == "followup" else None,
            }
        )  # fmt: skip
        await self.intake.tell(event)

    async def decided(
        self, decision: events.Decision, reason: str | None = None, begun: datetime | None = None
    ) -> None:
        """Rewards decided; its two days begun at the verdict, or with the phone that it is for."""
        version = 1 + len(
            await self.intake.fetch("SELECT 1 FROM timeline WHERE step = 'reward_decided'")
        )
        event = events.RewardDecided(
            reward_id=self.case_id, case_id=self.case_id, submission_id=self.id,
            decision=decision, reason=reason, amount_fen=2000, decided_at=clock.now(),
            due_at=clock.now() + DUE, version=version, verified_at=begun,
        )  # fmt: skip
        await self.intake.tell(event)


async def holder(intake: Site, **changed: object) -> Holder:
    """Somebody who has just sent something, a complaint without a phone if nothing else is said."""
    response = await intake.submit(uuid4().hex, **{"phone": None, **changed})
    answer = await response.json()
    assert 201 == response.status, answer
    return Holder(intake, answer["receipt"]["code"], UUID(answer["submission_id"]))


def hidden(page: str, name: str = "key") -> str:
    """The value of a hidden field, the first of its name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return html.unescape(found[1])
