"""The closed units, known without asking the database for every submission.

Only a copy: every instance refreshes its own from the table (see `jobs`), so none holds a truth
that another lacks for longer than a refresh.
"""


class Closed:
    """The unit codes that take nothing in."""

    def __init__(self) -> None:
        self._codes: frozenset[str] = frozenset()

    def replace(self, codes: frozenset[str]) -> None:
        """Take over the table's present state."""
        self._codes = codes

    def __contains__(self, unit_code: str) -> bool:
        return unit_code in self._codes
