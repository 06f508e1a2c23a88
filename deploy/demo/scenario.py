"""What the demo plays: complaints in the article's situations, and the figures they must give."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.events import Attribution, CallbackOutcome, Kind, Verdict

HERE = Path(__file__).parent


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Callback(_Part):
    """What came of the call to the citizen."""

    outcome: CallbackOutcome
    note: str


class Complaint(_Part):
    """One citizen's complaint, and what the desk finds."""

    unit: str
    counter: int | None = None
    kind: Kind
    satisfaction: int
    categories: tuple[str, ...]
    words: str
    phone: str
    callback: Callback
    verdict: Verdict
    attribution: Attribution
    officers: tuple[str, ...] = ()
    finding: str
    answer: str


class Expected(_Part):
    """Rule 16."""

    received: int
    called_back: int
    verified: int
    substantiated: int
    rewards: int
    paid_fen: int
    criticisms: int
    thanks: int


class Scenario(_Part):
    """A whole play."""

    expected: Expected
    complaint: tuple[Complaint, ...]


def article() -> Scenario:
    """The article's 54 complaints."""
    return Scenario.model_validate(tomllib.loads((HERE / "article.toml").read_text("utf-8")))
