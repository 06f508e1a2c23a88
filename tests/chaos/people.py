"""Citizens, who keep a list of their own, and the desk, which plays each complaint to its end."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from deploy.demo.play import REVIEWER, unit_code
from tests.chaos.callers import Answer, Callers
from tests.chaos.mix import Play

POLL = 0.2
STEP = 0.05
FINISH_SECONDS = 90.0
NEAR = 3  # so many of a unit's latest cases may be joined


@dataclass(frozen=True)
class Filed:
    """What a citizen holds: what they sent, under which key, and the receipt."""

    play: Play
    key: str
    body: Answer
    answer: Answer

    @property
    def submission_id(self) -> str:
        """What the receipt is about."""
        return str(self.answer["submission_id"])

    @property
    def code(self) -> str:
        """The receipt's."""
        return str(self.answer["receipt"]["code"])


@dataclass
class People:
    """All that happens from outside. `at_once` complaints are under way."""

    callers: Callers
    plays: Iterator[Play]
    dice: random.Random
    at_once: int
    filed: list[Filed] = field(default_factory=list)
    judged: dict[str, list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )

    async def until(self, over: asyncio.Event) -> None:
        """Play until it is over, then finish what was begun: what is lost is waited for in vain."""
        running: set[asyncio.Task[None]] = set()
        try:
            while not over.is_set():
                if len(running) < self.at_once:
                    running.add(asyncio.create_task(self._play(next(self.plays))))
                done, running = await asyncio.wait(running, timeout=STEP)
                _raise_first(done)
            if running:
                done, running = await asyncio.wait(running, timeout=FINISH_SECONDS)
                _raise_first(done)
        finally:
            for unfinished in running:
                unfinished.cancel()

    async def _play(self, play: Play) -> None:
        filed = await self._file(play)
        case = await self._case_of(filed.submission_id)
        path, unit = f"/api/v1/cases/{case['case_id']}", play.complaint.unit
        while case["callback_state"] == "open":
            await self.callers.tried(f"{path}/callbacks", play.complaint.callback.model_dump())
            case = await self.callers.staff("GET", path)
        verdict, target = _verdict(play), self._target(play)
        first = {"incident": target} if play.fate in ("joined", "split") and target else {}
        await self._rule(path, 1, verdict | first)
        if play.fate == "withdrawn":
            cleared = {"verdict": "unsubstantiated", "attribution": "none", "officers": []}
            await self._rule(path, 2, verdict | cleared)
        if play.fate == "joined later" and target:
            await self._rule(path, 2, verdict | {"incident": target})
        if play.fate == "split" and target:
            await self._rule(path, 2, verdict | {"incident": case["case_id"]})
        self.judged[unit].append((case["case_id"], play.complaint.phone))

    async def _file(self, play: Play) -> Filed:
        said, key = play.complaint, str(uuid4())
        body = {
            "code": unit_code(self.callers.city, said),
            "kind": said.kind,
            "satisfaction": said.satisfaction,
            "categories": list(said.categories),
            "words": said.words,
            "phone": said.phone,
        }
        answer = await self._send(key, body)
        filed = Filed(play, key, body, answer)
        self.filed.append(filed)
        return filed

    async def _send(self, key: str, body: Answer) -> Answer:
        headers = {"Idempotency-Key": key}
        answer: Answer = await self.callers.call(
            "intake", "POST", "/api/v1/submissions", body, headers
        )
        return answer

    async def again(self, filed: Filed) -> Answer:
        """The very same sent once more."""
        return await self._send(filed.key, filed.body)

    async def _case_of(self, submission_id: str) -> Answer:
        path = f"/api/v1/cases?state=all&submission_id={submission_id}"
        while True:
            if found := (await self.callers.staff("GET", path))["items"]:
                return dict(found[0])
            await asyncio.sleep(POLL)

    def _target(self, play: Play) -> str | None:
        """A case that this one may join: of the same phone if there is one, else a recent one."""
        known = self.judged[play.complaint.unit]
        own = [case for case, phone in known if phone == play.complaint.phone]
        near = [case for case, _ in known[-NEAR:]]
        return self.dice.choice(own or near) if known else None

    async def _rule(self, path: str, revision: int, verdict: dict[str, Any]) -> None:
        """Submit it as this revision, and have it confirmed where it must be."""
        case = await self.callers.staff("GET", path)
        while case["revision"] < revision:
            told = verdict | {"revision": case["revision"]}
            await self.callers.tried(f"{path}/verdicts", told)
            case = await self.callers.staff("GET", path)
        while case["state"] == "in_review":
            review = {"decision": "confirm", "note": "复核属实", "revision": case["revision"]}
            await self.callers.tried(f"{path}/reviews", review, REVIEWER)
            case = await self.callers.staff("GET", path)


def _verdict(play: Play) -> dict[str, Any]:
    wanted = {"verdict", "attribution", "officers", "categories", "finding", "answer"}
    return play.complaint.model_dump(mode="json", include=wanted)


def _raise_first(done: Iterable[asyncio.Task[None]]) -> None:
    for task in done:
        task.result()
