"""The buttons of a page's forms, for tests of what the Enter key presses."""

from html.parser import HTMLParser


class Buttons(HTMLParser):
    """The submit buttons of each form of a page, in the order of the document."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[list[dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A button belongs to the form around it; one that names another would need more care."""
        if tag == "form":
            self.forms.append([])
        if tag == "button" and self.forms and dict(attrs).get("type") != "button":
            assert "form" not in dict(attrs)
            self.forms[-1].append(dict(attrs))
