"""A notice as a document in the form of GB/T 9704, which is Chinese whoever reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.verification.supervision import rules
from services.verification.supervision.rules import Notice, Outlook
from shared.policy import Policies
from shared.policy.parts import Category
from shared.values import clock
from shared.web.texts import texts

_WORDS = texts("zh")


@dataclass(frozen=True)
class Paper:
    """What stands on it, from the red head to the line of the printers."""

    head: str
    ref: str
    title: str
    to: str
    body: str
    issuer: str
    day: str
    seal: str
    copy_to: str
    office: str
    printed: str


def of(notice: Notice, outlook: Outlook, policies: Policies) -> Paper:
    """The document of a notice, headed as the policy said when it was issued."""
    papers, say = policies.at(notice.detected_at).papers, _WORDS.text
    day = _day(notice.detected_at)
    return Paper(
        head=say("doc_head", issuer=papers.issuer),
        ref=rules.called(papers.mark, notice),
        title=say("doc_title", number=notice.case_number),
        to=notice.place_name,
        body=_body(notice, outlook, policies.at(notice.received_at).categories),
        issuer=papers.issuer,
        day=day,
        seal=say("doc_seal"),
        copy_to=say("doc_copy", place=notice.copy_name) if notice.copy_name else "",
        office=papers.office,
        printed=say("doc_printed", day=day),
    )


def _body(notice: Notice, outlook: Outlook, categories: Sequence[Category]) -> str:
    named = [one.zh for one in categories if one.key in notice.categories]
    said = _WORDS.text(
        "doc_body",
        received=_day(notice.received_at),
        number=notice.case_number,
        about=_WORDS.text("doc_about", about="、".join(named)) if named else "",
        unit=notice.unit_name,
        due=_WORDS.due(notice.deadline_at),
        detected=_WORDS.when(notice.detected_at),
    )
    asked = "doc_do" if notice.place_code == notice.unit_code else "doc_see_to_it"
    last = "doc_last" if outlook == "top" else "doc_climbs"
    return said + _WORDS.text(asked) + _WORDS.text(last)


def _day(at: datetime) -> str:
    day = clock.service_day(at)
    return _WORDS.text("doc_day", year=day.year, month=day.month, day=day.day)
