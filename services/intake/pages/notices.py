"""Pages that say one thing and ask for nothing."""

from collections.abc import Mapping

from shared.web.endpoints import Page


def notice(
    about: str, status: int = 200, place: str = "", headers: Mapping[str, str] | None = None
) -> Page:
    """The texts `<about>_title` and `<about>_text`; `place` is the window they are about."""
    return Page("notice.html", {"about": about, "place": place}, status, headers=headers or {})
