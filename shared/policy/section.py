"""What every section of a policy is, and what it calls by name."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from shared.policy.kinds import Key, Text, mistake

# The languages in which a policy names things.
SPOKEN = ("zh", "en")


class Part(BaseModel):
    """A section: every key known, nothing changed after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(Part):
    """Something by key, called so in the languages that a policy speaks."""

    key: Key
    zh: Text
    en: Text

    def called(self, language: str) -> str:
        """Its name in a language; in Chinese for those that the policy does not know."""
        return self.en if language == "en" else self.zh


N = TypeVar("N", bound=Named)


def keyed_once(named: Sequence[N]) -> Sequence[N]:
    """No key stands there twice; the second is the one that should change."""
    keys = [one.key for one in named]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise mistake(f"{place}.key", f"{key} stands there twice")
    return named
