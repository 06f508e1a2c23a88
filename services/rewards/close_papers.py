"""What a closed month's document and its sheet say: a row a vendor, and the key's signature."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

from services.rewards.book_views import VendorMonth
from services.rewards.rules.closing import total
from services.rewards.store.closes import Closed
from shared.papers.paper import Paper
from shared.papers.wording import called, headed, words
from shared.policy import Policies
from shared.values.money import yuan
from shared.values.notes import base64

MARK = "公账"


def ref(closed: Closed) -> str:
    """Its number as the document bears it."""
    return called(MARK, closed.year, closed.number)


def rows(closed: Closed) -> list[VendorMonth]:
    """Each vendor, and all together."""
    vendors = [VendorMonth(**row) for row in closed.rows["vendors"]]
    return [*vendors, VendorMonth(**asdict(total(vendors)))]  # type: ignore[arg-type]


def paper(closed: Closed, policies: Policies) -> Paper:
    """The document, headed as the policy said when it was signed."""
    edition = policies.at(closed.closed_at)
    month = words().text("close_month", year=closed.month.year, month=closed.month.month)
    return headed(
        edition.papers,
        ref(closed),
        words().text("close_paper_title", month=month),
        edition.papers.issuer,
        list(_body(closed, month)),
        closed.closed_at,
        rules_from=edition.effective_from,
        signer=closed.signer,
    )


def _body(closed: Closed, month: str) -> Iterator[str]:
    yield words().text("close_paper_begin", month=month)
    for row in rows(closed):
        told = {name.removesuffix("_fen"): yuan(getattr(row, name))
                for name in VendorMonth.model_fields if name != "vendor"}  # fmt: skip
        yield words().text(
            "close_paper_row", vendor=row.vendor or words().text("close_total"), **told
        )
    yield words().text("close_paper_owed", owed=yuan(closed.rows["owed_fen"]))
    yield words().text("close_paper_digest", digest=closed.digest)
    for name, said in proof(closed, words().text):
        yield f"{name}{words().text('colon')}{said}"


def proof(closed: Closed, say: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """The key's signature, in pieces as a line has no room for it, and how it is checked."""
    if closed.signature is None or closed.key_id is None:
        return
    written = base64(closed.signature)
    yield say("close_key_id"), closed.key_id
    yield say("close_signature"), " ".join(written[at : at + 22] for at in range(0, 88, 22))
    yield say("close_check"), say("close_check_how")
