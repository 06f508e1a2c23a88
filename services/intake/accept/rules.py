"""How the parts of a submission must fit together, what is urgent, what is promised. No I/O."""

from datetime import datetime

from services.intake.accept.submission import Draft
from shared.errors import Wrong
from shared.policy import Policy, promises
from shared.policy.promises import Due
from shared.values import text

LOW = 2


def wrong(draft: Draft, policy: Policy) -> list[Wrong]:
    """Everything that does not fit together; empty when the submission can be taken in."""
    found = []
    if draft.kind == "rating" and draft.satisfaction is None:
        found.append(Wrong("satisfaction", "wrong.satisfaction_missing"))
    if draft.categories and not may_have_categories(draft):
        found.append(Wrong("categories", "wrong.categories_not_here"))
    if not policy.category_keys.issuperset(draft.categories):
        found.append(Wrong("categories", "wrong.categories_unknown"))
    if draft.kind == "request" and not draft.words:
        found.append(Wrong("words", "wrong.words_missing"))
    if draft.kind == "complaint" and not (draft.words or draft.categories):
        found.append(Wrong("words", "wrong.complaint_empty"))
    return found


def may_have_categories(draft: Draft) -> bool:
    """Categories say what went wrong: for complaints, and for a satisfaction of 1 or 2."""
    return draft.kind == "complaint" or is_low(draft.satisfaction)


def is_low(satisfaction: int | None) -> bool:
    """不满意 or 非常不满意: asks for more than a tap."""
    return satisfaction is not None and satisfaction <= LOW


def urgent(draft: Draft, policy: Policy) -> bool:
    """A request with one of the policy's words, or that the citizen ticked as urgent (rule 3)."""
    return draft.kind == "request" and (draft.urgent or _has_urgent_word(draft.words or "", policy))


def _has_urgent_word(words: str, policy: Policy) -> bool:
    plain = text.keyword(words)
    return any(word in plain for word in policy.urgent.plain)


def due(draft: Draft, policy: Policy, received_at: datetime) -> Due:
    """The times that its receipt promises: none where no case will be opened for it."""
    words, phone = bool(draft.words), bool(draft.phone)
    if not promises.opens_case(draft.kind, draft.satisfaction, words=words, phone=phone):
        return promises.NOTHING
    callback, verification = promises.same_day(received_at, policy)
    return Due(callback if phone else None, verification)
