"""The words around a document's own, in the city's language whoever reads it."""

from collections.abc import Sequence
from datetime import date, datetime

from shared.papers.paper import Paper
from shared.policy.papers import Papers
from shared.values import clock
from shared.web.texts import Texts, home, texts


def words() -> Texts:
    """The city's."""
    return texts(home())


def day(at: datetime) -> str:
    """A date as documents bear it."""
    return words().date(clock.service_day(at))


def month(at: datetime) -> str:
    """A month likewise."""
    return words().month(at)


def called(mark: str, year: int, number: int) -> str:
    """A document's number."""
    return words().text("doc_number", mark=mark, year=year, number=number)


def headed(
    rule: Papers,
    ref: str,
    title: str,
    to: str,
    body: Sequence[str],
    issued_at: datetime,
    *,
    rules_from: date,
    copy_to: str | None = None,
    signer: str | None = None,
    withdrawn_at: datetime | None = None,
) -> Paper:
    """A document, headed and ended as the policy says; its last words name the rules it follows."""
    own = words()
    say = own.text
    return Paper(
        head=say("doc_head", issuer=rule.issuer),
        ref=ref,
        title=title,
        to=say("doc_to", place=to),
        body=(*body, say("doc_rules", day=own.date(rules_from))),
        issuer=rule.issuer,
        day=day(issued_at),
        issued_on=clock.service_day(issued_at),
        seal=say("doc_seal"),
        copy_to=say("doc_copy", place=copy_to) if copy_to else "",
        office=rule.office,
        printed=say("doc_printed", day=day(issued_at)),
        signer=say("doc_signer", name=signer) if signer else "",
        withdrawn=say("doc_withdrawn", day=day(withdrawn_at)) if withdrawn_at else "",
        language=own.tag,
    )
