"""A seeded defect: one text of the tree replaced by a worse one, and who should notice."""

from dataclasses import dataclass


class DoesNotApply(ValueError):
    """The tree has changed: the text to be replaced is not there, or not only once."""


@dataclass(frozen=True)
class Defect:
    """`old` in `file` becomes `new`; `tests` (files, or single tests of them) must then fail.

    `why` is one sentence: what it would do to money, proof, privacy or what people are owed.
    """

    name: str
    why: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def applied(self, text: str) -> str:
        """The file's text with the defect in it."""
        if (times := text.count(self.old)) != 1:
            raise DoesNotApply(f"{self.name}: its text stands {times} times in {self.file}")
        return text.replace(self.old, self.new)
