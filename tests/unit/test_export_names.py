"""Each list that may be taken away has a name for whoever watches who took which."""

from shared.web.exports import Exports
from shared.web.texts import texts, whole
from tests.wired import endpoints


def test_each_list_has_its_name() -> None:
    """In every language of staff; without one the page of those who watch would be an error."""
    owners = (getattr(one.handler, "__self__", None) for _, one in endpoints())
    lists = {one.what for one in owners if isinstance(one, Exports)}
    assert {"record", "complaints", "papers"} < lists
    assert [] == [
        (language, what)
        for language in whole()
        for what in sorted(lists)
        if f"exports_of_{what}" not in texts(language).forms
    ]
