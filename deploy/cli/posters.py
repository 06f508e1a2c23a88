"""What is printed of a code: A5 and A3 posters as PDF, and the bare code as SVG and PNG."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pylopdf_fonts_zh_cn
import segno

from services.verification.commands import Window
from shared.errors import Misconfigured
from shared.events import Language
from shared.policy import Policy
from shared.values.money import yuan
from shared.web import terms
from shared.web.texts import Texts, texts

if TYPE_CHECKING:
    import typst


class Format(StrEnum):
    """What is made of a code: posters of two sizes, and the bare code."""

    A5 = "a5"
    A3 = "a3"
    SVG = "svg"
    PNG = "png"


BARE = (Format.SVG, Format.PNG)
TEMPLATE = Path(__file__).with_name("poster.typ")
# What survives a scratched plate.
CORRECTION = "q"


def bare(address: str, kind: Format) -> bytes:
    """The code alone, with the quiet zone that scanners need."""
    out = io.BytesIO()
    code = segno.make(address, error=CORRECTION, micro=False)
    code.save(out, kind=kind, scale=10, border=4)
    return out.getvalue()


@dataclass(frozen=True)
class Printed:
    """A file to be: how it is made, and the mark of all that goes into it."""

    mark: str
    make: Callable[[], bytes]


@dataclass(frozen=True)
class Printer:
    """Sets posters in a language, with what a policy promises."""

    language: Language
    rule: Policy

    @cached_property
    def words(self) -> Texts:
        """The language's texts."""
        return texts(self.language)

    @cached_property
    def _template(self) -> bytes:
        return TEMPLATE.read_bytes()

    @cached_property
    def _compiler(self) -> typst.Compiler:
        # It is large, and every other command does without it.
        import typst

        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[pylopdf_fonts_zh_cn.sans_path().parent],
        )
        return typst.Compiler(font_paths=fonts)

    def printed(self, window: Window, address: str, kind: Format) -> Printed:
        """A code in a format."""
        if kind in BARE:
            return Printed(_mark(kind, address), partial(bare, address, kind))
        said = self.said(window, address) | {"size": kind}
        make = partial(self.poster, window.unit_code, said)
        return Printed(_mark(kind, said, self._template.decode()), make)

    def poster(self, unit_code: str, said: Mapping[str, str]) -> bytes:
        """A page as PDF, its fonts embedded as far as they are used."""
        try:
            made = self._compiler.compile(self._template, format="pdf", sys_inputs=dict(said))
        except RuntimeError as error:
            raise Misconfigured(f"no poster for {unit_code}: {error}") from None
        if not isinstance(made, bytes):
            raise Misconfigured(f"no poster for {unit_code}: it takes more than a page")
        return made

    def said(self, window: Window, address: str) -> dict[str, str]:
        """Every word of a poster."""
        say = terms.by_policy(self.words.text, self.words, self.rule)
        steps = {f"step{n}": say(f"poster_step_{n}") for n in (1, 2, 3)}
        amount = yuan(self.rule.reward.amount_fen).removesuffix(".00")
        told = {f"text{n}": say(f"poster_text_{n}", yuan=amount) for n in (1, 2, 3)}
        return {
            "lang": self.language,
            "brand": say("brand"),
            "title": say("poster_title"),
            "lead": say("poster_lead"),
            "where": window.name,
            "place": self.place(window),
            "outside": say("poster_outside"),
            "address": address,
            "typed": address.partition("://")[2],
            "code": bare(address, Format.SVG).decode(),
            **steps,
            **told,
        }

    def place(self, window: Window) -> str:
        """Where at the unit it hangs; nothing for the unit itself."""
        say = self.words.text
        if window.officer:
            return say("poster_officer", badge=window.officer)
        if window.kiosk:
            return say("poster_kiosk", number=window.kiosk)
        return say("counter", n=window.counter) if window.counter else ""


def _mark(*parts: object) -> str:
    return sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]
