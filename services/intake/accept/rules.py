"""How the parts of a submission must fit together, what is urgent, what is promised. No I/O."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from services.intake.accept.addition import Addition
from services.intake.accept.submission import Draft
from shared.errors import Wrong
from shared.events import Consent, Kind
from shared.policy import Policy, promises
from shared.policy.promises import Due
from shared.values import text

LOW = 2
# How many of each a submission may have, with all that is added to it.
WHOLE: Mapping[str, int] = {"photo": 9, "voice": 3}
CLOCKS_DIFFER = timedelta(minutes=10)
REMEMBERED = timedelta(days=3 * 366)


def wrong(draft: Draft, policy: Policy, now: datetime) -> list[Wrong]:
    """Everything that does not fit together; empty when the submission can be taken in."""
    found = []
    if draft.kind == "rating" and draft.satisfaction is None:
        found.append(Wrong("satisfaction", "wrong.satisfaction_missing"))
    if draft.categories and not may_have_categories(draft.kind, draft.satisfaction):
        found.append(Wrong("categories", "wrong.categories_not_here"))
    if not policy.category_keys.issuperset(draft.categories):
        found.append(Wrong("categories", "wrong.categories_unknown"))
    if draft.kind == "request" and not draft.words:
        found.append(Wrong("words", "wrong.words_missing"))
    if draft.kind == "complaint" and not (draft.words or draft.categories):
        found.append(Wrong("words", "wrong.complaint_empty"))
    if draft.occurred_at and (key := _wrong_time(draft.occurred_at, now)):
        found.append(Wrong("occurred_at", key))
    if draft.call_language and draft.call_language not in policy.call_language_keys:
        found.append(Wrong("call_language", "wrong.call_language"))
    return found


def _wrong_time(occurred_at: datetime, now: datetime) -> str | None:
    if occurred_at > now + CLOCKS_DIFFER:
        return "wrong.occurred_future"
    return "wrong.occurred_long_ago" if occurred_at < now - REMEMBERED else None


def may_have_categories(kind: Kind, satisfaction: int | None) -> bool:
    """They say what went wrong, or what went well: for complaints and for ratings."""
    return kind == "complaint" or (kind == "rating" and satisfaction is not None)


def wrong_addition(
    addition: Addition, kind: Kind, satisfaction: int | None, policy: Policy
) -> list[Wrong]:
    """The same of what is added to a submission."""
    found = []
    if addition.categories and not may_have_categories(kind, satisfaction):
        found.append(Wrong("categories", "wrong.categories_not_here"))
    if not policy.category_keys.issuperset(addition.categories):
        found.append(Wrong("categories", "wrong.categories_unknown"))
    if addition.empty:
        found.append(Wrong("words", "wrong.addition_empty"))
    return found


def too_many(before: Iterable[str], more: Iterable[str]) -> list[Wrong]:
    """Of photos and recordings, by their names, with those that a submission has already."""
    kinds = Counter(name.partition("/")[0] for name in {*before, *more})
    return [
        Wrong("attachments", f"wrong.{kind}_enough", n=most)
        for kind, most in WHOLE.items()
        if kinds[kind] > most
    ]


def consent(draft: Draft, policy: Policy, now: datetime) -> Consent | None:
    """What is recorded of the tick beside the phone."""
    if not (draft.consent and draft.phone):
        return None
    noted = policy.consent
    return Consent(
        notice=noted.notice,
        purposes=noted.purposes(draft.kind),
        recipients=noted.recipients,
        at=now,
    )


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
    if not promises.opens_case(draft.kind, draft.satisfaction):
        return promises.NOTHING
    bare = promises.is_bare(draft.kind, words=words, phone=phone)
    graded = promises.Graded(draft.categories, urgent(draft, policy))
    callback, verification = promises.due(received_at, policy, graded, bare=bare)
    return Due(callback if phone else None, verification)
