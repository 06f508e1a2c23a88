"""Who reads what is on record of an officer, and who says that a document has been read."""

from services.scoring.rules.sanctions import Rule
from shared import access
from shared.access import Operator

# Leadership is told by it; nobody at the unit has to read it.
UPWARDS: tuple[Rule, ...] = ("alert",)


def may_read(who: Operator, badge: str) -> bool:
    """No officer reads another's record, whatever else they see of their own unit."""
    return who.role != "unit_operator" or who.badge is None or badge in access.identities(who)


def is_addressed(who: Operator, kind: str, unit_code: str, badge: str | None) -> bool:
    """Whether a document is for whoever works at the unit; about an officer, for that one.

    An officer without an account of their own is told by whoever leads the window.
    """
    ours = who.role == "unit_operator" and who.scope == unit_code and kind not in UPWARDS
    return ours and (badge is None or may_read(who, badge))
