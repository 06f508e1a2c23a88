"""A verdict: whether it is complete, whether it needs a second look, and what it says to others."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Self

from services.verification.casework.rules.cases import Case, State
from services.verification.casework.rules.recusals import persons_in
from shared import access, policy
from shared.access import Operator, Role
from shared.errors import Conflict, Forbidden, Wrong
from shared.events import Attribution, CaseVerified, ClockChanged, Verdict
from shared.policy import Policy
from shared.values import clock, text

Decision = Literal["confirm", "return"]
SUBSTANTIATED: tuple[Verdict, ...] = ("substantiated", "partly")
LONGEST_TEXT = 4000


@dataclass(frozen=True)
class Ruling:
    """What a verdict says, of whom, and of which windows."""

    verdict: Verdict
    attribution: Attribution
    officers: tuple[str, ...]
    categories: tuple[str, ...]
    counters: tuple[int, ...] = field(default=(), kw_only=True)

    def needed(self, categories: tuple[str, ...]) -> Self:
        """The same without what this verdict does not need; `categories` are the citizen's.

        Of what is not substantiated nobody is named, and the citizen's own categories stand.
        """
        if self.verdict not in SUBSTANTIATED:
            return replace(
                self, attribution="none", officers=(), counters=(), categories=categories
            )
        officers = self.officers if self.attribution == "officers" else ()
        counters = self.counters if self.attribution != "policy" else ()
        return replace(self, officers=officers, counters=counters)


@dataclass(frozen=True)
class Draft(Ruling):
    """A verdict as somebody wants to record it; `revision` is the one they have seen."""

    finding: str
    answer: str
    revision: int


def wrongs(
    draft: Draft,
    roster: Collection[str],
    known: Collection[str],
    own: Collection[str],
    windows: int,
) -> Iterator[Wrong]:
    """What is missing or does not fit.

    `roster` are the active badges of the unit, `known` the policy's categories, and `own` are
    the identities of who decides, whom nobody may name; `windows` is how many the unit has.
    """
    confirmed = draft.verdict in SUBSTANTIATED
    if confirmed and draft.attribution == "none":
        yield Wrong("attribution", "attribution_needed")
    if not confirmed and draft.attribution != "none":
        yield Wrong("attribution", "attribution_none")
    yield from _wrong_officers(draft, roster, own)
    if any(counter > windows for counter in draft.counters):
        yield Wrong("counters", "counters_unknown", most=windows)
    if confirmed and not draft.categories:
        yield Wrong("categories", "categories_needed")
    if set(draft.categories) - set(known):
        yield Wrong("categories", "categories_unknown")
    for name, typed in (("finding", draft.finding), ("answer", draft.answer)):
        if not typed.strip():
            yield Wrong(name, f"{name}_needed")
        elif len(typed) > LONGEST_TEXT:
            yield Wrong(name, "text_too_long", most=LONGEST_TEXT)


def _wrong_officers(draft: Draft, roster: Collection[str], own: Collection[str]) -> Iterator[Wrong]:
    if draft.attribution != "officers":
        if draft.officers:
            yield Wrong("officers", "officers_unwanted")
    elif not draft.officers:
        yield Wrong("officers", "officers_needed")
    elif set(draft.officers) - set(roster):
        yield Wrong("officers", "officers_unknown")
    elif set(own) & set(draft.officers):
        yield Wrong("officers", "officers_self")


def spelt(officers: Collection[str], roster: Collection[str]) -> tuple[str, ...]:
    """Badges as the roster spells them, each once; one that is not on it stays as it is."""
    known = {text.badge(badge): badge for badge in roster}
    named = (one if one in roster else known.get(text.badge(one), one) for one in officers)
    return tuple(dict.fromkeys(named))


def may_submit(case: Case, operator: Operator, revision: int) -> None:
    """Conflict or Forbidden when this operator cannot record a verdict now."""
    if revision != case.revision:
        raise Conflict("refused.stale_revision", revision=case.revision)
    if case.state == "in_review":
        raise Conflict("refused.under_review")
    if case.state == "verified" and operator.role not in access.SUPERVISORS:
        raise Forbidden("refused.supervisor_only")
    if not is_above(case, operator):
        raise Forbidden("refused.level_above_decides")


def is_above(case: Case, operator: Operator) -> bool:
    """Whether a case that was opened again is this operator's to decide; any other is."""
    if case.decided_by is None or case.decided_role is None:
        return True
    return access.may_review(operator, case.decided_by, case.decided_role)


def may_attribute(operator: Operator, attribution: Attribution) -> None:
    """Forbidden to a unit operator of whom nobody knows which officer they are."""
    if attribution == "officers" and access.NAMELESS in access.identities(operator):
        raise Forbidden("refused.badge_needed")


@dataclass(frozen=True)
class Step:
    """Where a verdict or a review takes the case."""

    state: State
    review_due_at: datetime | None = None
    review_pending: bool = False

    @property
    def final(self) -> bool:
        """Whether the verdict takes effect."""
        return self.state == "verified"


@dataclass(frozen=True)
class Past:
    """What came before a verdict: all verdicts of its case, and whether a review confirmed one."""

    verdicts: tuple[Verdict, ...] = ()
    confirmed: bool = False


def must_wait(
    verdict: Verdict, author: Role, past: Past, rule: policy.Verification, *, joins: bool
) -> bool:
    """Whether a verdict takes effect only when another person has confirmed it.

    Whoever submits it, and whatever stands there now: no one clears a unit alone, undoes alone what
    two people found, or joins two incidents alone. Nor does a unit alone say that a case is none of
    its matters.
    """
    clears = verdict not in SUBSTANTIATED and bool(set(past.verdicts) & set(SUBSTANTIATED))
    passed_on = verdict == "out_of_scope" and author == "unit_operator"
    listed = passed_on or verdict in rule.second_review_verdicts
    return listed or clears or past.confirmed or joins


def submitted(case: Case, rule: Policy, now: datetime, *, waits: bool, drawn: bool) -> Step:
    """Where a new verdict takes the case.

    One that must wait is in review; one that the sample drew is looked at again afterwards. A
    second look that is due already stays due.
    """
    due = case.review_due_at or _review_due(now, rule.verification, rule)
    if waits:
        return Step("in_review", due)
    sampled = drawn or case.review_pending
    return Step("verified", due if sampled else None, sampled)


def _review_due(now: datetime, rule: policy.Verification, whole: Policy) -> datetime:
    return clock.days_after_due(now, rule.second_review_days, whole.zone)


def may_be_reviewed(case: Case, seen: int) -> None:
    """Conflict when there is nothing to review, or by now another verdict than was `seen`."""
    if seen != case.revision:
        raise Conflict("refused.stale_revision", revision=case.revision)
    if not case.under_review:
        raise Conflict("refused.nothing_to_review")


def corrected(case: Case) -> Case:
    """The case for the verdict of whoever reviewed the one before: its second look is done."""
    return replace(case, state="open", review_due_at=None, review_pending=False)


def reviewed(case: Case, decision: Decision, seen: int) -> Step:
    """Where a review takes the case; see `may_be_reviewed`."""
    may_be_reviewed(case, seen)
    return Step("verified" if decision == "confirm" else "open")


def clock_stopped(case: Case, stopped_at: datetime, now: datetime) -> ClockChanged:
    """The event of a verdict that waits for its second look; `case` already bears its revision."""
    return ClockChanged(
        case_id=case.case_id,
        submission_id=case.submission_id,
        number=2 * case.revision,
        stopped_at=stopped_at,
        due_at=case.verification_due_at,
        changed_at=now,
        word_owed=case.word_owed,
        word_due_at=case.word_due_at,
    )


def clock_restarted(case: Case, due_at: datetime, now: datetime) -> ClockChanged:
    """The event of a verdict that was given back."""
    return ClockChanged(
        case_id=case.case_id,
        submission_id=case.submission_id,
        number=2 * case.revision + 1,
        stopped_at=None,
        due_at=due_at,
        changed_at=now,
        word_owed=case.word_owed,
        word_due_at=case.word_due_at,
    )


def case_verified(
    case: Case,
    answer_sealed: str,
    ruling: Ruling,
    verified_at: datetime,
    verified_by: str,
    overturned: Verdict | None = None,
) -> CaseVerified:
    """The event of a verdict that took effect; `case` is already as the verdict made it."""
    return CaseVerified.of(
        case,
        answer_sealed=answer_sealed,
        categories=ruling.categories,
        counters=ruling.counters,
        verified_at=verified_at,
        kept_from=sorted(persons_in({*case.recused, *case.officers})),
        named=[case.officer_badge] if case.officer_badge else [],
        verified_by=verified_by,
        overturned=overturned,
        recused=sorted(case.recused),
        handed_at=case.verified_at,
        due_at=case.verification_due_at,
    )
