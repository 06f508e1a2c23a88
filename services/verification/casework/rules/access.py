"""Who may see and do what: roles, the place in the tree, recusal."""

from shared.access import Operator, Role

WORKERS: tuple[Role, ...] = ("unit_operator", "county_supervisor", "city_supervisor")
READERS: tuple[Role, ...] = (*WORKERS, "auditor")
SUPERVISORS: tuple[Role, ...] = ("county_supervisor", "city_supervisor")
_RANK: dict[Role, int] = {"unit_operator": 1, "county_supervisor": 2, "city_supervisor": 3}


def may_review(reviewer: Operator, author: str, author_role: Role) -> bool:
    """A second review comes from the level above; in the city itself, from another person."""
    if reviewer.role not in SUPERVISORS or reviewer.username == author:
        return False
    if reviewer.role == "city_supervisor":
        return True
    return _RANK[reviewer.role] > _RANK.get(author_role, 0)
