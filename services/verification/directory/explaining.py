"""What is wrong in a file, in words."""

from services.verification.directory.rules.faults import RowError
from shared.events import Language
from shared.web import texts


def explain(error: RowError, language: Language = "en") -> str:
    """What is wrong and what to do."""
    return texts.text(language, error.key, **error.values)
