"""What is wrong in a file, in words."""

from shared.events import Language
from shared.values.sheet import RowError
from shared.web import texts


def explain(error: RowError, language: Language = "en") -> str:
    """What is wrong and what to do."""
    return texts.text(language, error.key, **error.values)
