"""Large print asks one thing a screen: a form's parts in order, and what each of them asks."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.intake.pages.typed import SEVERAL, TEXTS, Typed

PARTS = {
    "kind": ("kind",),
    "categories": ("categories",),
    "words": ("words",),
    "photos": ("attachments",),
    "beside": ("day", "hour", "matter", "counter", "officer_badge", "officer_typed"),
    "urgent": ("urgent", "matter"),
    "phone": ("phone", "call_time", "call_language", "consent"),
}
_LOW: tuple[str, ...] = ("kind", "categories", "words", "photos", "beside", "phone")
_REQUEST: tuple[str, ...] = ("words", "photos", "urgent", "phone")


@dataclass(frozen=True)
class Screen:
    """One part of a form as it was typed; what the others ask comes along unseen."""

    typed: Typed
    takes_photos: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """In the order of the form."""
        asked = _LOW if self.typed.is_low else _LOW[1:]
        if self.typed.kind == "request":
            asked = _REQUEST
        return tuple(part for part in asked if part != "photos" or self.takes_photos)

    @property
    def part(self) -> str:
        """The one that shows; the first unless another was asked for."""
        return self.typed.part if self.typed.part in self.parts else self.parts[0]

    @property
    def number(self) -> int:
        """From 1."""
        return self.parts.index(self.part) + 1

    @property
    def before(self) -> str:
        """The part before, or nothing."""
        return self.parts[self.number - 2] if self.number > 1 else ""

    @property
    def after(self) -> str:
        """The part after, or nothing."""
        return self.parts[self.number] if self.number < len(self.parts) else ""

    @property
    def unseen(self) -> Iterator[tuple[str, str]]:
        """Every field that this part does not ask, with what was typed into it."""
        here = PARTS[self.part]
        for name in TEXTS:
            if name not in here and (value := getattr(self.typed, name)):
                yield name, value
        for name in SEVERAL:
            if name not in here:
                yield from ((name, value) for value in getattr(self.typed, name))
        if self.typed.is_low and "kind" not in here and self.typed.kind:
            yield "kind", self.typed.kind
