"""Bars as plain SVG: no script, no library, readable in print."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, FOOT, LEFT = 720, 180, 20, 48


@dataclass(frozen=True)
class Bar:
    """One bar: what it stands for, how high it is, and how much of it is of the second kind."""

    name: str
    height: int
    part: int = 0


def bars(drawn: Sequence[Bar], title: str, line: int = 0) -> str:
    """A chart with the highest value at its side, and a line at some height if there is one."""
    top = max([line, 1, *(bar.height for bar in drawn)])
    step = (WIDTH - LEFT) / max(len(drawn), 1)
    shapes = [_bar(bar, LEFT + n * step, step, top) for n, bar in enumerate(drawn)]
    every = max(1, len(drawn) // 12)
    names = [
        f'<text x="{LEFT + n * step:.1f}" y="{HEIGHT - 5}">{escape(bar.name)}</text>'
        for n, bar in enumerate(drawn)
        if n % every == 0
    ]
    ruled = _ruled(line, top) if line else ""
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<text x="0" y="12">{top:,}</text><text x="0" y="{HEIGHT - FOOT}">0</text>'
        f"{''.join(shapes)}{''.join(names)}{ruled}</svg>"
    )


def _y(value: float, top: int) -> float:
    return (HEIGHT - FOOT) * (1 - value / top)


def _bar(bar: Bar, x: float, step: float, top: int) -> str:
    told = f"{escape(bar.name)}: {bar.height:,}" + (f" ({bar.part:,})" if bar.part else "")
    whole, part = _y(bar.height, top), _y(bar.part, top)
    width = max(step - 1, 1)
    return (
        f"<g><title>{told}</title>"
        f'<rect x="{x:.1f}" y="{whole:.1f}" width="{width:.1f}"'
        f' height="{HEIGHT - FOOT - whole:.1f}" class="whole"/>'
        f'<rect x="{x:.1f}" y="{part:.1f}" width="{width:.1f}"'
        f' height="{HEIGHT - FOOT - part:.1f}" class="part"/></g>'
    )


def _ruled(line: int, top: int) -> str:
    y = _y(line, top)
    return f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" class="line"/>'
