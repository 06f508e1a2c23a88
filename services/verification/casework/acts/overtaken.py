"""A verdict that was being written while somebody else submitted one: both stay, one is chosen."""

from typing import Literal

from services.verification.casework.rules.cases import Case
from shared.web.forms import Fields

Choice = Literal["take", "mine", "merge"]
SECTION = "verdicts"


def is_overtaken(typed: Fields, case: Case) -> bool:
    """Whether a verdict was begun when the case was still another."""
    begun = typed.one("revision")
    return typed.only(SECTION).typed and begun not in ("", str(case.revision))


def chosen(choice: Choice, typed: Fields, finding: str, answer: str) -> Fields:
    """What stays of one's draft: without the verdict, as it is, or with the other's texts above."""
    if choice == "take":
        begun = f"{SECTION}-"
        rest = {name: told for name, told in typed.values.items() if not name.startswith(begun)}
        return Fields(rest)
    if choice == "merge":
        for name, theirs in (("finding", finding), ("answer", answer)):
            field = f"{SECTION}-{name}"
            both = dict.fromkeys(text for text in (theirs, typed.one(field).strip()) if text)
            typed = typed.having(field, "\n\n".join(both))
    return typed
