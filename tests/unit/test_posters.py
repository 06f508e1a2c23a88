"""Posters as a printer and a phone see them: rendered, decoded, their text copied."""

from collections.abc import Iterator
from ctypes import c_void_p
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from pypdfium2 import raw

from deploy.cli.made import Folder
from deploy.cli.posters import Format, Printer, bare
from services.intake.accept import codes
from services.verification.commands import Window
from shared import policy

KEYS = {"1": b"k" * 32}
MM = 72 / 25.4
LONGEST = "驻马店市公安局经济开发区分局关王庙派出所户籍室"
RULE = policy.load(Path("deploy/policy.toml")).editions[-1]
DEARER = RULE.model_copy(update={"reward": RULE.reward.model_copy(update={"amount_fen": 3000})})
PRINTER = Printer("zh", RULE)


def address(**place: Any) -> str:
    """Where a genuine code leads."""
    return f"https://mashang.example/w/{codes.sign(KEYS, '411724006', **place)}"


def page(window: Window, leads: str, size: str = "a5", printer: Printer = PRINTER) -> Any:
    """The only page of a poster."""
    document = pypdfium2.PdfDocument(printer.printed(window, leads, Format(size)).make())
    assert 1 == len(document)
    return document[0]


def text_of(shown: Any) -> str:
    """What somebody gets who copies it all, without its breaks."""
    return "".join(str(shown.get_textpage().get_text_range()).split())


def decoded(shown: Any, dots_per_mm: float) -> list[str]:
    """What a scanner reads of the printed page."""
    bitmap = shown.render(scale=dots_per_mm / MM, grayscale=True)
    rows = memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.stride))
    return [code.text for code in zxingcpp.read_barcodes(rows)]


def fonts(shown: Any) -> Iterator[tuple[str, bool]]:
    """Every font that a text of the page is set in, and whether the file brings it along."""
    for one in shown.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
        font: c_void_p = raw.FPDFTextObj_GetFont(one.raw)
        name = bytes(100)
        length = raw.FPDFFont_GetBaseFontName(font, name, len(name))
        yield name[: length - 1].decode(), bool(raw.FPDFFont_GetIsEmbedded(font))


@pytest.mark.parametrize(("size", "width", "height"), [("a5", 148, 210), ("a3", 297, 420)])
def test_a_poster_is_read_by_a_scanner(size: str, width: int, height: int) -> None:
    """The code of the rendered page, also as coarse as 3 dots a millimetre, is the window's own."""
    leads = address(counter=2)
    shown = page(Window("411724006", "正阳县公安局寒冻派出所户籍室", 2), leads, size)
    assert (width, height) == tuple(round(side / MM) for side in shown.get_size())
    assert [leads] == decoded(shown, 3) == decoded(shown, 8)


def test_a_poster_says_what_a_citizen_needs() -> None:
    """Unit, counter, three steps, the routes past the window; all of it text in embedded fonts."""
    shown = page(Window("411724006", "正阳县公安局寒冻派出所户籍室", 2), address(counter=2))
    said = text_of(shown)
    for words in (
        "码上评", "正阳县公安局寒冻派出所户籍室", "2号窗口", "1扫码", "2点一下", "3看结果",
        "查实奖励20元话费", "12389", "12345", address(counter=2).partition("//")[2],
    ):  # fmt: skip
        assert words in said
    assert {True} == {embedded for _, embedded in fonts(shown)}
    # Six letters and a plus sign say that only the characters in use are there.
    assert {"NotoSansSC-Regular"} == {name[7:] for name, _ in fonts(shown) if name[6] == "+"}


def test_only_the_characters_in_use_are_embedded() -> None:
    """A poster is some 50 kB, not the font's eight megabytes."""
    made = PRINTER.printed(Window("411724006", LONGEST), address(), Format.A5).make()
    assert len(made) < 120_000


def test_the_longest_name_stays_on_its_line() -> None:
    """It is set smaller; nothing is pushed to a second page, in either language."""
    for language in ("zh", "en"):
        printer = Printer(language, RULE)
        shown = page(Window("411724006", LONGEST), address(), printer=printer)
        assert LONGEST in text_of(shown)


def test_an_officers_poster_names_the_badge_alone() -> None:
    """The number that hangs on the uniform, and no person's name."""
    window = Window("411724006", "寒冻派出所户籍室", officer="170001")
    assert "警号170001" in text_of(page(window, address(officer="170001")))


def test_the_bare_code_is_read() -> None:
    """SVG and PNG carry the same address, with the margin that scanners want around it."""
    assert bare(address(), Format.SVG).startswith(b"<?xml")
    assert bare(address(), Format.PNG).startswith(b"\x89PNG")


def test_what_is_whole_and_unchanged_is_not_made_again(tmp_path: Path) -> None:
    """A run that was killed goes on where it was; a changed mark or a lost file is made anew."""
    calls: list[str] = []

    def put(folder: Folder, name: str, mark: str) -> None:
        def make() -> bytes:
            calls.append(name)
            return mark.encode()

        folder.put(name, mark, make)

    first = Folder.of(tmp_path)
    put(first, "a", "1")
    put(first, "b", "1")
    (tmp_path / "b").unlink()
    second = Folder.of(tmp_path)
    put(second, "a", "1")
    put(second, "b", "1")
    put(second, "a", "2")
    assert ["a", "b", "b", "a"] == calls
    assert (b"2", 1) == ((tmp_path / "a").read_bytes(), second.kept)
    put(Folder.of(tmp_path), "a", "2")
    assert 4 == len(calls)


def test_half_a_file_is_never_there(tmp_path: Path) -> None:
    """Whatever fails while a file is made leaves the one of before."""

    def broken() -> bytes:
        raise OSError(28, "No space left on device")

    folder = Folder.of(tmp_path)
    folder.put("a", "1", lambda: b"old")
    with pytest.raises(OSError, match="No space"):
        folder.put("a", "2", broken)
    assert b"old" == (tmp_path / "a").read_bytes()


def test_a_mark_changes_with_all_that_is_printed() -> None:
    """Another name, address, language or reward is another poster."""
    window = Window("u", "窗口")
    marks = {
        printer.printed(one, leads, Format.A5).mark
        for printer in (PRINTER, Printer("en", RULE), Printer("zh", DEARER))
        for one in (window, Window("u", "改名"))
        for leads in ("https://m/w/1", "https://m/w/2")
    }
    assert 12 == len(marks)
