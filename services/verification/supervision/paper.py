"""A notice as a document in the form of GB/T 9704."""

from collections.abc import Sequence

from services.verification.supervision.rules import Notice, Outlook
from shared.papers.paper import Paper
from shared.papers.wording import called, day, headed, words
from shared.policy import Policies
from shared.policy.naming import Category


def of(notice: Notice, outlook: Outlook, policies: Policies) -> Paper:
    """The document of a notice, headed as the policy said when it was issued."""
    papers = policies.at(notice.detected_at).papers
    return headed(
        papers,
        called(papers.mark, notice.year, notice.number),
        words().text("doc_title", number=notice.case_number),
        notice.place_name,
        [_body(notice, outlook, policies.at(notice.received_at).categories)],
        notice.detected_at,
        rules_from=notice.policy_from,
        copy_to=notice.copy_name,
    )


def _body(notice: Notice, outlook: Outlook, categories: Sequence[Category]) -> str:
    named = [one.called(words().language) for one in categories if one.key in notice.categories]
    said = words().text(
        "doc_body",
        received=day(notice.received_at),
        number=notice.case_number,
        about=words().text("doc_about", about=words().text("comma").join(named)) if named else "",
        unit=notice.unit_name,
        due=words().due(notice.deadline_at),
        detected=words().when(notice.detected_at),
    )
    asked = "doc_do" if notice.place_code == notice.unit_code else "doc_see_to_it"
    last = "doc_last" if outlook == "top" else "doc_climbs"
    return said + words().text(asked) + words().text(last)
