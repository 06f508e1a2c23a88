"""What became of a submission, told to whoever holds its receipt."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.intake.accept.finding import Finding
from services.intake.accept.store import units
from services.intake.accept.store.submissions import Stored
from services.intake.accept.views import PhoneUse, Proof, phone_use
from services.intake.follow import reading, story, views
from services.intake.follow.reading import Told
from services.intake.follow.standing import Standing
from services.intake.follow.story import Entry, Line
from services.intake.proof.keyring import Keyring
from services.intake.proof.statements import statement
from shared.db import Database
from shared.errors import Key
from shared.patience import within
from shared.policy import Policies
from shared.values import clock, phone
from shared.values.money import yuan
from shared.values.seal import Seal, SealBroken
from shared.web.endpoints import Call
from shared.web.texts import Texts, texts

PATIENCE = 3.0
# What the rewards service gives as its reason; anything else is a person's own.
UNREWARDED = (
    "verdict_changed", "roster_phone", "phone_incident_cap", "incident_cap", "phone_month_cap",
    "month_budget",
)  # fmt: skip


@dataclass(frozen=True)
class Status:
    """Reads the story behind a receipt."""

    database: Database
    seal: Seal
    policies: Policies
    keyring: Keyring
    finding: Finding

    async def of(self, call: Call[Any, Any]) -> views.Account:
        """The account behind the call's receipt. NotFound, TooMany, Unavailable."""
        return await within(PATIENCE, self._read(call))

    async def _read(self, call: Call[Any, Any]) -> views.Account:
        async with self.database.acquire() as conn:
            facts = await self.finding.find(conn, call)
            unit = await units.get(conn, facts.unit_code)
            told = await reading.load(conn, facts)
        # Until the directory has named the unit, its code stands for the name.
        unit_name = unit.name if unit else facts.unit_code
        return self._account(told, unit_name, await self._proof(facts), texts(call.language))

    async def _proof(self, facts: Stored) -> Proof:
        stated = statement(facts)
        return Proof(statement=stated, file=await self.keyring.file(facts, stated))

    def _phone(self, told: Told, words: Texts) -> PhoneUse | None:
        use = told.use(self.seal)
        rewarded = bool(self.policies.at(told.facts.received_at).reward.verdicts)
        return phone_use(use, told.facts.kind, words, rewarded) if use else None

    def _masked(self, told: Told) -> str | None:
        with suppress(SealBroken):
            if sealed := told.phone_sealed:
                return phone.mask(self.seal.open(sealed, f"phone:{told.facts.id}"))
        return None

    def _opened(self, facts: Stored, entry: Entry) -> Entry:
        """A word to the citizen, opened; every other entry as it is."""
        if entry.step != "word":
            return entry
        details = entry.details
        context = f"answer:{facts.id}:word:{details['number']}"
        word = self.seal.open(details["word_sealed"], context)
        return replace(entry, details={**details, "word": word})

    def _account(self, told: Told, unit_name: str, proof: Proof, words: Texts) -> views.Account:
        facts, entries, now = told.facts, told.entries, clock.now()
        standing = told.standing(self.seal, self.policies, now)
        verdict = standing.verdict
        sealed = verdict.details["answer_sealed"] if verdict else None
        read = [self._opened(facts, entry) for entry in entries]
        lines = story.story(facts.received_at, read, now, phone=told.phone_index is not None)
        return views.Account(
            submission_id=facts.id,
            kind=facts.kind,
            unit=views.Unit(code=facts.unit_code, name=unit_name, counter=facts.counter),
            received_at=facts.received_at,
            policy_from=standing.policy.effective_from,
            phone=self._phone(told, words),
            verdict=verdict.details["verdict"] if verdict else None,
            answer=self.seal.opened(sealed, f"answer:{facts.id}"),
            headline=standing.headline,
            waits=told.waits,
            reward=_reward(standing, words),
            rating=_rating(standing),
            unsolved=standing.unsolved,
            withdrawn=standing.withdrawn,
            may=sorted(standing.acts()),
            followup_until=standing.followup_until,
            phone_masked=self._masked(told),
            timeline=[_tell(line, words) for line in lines],
            proof=proof,
        )


def _rating(standing: Standing) -> views.Rating | None:
    rated = standing.rated
    if rated is None:
        return None
    solved, satisfied = rated.details["solved"], rated.details["satisfied"]
    return views.Rating(solved=solved, satisfied=satisfied, rated_at=rated.at)


def _reward(standing: Standing, words: Texts) -> views.Reward | None:
    reward = standing.reward()
    if reward is None:
        return None
    late = reward.due_at is not None and standing.now > reward.due_at
    known = reward.reason if reward.reason in UNREWARDED else "by_hand"
    reason = known if reward.state == "refused" else None
    text = words.text(
        f"your_reward_{reward.state}{'_late' if late else ''}",
        yuan=yuan(reward.amount_fen),
        due=words.due(reward.due_at) if reward.due_at else "",
        reason=Key(f"unrewarded_{known}"),
    )
    return views.Reward(**vars(reward) | {"late": late, "reason": reason, "text": text})


def _tell(line: Line, words: Texts) -> views.Line:
    values = {name: _word(name, value, words) for name, value in line.values.items()}
    return views.Line(
        at=line.at,
        step=line.text.removeprefix("line_"),
        text=words.text(line.text, **values),
        waiting=line.waiting,
        late=line.late,
    )


def _word(name: str, value: object, words: Texts) -> object:
    match name, value:
        case "verdict", str():
            return words.text(f"verdict_{value}")
        case "yuan", int():
            return yuan(value)
        case _, datetime():
            return words.due(value)
    return value
