"""What another policy changes, key by key, and for whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel

from shared.policy.editions import Policy
from shared.policy.guards import Hours
from shared.policy.naming import Category
from shared.policy.section import Named, Part
from shared.policy.within import Within

Whom = Literal["everybody", "citizens", "units", "officers", "supervisors", "budget", "office"]
WHOM: tuple[Whom, ...] = get_args(Whom)

# By the beginnings of keys; of several the longest counts.
CONCERNED: Mapping[str, Whom] = {
    "timezone": "everybody",
    "language": "everybody",
    "country": "citizens",
    "levels": "everybody",
    "calendar": "everybody",
    "callback": "citizens",
    "callback.attempts": "supervisors",
    "callback.spacing_minutes": "supervisors",
    "verification": "citizens",
    "verification.extensions": "units",
    "verification.extension_days": "units",
    "verification.second_review_verdicts": "supervisors",
    "verification.second_review_days": "supervisors",
    "verification.sample_percent": "supervisors",
    "verification.withdrawn_sample_percent": "supervisors",
    "verification.dispute_hours": "supervisors",
    "acknowledgement": "citizens",
    "progress": "citizens",
    "assignment": "units",
    "incident": "units",
    "supervision": "units",
    "supervision.copy_first_to": "supervisors",
    "papers": "office",
    "reward": "citizens",
    "reward.budget_month_fen": "budget",
    "reward.per_unit_month_fen": "budget",
    "reward.per_day_fen": "budget",
    "reward.odd": "office",
    "reward.alert_hours": "office",
    "reward.alert_again_days": "office",
    "assessment": "units",
    "strikes": "officers",
    "strikes.accountability_centipoints": "units",
    "strikes.transfer_centipoints": "units",
    "prominent": "units",
    "unknown_officer": "units",
    "appeal.citizen": "citizens",
    "appeal.officer": "officers",
    "privacy": "citizens",
    "privacy.account_days": "office",
    "urgent": "citizens",
    "urgent.page_minutes": "supervisors",
    "urgent.page_times": "supervisors",
    "messages": "citizens",
    "messages.day_fen": "budget",
    "messages.reserve_fen": "budget",
    "messages.resend_days": "office",
    "limits": "citizens",
    "limits.review_days": "supervisors",
    "praise": "citizens",
    "opening": "units",
    "consent": "citizens",
    "call_languages": "citizens",
    "categories": "citizens",
}


@dataclass(frozen=True)
class Change:
    """One key with what it was and what it will be; None where there is none.

    `key` names the rule, `what` the category, kind of unit or other entry of it, if it has some.
    """

    key: str
    before: Any
    after: Any
    what: str = ""

    @property
    def whom(self) -> Whom:
        """Whom it concerns first."""
        return concerned(self.key)


def concerned(key: str) -> Whom:
    """Whom a rule concerns first. KeyError for a rule that nobody has thought of (a defect)."""
    return CONCERNED[max(filter(key.startswith, CONCERNED), key=len, default=key)]


def differences(before: Policy, after: Policy) -> Iterator[Change]:
    """All of them, in the order of the file; the day from which they hold is not one."""
    for name in type(before).model_fields:
        if name != "effective_from":
            yield from _compared(name, getattr(before, name), getattr(after, name))
    one, other = (edition.reward.budget_month_fen // edition.reward.amount_fen
                  for edition in (before, after))  # fmt: skip
    if one != other:
        yield Change("reward.budget_month_fen.rewards", one, other)


def _compared(key: str, before: Any, after: Any, what: str = "") -> Iterator[Change]:
    if before == after:
        return
    if _is_section(type(before)) and _is_section(type(after)):
        for name in type(before).model_fields:
            yield from _compared(f"{key}.{name}", getattr(before, name), getattr(after, name), what)
    elif key == "categories" and not what:
        yield from _entries(key, _by_key(before), _by_key(after))
    elif isinstance(before, Mapping) and not what:
        yield from _entries(key, before, after)
    else:
        yield Change(key, before, after, what)


def _entries(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        yield from _compared(key, one, other, name)


def _by_key(named: tuple[Named, ...]) -> dict[str, Named]:
    return {one.key: one for one in named}


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Part) and kind not in (Within, Hours)


def keys(section: type[BaseModel] = Policy, above: str = "") -> Iterator[str]:
    """Every key that a change may have."""
    for name, field in section.model_fields.items():
        inner: Any = field.annotation
        if _is_section(inner):
            yield from keys(inner, f"{above}{name}.")
        elif above or name != "effective_from":
            yield f"{above}{name}"
    if section is Policy:
        yield from (f"categories.{name}" for name in Category.model_fields if name != "key")
