"""Where sealed values lie: in which columns, and for what each is sealed (`shared.values.seal`).

A test holds the list to the databases: every column whose name ends in `_sealed` is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import Formatter

from shared.values.seal import PURPOSES, Purpose

CASE = "JOIN cases USING (case_id)"


@dataclass(frozen=True)
class Column:
    """A column of a table. `context` names fields of its row, or, `inside` a document, of that.

    `fields` are those that are no columns; `joined` is where others are found.
    """

    service: str
    table: str
    name: str
    context: str = ""
    inside: Mapping[str, str] = field(default_factory=dict)
    joined: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    array: bool = False

    @property
    def templates(self) -> tuple[str, ...]:
        """All that it seals for."""
        return tuple(self.inside.values()) or (self.context,)

    def wanted(self) -> Iterator[tuple[str, str]]:
        """The row's fields that contexts need, and how each is read."""
        names = {name for one in self.templates for _, name, _, _ in Formatter().parse(one) if name}
        own = names - self._documents()
        yield from ((name, self.fields.get(name, name)) for name in sorted(own))

    def _documents(self) -> set[str]:
        return {"number", "addition_id"} if self.inside else set()

    def seals(self, purpose: Purpose) -> bool:
        """Whether any of its values are sealed for it."""
        return any(purpose_of(one) == purpose for one in self.templates)


def purpose_of(context: str) -> Purpose:
    """By its first word."""
    return PURPOSES[context.partition(":")[0]]


_SENT = {
    "words_sealed": "words:{submission_id}",
    "phone_sealed": "phone:{submission_id}",
    "officer_typed_sealed": "words:{submission_id}:officer",
}
_OFFICER = {"officer_typed_sealed": "words:{id}:officer"}
_ADDED = {
    "words_sealed": "words:{addition_id}",
    "officer_typed_sealed": "words:{addition_id}:officer",
}
_TOLD = {
    "word_sealed": "answer:{submission_id}:word:{number}",
    "answer_sealed": "answer:{submission_id}",
}

COLUMNS = (
    Column("intake", "submissions", "words_sealed", "words:{id}"),
    Column("intake", "submissions", "phone_sealed", "phone:{id}"),
    Column("intake", "submissions", "details", inside=_OFFICER),
    Column("intake", "additions", "words_sealed", "words:{id}"),
    Column("intake", "additions", "officer_typed_sealed", "words:{id}:officer"),
    Column("intake", "followups", "words_sealed", "words:{id}"),
    Column("intake", "contacts", "phone_sealed", "phone:{submission_id}"),
    Column("intake", "phone_codes", "phone_sealed", "phone:{submission_id}"),
    Column("intake", "data_requests", "words_sealed", "words:{request_id}"),
    Column(
        "intake", "receipts_due", "link_sealed", "code:{hash}",
        fields={"hash": "encode(receipt_hash, 'hex')"},
    ),
    Column("intake", "timeline", "details", inside=_TOLD),
    Column("verification", "cases", "words_sealed", "words:{submission_id}"),
    Column("verification", "cases", "phone_sealed", "phone:{submission_id}"),
    Column("verification", "cases", "officer_typed_sealed", "words:{submission_id}:officer"),
    Column("verification", "case_additions", "words_sealed", "words:{addition_id}"),
    Column("verification", "case_additions", "officer_typed_sealed", "words:{addition_id}:officer"),
    Column("verification", "commendations", "words_sealed", "words:{commendation_id}"),
    Column(
        "verification", "commendations", "officer_typed_sealed", "words:{commendation_id}:officer"
    ),
    Column("verification", "verdicts", "finding_sealed", "finding:{submission_id}", joined=CASE),
    Column("verification", "verdicts", "answer_sealed", "answer:{submission_id}", joined=CASE),
    Column("verification", "case_actions", "note_sealed", "note:{submission_id}", joined=CASE),
    Column("verification", "case_requests", "reason_sealed", "note:{submission_id}", joined=CASE),
    Column("verification", "evidence", "about_sealed", "note:{submission_id}", joined=CASE),
    Column("verification", "drafts", "typed_sealed", "note:draft:{case_id}:{username}"),
    Column("verification", "holds", "body", inside=_SENT),
    Column("verification", "holds", "added", inside=_ADDED, array=True),
    Column("verification", "hold_decisions", "reason_sealed", "note:{submission_id}"),
    Column("verification", "notice_acknowledgements", "plan_sealed", "note:{notice_id}:plan"),
    Column("verification", "duty_phones", "phone_sealed", "phone:{phone_id}"),
    Column("verification", "second_factors", "secret_sealed", "factor:{username}"),
    Column("verification", "sample_seeds", "seed_sealed", "seed:{day}"),
    Column("rewards", "rewards", "phone_sealed", "phone:{submission_id}"),
    Column("rewards", "contacts", "phone_sealed", "phone:{submission_id}"),
    Column("rewards", "phone_checks", "phone_sealed", "phone:{submission_id}"),
    Column("rewards", "verdicts", "waiting", inside={"phone_sealed": "phone:{submission_id}"}),
    Column("notifications", "messages", "phone_sealed", "phone:{submission_id}"),
    Column("notifications", "messages", "code_sealed", "code:{message_id}"),
)  # fmt: skip

# Not sealed anew: a file of the directory that waits for a "yes", for an hour.
PASSING = (("verification", "import_previews", "file_sealed"),)
# Events on their way, or kept for some days: they go by themselves.
EVENTS = ("outbox", "sent", "inbox_pending")
EVENT_FIELDS: Mapping[str, Purpose] = {
    "phone_sealed": "phone", "code_sealed": "phone", "link_sealed": "phone",
    "words_sealed": "words", "officer_typed_sealed": "words",
    "word_sealed": "answer", "answer_sealed": "answer",
}  # fmt: skip
