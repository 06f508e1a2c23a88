"""Form bodies: read whole and once, before anything is asked of the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from shared.errors import Malformed
from shared.values import text

MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 200
# What a form may weigh and still be shown again, though it is refused as too large.
MOST_SHOWN = 512 * 1024


@dataclass(frozen=True)
class Fields:
    """What was typed: every field's values in order."""

    values: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        """The field's value (the last, should it be there twice), or nothing."""
        return (self.values.get(name) or ("",))[-1]

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field that may have several."""
        return self.values.get(name, ())

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def only(self, section: str) -> "Fields":
        """One section of a form that has several: its `<section>-<name>` are `<name>` here."""
        begin = f"{section}-"
        return Fields(
            {
                name.removeprefix(begin): values
                for name, values in self.values.items()
                if section and name.startswith(begin)
            }
        )

    def within(self, section: str) -> "Fields":
        """The same, and the fields that belong to no section."""
        return Fields({**self.values, **self.only(section).values})

    def having(self, name: str, *values: str) -> "Fields":
        """The same with one field as if it had been typed."""
        return Fields({**self.values, name: values})

    @property
    def typed(self) -> bool:
        """Whether any of them says something."""
        return any(value.strip() for values in self.values.values() for value in values)


NONE = Fields({})


def parse(body: bytes) -> Fields:
    """The fields of a urlencoded body. Malformed unless it is UTF-8 and of a sane size."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except (ValueError, UnicodeDecodeError):
        raise Malformed("refused.form_unreadable") from None
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        values[name] = (*values.get(name, ()), text.lines(value))
    return Fields(values)
