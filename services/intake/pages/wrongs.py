"""What is wrong, as a citizen's page tells it: above the form, and at the field."""

from collections.abc import Sequence

from services.intake.pages.typed import shown_at
from shared.errors import KeyReused, Refused, Unavailable, Wrong


def told(refused: Refused | None) -> Sequence[Wrong]:
    """One for each field; what is about none of them is said of the form."""
    if refused is None:
        return []
    if isinstance(refused, KeyReused):
        return [Wrong("form", "wrong.sent_already")]
    if isinstance(refused, Unavailable):
        return [Wrong("form", "wrong.busy")]
    first: dict[str, Wrong] = {}
    for one in refused.wrong:
        first.setdefault(one.field.partition(".")[0], one)
    found = [shown_at(Wrong(name, one.key, **one.values)) for name, one in first.items()]
    return found or [Wrong("form", refused.key, **refused.values)]
