"""The place in the tree, as the codes of units tell it."""


def subtree(scope: str) -> str:
    """What the codes of all units below a place begin with.

    Places are numbered as GB/T 2260 does: six digits, of which a city's last two are 00.
    """
    return scope[:4] if len(scope) == 6 and scope.endswith("00") else scope
