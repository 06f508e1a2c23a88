"""What a policy changes, in words: whom it concerns, and what is another than before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from shared.policy import Policy
from shared.policy.differences import WHOM, Change, differences
from shared.policy.guards import Hours
from shared.policy.section import Named
from shared.policy.within import Within
from shared.values.money import yuan
from shared.web.terms import within
from shared.web.texts import Texts

# What the number under a key is, by the key's end.
_COUNTED = {
    "working_days": "policy_working_days",
    "answer_days": "policy_working_days",
    "days": "policy_days",
    "repeat_hours": "policy_hours",
    "dispute_hours": "policy_hours",
    "remind_hours": "policy_hours",
    "alert_hours": "policy_hours",
    "working_hours": "policy_hours",
    "after_hours": "policy_hours",
    "reply_hours": "policy_hours",
    "minutes": "policy_minutes",
    "percent": "policy_percent",
}
# Of these the order says something, so that they are told whole.
_IN_ORDER = ("levels", "supervision.levels", "call_languages")


def lines(before: Policy, after: Policy, words: Texts) -> Iterator[str]:
    """Grouped by whom it concerns; a line when nothing changes."""
    since = {"old": before.effective_from, "new": after.effective_from}
    changes = list(differences(before, after))
    if not changes:
        yield words.text("policy_same", **since)
        return
    yield words.text("policy_since", **since)
    told = Telling(words, before, after)
    for whom in WHOM:
        concerned = [change for change in changes if change.whom == whom]
        if concerned:
            yield ""
            yield words.text(f"policy_for_{whom}")
        for change in concerned:
            yield f"  {told.sentence(change)}"
            yield f"    {change.key}" + (f" ({change.what})" if change.what else "")


@dataclass(frozen=True)
class Telling:
    """Changes in the words of a language, and of the two policies' own names."""

    words: Texts
    before: Policy
    after: Policy

    def sentence(self, change: Change) -> str:
        """What is another than before."""
        if change.key == "categories" and None in (change.before, change.after):
            end = "new" if change.before is None else "gone"
            return self.words.text(f"policy.categories.{end}", what=self._name(change.what))
        return self.words.text(
            f"policy.{change.key}",
            what=self._name(change.what),
            old=self._value(change.key, change.before),
            new=self._value(change.key, change.after),
            change=self._moved(change),
        )

    def _name(self, key: str) -> str:
        named = (*self.after.categories, *self.before.categories, *self.after.levels)
        return next((one.called(self.words.language) for one in named if one.key == key), key)

    def _moved(self, change: Change) -> str:
        if not isinstance(change.before, frozenset | tuple) or change.key in _IN_ORDER:
            return ""
        before, after = _ordered(change.before), _ordered(change.after)
        moves = {
            "policy_added": [one for one in after if one not in before],
            "policy_removed": [one for one in before if one not in after],
        }
        told = [self.words.text(k, names=self._list(names)) for k, names in moves.items() if names]
        if len(told) == len(moves):
            return self.words.text("policy_both", one=told[0], other=told[1])
        return told[0] if told else self.words.text("policy_order")

    def _list(self, values: Iterable[Any]) -> str:
        return self.words.text("comma").join(map(self._one, values))

    def _one(self, value: Any) -> str:
        if isinstance(value, Named):
            return value.called(self.words.language)
        named = (key for key in (f"verdict_{value}", f"policy_{value}") if key in self.words)
        key = next(named, None)
        return self.words.text(key) if key else self._name(str(value))

    def _value(self, key: str, value: Any) -> str:
        text = self.words.text
        match value:
            case None:
                return text("policy_nothing")
            case bool():
                return text("policy_yes" if value else "policy_no")
            case int():
                return self._number(key, value)
            case time():
                return f"{value:%H:%M}"
            case Hours():
                return f"{value.opens:%H:%M}–{value.closes:%H:%M}"
            case Within():
                return within(self.words, value)
            case Mapping():
                return _codes(value) or text("policy_nothing")
            case tuple() | frozenset():
                return self._list(_ordered(value)) or text("policy_nothing")
        worded = f"policy_{value}"
        return text(worded) if worded in self.words else str(value)

    def _number(self, key: str, value: int) -> str:
        if key.endswith("_fen"):
            return self.words.text("policy_yuan", yuan=yuan(value))
        if key.endswith("_centipoints"):
            many = 1 if value == 100 else 2
            return self.words.text("policy_points", n=many, points=f"{value / 100:g}")
        unit = next((unit for end, unit in _COUNTED.items() if key.endswith(end)), None)
        return self.words.text(unit, n=value) if unit else str(value)


def _ordered(values: Collection[Any]) -> Sequence[Any]:
    return values if isinstance(values, tuple) else sorted(values)


def _codes(by_level: Mapping[str, Sequence[int]]) -> str:
    told = (f"{level}: {' '.join(map(str, codes))}" for level, codes in by_level.items() if codes)
    return ", ".join(told)
