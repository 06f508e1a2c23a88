"""A case is judged and rewarded by the policy of the day on which it was received."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.rewards import handlers
from services.rewards.store import rewards
from services.verification.casework.rules.cases import open_case
from shared.db import Connection
from shared.events import CaseVerified
from shared.policy import Policies
from shared.values import clock
from tests.integration.test_rewards_decisions import POLICIES, SEAL, verified
from tests.integration.verification_case import DESK, submission
from tests.support import at

SERVICE = "rewards"
NEW_RULES = datetime(2026, 6, 1, 4, tzinfo=UTC)
BEFORE = NEW_RULES - timedelta(days=1)
OLD = POLICIES.editions[-1].model_copy(update={"effective_from": BEFORE.date().replace(day=1)})
DEARER = OLD.reward.model_copy(update={"amount_fen": 5000, "days": 7})
NEW = OLD.model_copy(update={"effective_from": NEW_RULES.date(), "reward": DEARER})
BOTH = Policies([OLD, NEW])


@pytest.fixture(autouse=True)
def _long_after() -> Iterator[None]:
    """Everything is judged when the new rules have long been in force."""
    with at(NEW_RULES + timedelta(days=60)):
        yield


@pytest.mark.parametrize(("received_at", "edition"), [(BEFORE, OLD), (NEW_RULES, NEW)])
def test_the_desk_judges_by_the_day_of_receipt(received_at: datetime, edition: object) -> None:
    """Whenever a verdict is recorded, the rules are those of the day of the complaint."""
    event = submission(received_at=received_at)
    case = open_case(event, BOTH.at(received_at), uuid4(), clock.now())
    assert edition == replace(DESK, policies=BOTH).policy(case)


@pytest.mark.parametrize(("received_at", "fen", "days"), [(BEFORE, 2000, 2), (NEW_RULES, 5000, 7)])
async def test_a_reward_is_that_of_the_day_of_receipt(
    conn: Connection, received_at: datetime, fen: int, days: int
) -> None:
    """The amount and the due time are of the complaint's day, not of the verdict's."""
    event = verified(received_at=received_at, verified_at=NEW_RULES + timedelta(days=3))
    await handlers.on_case_verified(BOTH, SEAL, conn, event)
    reward = await rewards.claim_by_case(conn, event.case_id)
    assert reward is not None
    assert fen == reward.amount_fen
    assert clock.days_after_due(event.verified_at, days) == reward.due_at


async def test_a_renewed_reward_keeps_the_days_rules(conn: Connection) -> None:
    """A later revision of an old complaint earns what was promised then."""
    first = verified(received_at=BEFORE, verified_at=BEFORE, verdict="helped")
    await handlers.on_case_verified(BOTH, SEAL, conn, first)
    later = {"revision": 2, "verdict": "substantiated", "verified_at": NEW_RULES}
    second: CaseVerified = first.model_copy(update=later)
    await handlers.on_case_verified(BOTH, SEAL, conn, second)
    reward = await rewards.claim_by_case(conn, first.case_id)
    assert reward is not None
    assert 2000 == reward.amount_fen
