"""A document as a printer gets it: the geometry of GB/T 9704, PDF/A-2, and who sets it."""

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import pypdfium2
import pytest

from shared.errors import Unavailable
from shared.papers.paper import Paper
from shared.papers.printer import Printer
from shared.papers.setter import MEMORY
from tests.support import captured_logs

MM = 72 / 25.4
PAPER = Paper(
    head="驻马店市公安局文件",
    ref="驻公督〔2026〕17号",
    title="关于办件 26-000017 的督办通知",
    to="正阳县公安局熊寨派出所户籍室：",
    body=("字" * 28 * 30,),
    issuer="驻马店市公安局",
    day="2026年11月25日",
    issued_on=date(2026, 11, 25),
    seal="印章位置",
    copy_to="抄送：正阳县公安局。",
    office="驻马店市公安局窗口服务监督办公室",
    printed="2026年11月25日印发",
)
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
async def printer() -> AsyncIterator[Printer]:
    """With the fonts that we bring along."""
    async with Printer() as opened:
        yield opened


def chars(page: Any) -> list[tuple[str, Box]]:
    """Each character of a page with its box in millimetres from the top left."""
    text, height = page.get_textpage(), page.get_height()
    found = []
    for index in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(index, loose=True)
        box = (left / MM, (height - top) / MM, right / MM, (height - bottom) / MM)
        found.append((text.get_text_range(index, 1), box))
    return found


def lines(page: Any, of: str) -> list[list[Box]]:
    """The boxes of one character, line by line."""
    rows: dict[int, list[Box]] = {}
    for char, box in chars(page):
        if char == of:
            rows.setdefault(round(box[1]), []).append(box)
    return [sorted(rows[top]) for top in sorted(rows)]


def text_of(document: Any) -> str:
    """What somebody gets who copies it all, without its breaks."""
    pages = (document[n].get_textpage().get_text_range() for n in range(len(document)))
    return "".join("".join(pages).split())


async def test_the_page_has_the_standards_geometry(printer: Printer) -> None:
    """A4, 28 mm left, 156 mm wide, 37 mm above; 28 characters a line and 22 lines a full page."""
    long = replace(PAPER, body=("字" * 28 * 50,))
    document = pypdfium2.PdfDocument(await printer.pdf(long))
    first, second = document[0], document[1]
    assert (210, 297) == (round(first.get_width() / MM), round(first.get_height() / MM))
    rows = lines(second, "字")
    assert ([28] * 22, 22) == ([len(row) for row in rows], len(rows))
    assert 28 == pytest.approx(rows[0][0][0], abs=0.3)
    assert 28 + 156 == pytest.approx(rows[0][-1][2], abs=0.3)
    pitches = [below[0][1] - above[0][1] for above, below in pairwise(rows)]
    assert [225 / 22] * 21 == pytest.approx(pitches, abs=0.05)
    assert 37 == pytest.approx(rows[0][0][1], abs=1.5)
    assert 26 == len(lines(first, "字")[0]), "the first line of a paragraph begins two later"


async def test_everything_stands_where_it_belongs(printer: Printer) -> None:
    """Red head 35 mm into the page, number, line, title, place of the seal, printers at the end."""
    document = pypdfium2.PdfDocument(await printer.pdf(PAPER))
    told = text_of(document)
    for words in (PAPER.head, PAPER.ref, PAPER.to, PAPER.issuer, PAPER.seal, PAPER.copy_to):
        assert "".join(words.split()) in told
    [head, *_] = [box for char, box in chars(document[0]) if char == "驻"]
    assert 37 + 35 == pytest.approx(head[1], abs=3)
    last = document[len(document) - 1]
    printed = [box for char, box in chars(last) if char == "办"][-1]
    assert 37 + 225 > printed[3] > 37 + 225 - 10, "the last line ends with the type area"


@pytest.mark.parametrize("lines", [4, 5, 6])
async def test_a_usual_notice_takes_one_page(printer: Printer, lines: int) -> None:
    """What is free above gives way before the last lines would stand on a page alone."""
    usual = replace(PAPER, body=("字" * (28 * lines - 2),))
    assert 1 == len(pypdfium2.PdfDocument(await printer.pdf(usual)))


async def test_pages_are_numbered_outside(printer: Printer) -> None:
    """7 mm below the type area; odd pages at the right, even ones at the left."""
    document = pypdfium2.PdfDocument(await printer.pdf(replace(PAPER, body=("字" * 28 * 50,))))
    found = {}
    for number in (1, 2):
        low = [(c, box) for c, box in chars(document[number - 1]) if box[1] > 37 + 225]
        found[number] = "".join(c for c, _ in low).replace(" ", ""), low[0][1]
    assert {1: "—1—", 2: "—2—"} == {n: text for n, (text, _) in found.items()}
    assert found[1][1][0] > 150
    assert found[2][1][0] < 40
    assert 37 + 225 + 7 == pytest.approx(found[1][1][1], abs=2)


async def test_it_is_an_archives_file(printer: Printer) -> None:
    """PDF/A-2, marked so, with every font that a text is set in; the same words, the same file."""
    made = await printer.pdf(PAPER)
    assert (b"<pdfaid:part>2<", b"%PDF-1.7") == (
        made[made.index(b"<pdfaid:part>") :][:15],
        made[:8],
    )
    assert made == await printer.pdf(PAPER)


async def test_a_signature_and_a_withdrawal_are_told(printer: Printer) -> None:
    """Who signed stands beside the number, and what was taken back says so on its face."""
    said = replace(PAPER, signer="签发人：李卫东", withdrawn="本文已于2026年11月27日撤销")
    told = text_of(pypdfium2.PdfDocument(await printer.pdf(said)))
    assert "驻公督〔2026〕17号签发人：李卫东" in told
    assert "本文已于2026年11月27日撤销" in told


async def test_a_bureau_brings_its_own_fonts(tmp_path: Path) -> None:
    """What lies in its folder is used, and nothing else."""
    shutil.copy(pylopdf_fonts_zh_cn.sans_path(), tmp_path)
    async with Printer(tmp_path) as printer:
        made = await printer.pdf(PAPER)
    assert (True, False) == (b"NotoSansSC" in made, b"NotoSerifSC" in made)


async def test_one_child_sets_all_and_ends_when_idle() -> None:
    """Two at once take turns with it; a while after the last it is gone, and there is another."""
    async with Printer(idle=0.05) as printer:
        both = await asyncio.gather(printer.pdf(PAPER), printer.pdf(PAPER))
        child = printer.child
        assert child
        assert both[0] == both[1]
        limits = Path(f"/proc/{child}/limits").read_text()
        assert re.search(rf"Max address space +{MEMORY} +{MEMORY} ", limits)
        await until_gone(child)
        assert printer.child is None
        assert both[0] == await printer.pdf(PAPER)


async def test_a_dead_child_is_replaced(printer: Printer) -> None:
    """Whatever kills it between two papers, the next but one is set."""
    await printer.pdf(PAPER)
    os.kill(printer.child or 0, signal.SIGKILL)
    with suppress(Exception):
        await printer.pdf(PAPER)
    assert (await printer.pdf(PAPER)).startswith(b"%PDF")


async def test_a_folder_without_fonts_is_told(tmp_path: Path) -> None:
    """Nothing is set, who asked hears that it does not work now, and the log says what ended."""
    async with Printer(tmp_path) as printer:
        with captured_logs() as told, pytest.raises(Unavailable):
            await printer.pdf(PAPER)
    # asyncio may warn beside it, where the child was gone before it looked.
    events = [line["event"] for line in told if line["event"] != "library warned"]
    assert ["paper setter ended"] == events


async def test_the_child_dies_with_its_parent() -> None:
    """Also when that is killed and can close nothing."""
    program = (
        "import asyncio, tests.unit.test_papers as t\n"
        "async def main():\n"
        "    printer = t.Printer()\n"
        "    await printer.pdf(t.PAPER)\n"
        "    print(printer.child, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await until_gone(child)


async def until_gone(pid: int) -> None:
    """Return when there is no such process any more, or only its remains."""
    async with asyncio.timeout(10):
        while (status := Path(f"/proc/{pid}/stat")).exists():
            with suppress(FileNotFoundError):
                if status.read_text().rpartition(")")[2].split()[0] == "Z":
                    return
            await asyncio.sleep(0.02)
