"""Documents as they are read and printed: criticisms, sanctions, interviews, clearing notes."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from services.scoring.rules.sanctions import Sanction
from services.scoring.store.papers import Counted, Kind, Numbered
from shared.papers.paper import Paper
from shared.papers.wording import called, day, headed, month, words
from shared.policy import Policies, Policy


def ref(one: Numbered, policies: Policies) -> str:
    """Its number as documents bear it."""
    return numbered(one.kind, one.year, one.number, policies, one)


def numbered(
    kind: Kind, year: int, number: int, policies: Policies, one: Numbered | Sanction
) -> str:
    """The same for what is known of it."""
    at = one.issued_at if isinstance(one, Numbered) else one.decided_at or one.proposed_at
    return called(getattr(policies.at(at).papers.marks, kind), year, number)


def paper(one: Numbered, cases: Sequence[Counted], policies: Policies) -> Paper:
    """The document, headed as the policy said when it was issued."""
    rule = policies.at(one.issued_at).papers
    return headed(
        rule,
        ref(one, policies),
        words().text(f"paper_title_{one.kind}", unit=one.unit_name, officer=one.officer or ""),
        one.unit_name,
        list(_body(one, cases, policies)),
        one.issued_at,
        rules_from=_rules(one, cases, policies).effective_from,
        signer=one.signer,
        withdrawn_at=one.withdrawn_at,
    )


def _rules(one: Numbered, cases: Sequence[Counted], policies: Policies) -> Policy:
    """Those of the last case, which crossed the line; a document without cases is of its day."""
    return policies.at(max((case.received_at for case in cases), default=one.issued_at))


def _body(one: Numbered, cases: Sequence[Counted], policies: Policies) -> Iterator[str]:
    say = words().text
    if one.kind == "interview":
        yield say("paper_body_interview", unit=one.unit_name)
        months = (month(c.received_at) for c in _firsts(cases))
        for one_month, found in groupby(months):
            yield say("paper_month", month=one_month, number=len(list(found)))
    elif one.kind == "inspection":
        yield say("paper_body_inspection", unit=one.unit_name)
        for number, case in enumerate(cases, 1):
            yield say("paper_strike", number=number, case=told(case, policies))
    elif one.kind in ("criticism", "clearing"):
        yield from (
            say(
                f"paper_body_{one.kind}", unit=one.unit_name, officer=one.officer or "",
                badge=one.badge or "", case=told(case, policies),
            )
            for case in cases
        )  # fmt: skip
    else:
        badge = one.badge or ""
        yield say("paper_body_strikes", officer=one.officer or "", badge=badge, unit=one.unit_name)
        for number, case in enumerate(_firsts(cases), 1):
            yield say("paper_strike", number=number, case=told(case, policies))
    if one.remark:
        yield say("paper_remark", remark=" ".join(one.remark.split()))
    yield say(f"paper_end_{one.kind}")


def _firsts(cases: Sequence[Counted]) -> Iterator[Counted]:
    """The first complaint of each incident."""
    seen = set()
    for case in cases:
        if case.incident_id not in seen:
            seen.add(case.incident_id)
            yield case


def told(case: Counted, policies: Policies) -> str:
    """A case in a few words: when it came, what it was about, what was found.

    A document says the same to everybody, whoever prints it: of what is the inspection's it never
    says what it was about.
    """
    own = words()
    found = {"day": day(case.received_at), "verdict": own.text(f"paper_found_{case.verdict}")}
    if case.inspected:
        return own.text("paper_case_inspected", **found)
    known = {one.key: one.called(own.language) for one in policies.at(case.received_at).categories}
    about = own.text("comma").join(known.get(key, key) for key in case.categories)
    return own.text("paper_case", about=about, **found)
