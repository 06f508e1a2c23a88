"""What citizens are promised, where a policy has other terms than the same day, or no rewards.

A text of that is told by its key with `_terms` at the end, if there is one; it is filled in with
when one is `called` and when one has an answer (`verified`), and with what is `paid`. What names
hotlines and carriers of China has another wording for every other country, with `_elsewhere`.
"""

from collections.abc import Callable, Mapping

from shared.policy import Policy
from shared.policy.within import SAME_DAY, Within
from shared.values.money import yuan
from shared.web.texts import Texts

Say = Callable[..., str]
END, ELSEWHERE = "_terms", "_elsewhere"
_USUAL = "CN"


def within(words: Texts, span: Within) -> str:
    """A term as people say it."""
    if span == SAME_DAY:
        return words.text("policy_same_day")
    ((unit, number),) = span.model_dump(exclude_none=True).items()
    return words.text(f"policy_within_{unit}", n=number)


def is_usual(rule: Policy) -> bool:
    """Whether the usual texts are true of it."""
    same_day = rule.callback.within == rule.verification.within == SAME_DAY
    return same_day and bool(rule.reward.verdicts)


def promised(words: Texts, rule: Policy) -> Mapping[str, str]:
    """The values of such texts."""
    paid = rule.reward
    told = words.text("paid_terms", yuan=yuan(paid.amount_fen), days=paid.days)
    return {
        "called": within(words, rule.callback.within),
        "verified": within(words, rule.verification.within),
        "paid": told if paid.verdicts else "",
    }


def has_hotlines(rule: Policy) -> bool:
    """Whether citizens may call those of China's police and cities as well."""
    return rule.country == _USUAL


def _elsewhere(say: Say, words: Texts) -> Say:
    def t(key: str, **given: object) -> str:
        own = f"{key}{ELSEWHERE}"
        return say(own if own in words else key, **given)

    return t


def by_policy(say: Say, words: Texts, rule: Policy) -> Say:
    """How a template says something by key, under this policy."""
    if not has_hotlines(rule):
        say = _elsewhere(say, words)
    if is_usual(rule):
        return say
    values = promised(words, rule)
    lent = promised(words.home, rule) if words.home else values

    def t(key: str, **given: object) -> str:
        own = f"{key}{END}"
        if own not in words:
            return say(key, **given)
        # A borrowed sentence borrows its terms too: of two languages in one, neither is read.
        return say(own, **{**(lent if words.borrows(own) else values), **given})

    return t
