"""Pages that say one thing, and ask for nothing but a receipt code."""

from collections.abc import Mapping

from services.intake.follow.api import PRIVATE
from shared.errors import Wrong
from shared.web.replies import Page

# Nor may it reach a search engine.
HIDDEN = PRIVATE | {"X-Robots-Tag": "noindex, nofollow"}


def notice(
    about: str, status: int = 200, place: str = "", headers: Mapping[str, str] | None = None
) -> Page:
    """The texts `<about>_title` and `<about>_text`; `place` is the window they are about."""
    return Page("notice.html", {"about": about, "place": place}, status, headers=headers or {})


def find(about: str, status: int = 200, typed: str = "", wrong: Wrong | None = None) -> Page:
    """A notice with the field for a receipt code, holding what was typed."""
    values = {"about": about, "typed": typed, "wrong": wrong}
    return Page("find.html", values, status, headers=HIDDEN if typed else {})
