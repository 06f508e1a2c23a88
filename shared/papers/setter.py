"""The child that sets papers: a paper as JSON in, a PDF/A-2 out, each behind its length.

It runs by its path, alone, without our environment or modules, and ends when its parent closes the
pipe or dies. The compiler is kept between papers: what it has read of the fonts costs most.
"""

import json
import resource
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    pass

LENGTH = struct.Struct(">?I")
MEMORY = 512 * 1024 * 1024
STANDARD: Final = "a-2a"
# The best of these that the folder has; the last ones are those that we bring along.
HEADS = ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "Noto Serif SC")
BODIES = ("FangSong_GB2312", "FangSong", "FZFangSong-Z02S", "STFangsong", "Noto Serif SC")


def bound() -> None:
    """The room that this process has from now on; it writes no file."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def best(wanted: Sequence[str], families: Sequence[str]) -> str:
    """The first of the wanted fonts that is there, or the first that there is."""
    return next((one for one in wanted if one in families), families[0])


class Setter:
    """A compiler with the fonts of a folder."""

    def __init__(self, folder: str) -> None:
        import typst

        fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
        )
        families = sorted(fonts.families())
        if not families:
            raise RuntimeError(f"there is no font in {folder}")
        chosen = {"head": best(HEADS, families), "body": best(BODIES, families)}
        self._fonts = json.dumps(chosen)
        self._template = Path(__file__).with_name("paper.typ").read_bytes()
        self._compiler: typst.Compiler = typst.Compiler(font_paths=fonts)

    def pdf(self, paper: str) -> bytes:
        """A paper, given as JSON."""
        said = {"paper": paper, "fonts": self._fonts}
        made = self._compiler.compile(
            self._template, format="pdf", sys_inputs=said, pdf_standards=STANDARD
        )
        if not isinstance(made, bytes):
            raise RuntimeError("it is not one file")
        return made


def frame(content: bytes, *, good: bool = True) -> bytes:
    """A message of the pipe."""
    return LENGTH.pack(good, len(content)) + content


def read(source: BinaryIO) -> bytes | None:
    """The next message, or None when there is nobody any more."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return source.read(LENGTH.unpack(head)[1])


def main(folder: str) -> None:
    """Set what comes until nothing comes; what cannot be set is answered with the reason."""
    bound()
    setter = Setter(folder)
    while (asked := read(sys.stdin.buffer)) is not None:
        try:
            answer = frame(setter.pdf(asked.decode()))
        except RuntimeError as error:
            answer = frame(str(error).encode(), good=False)
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
