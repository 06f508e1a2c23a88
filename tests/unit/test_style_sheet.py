"""The style sheet as an old browser reads it: Chromium 69, which many phones' apps still hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "shared/web/static/mashang.css").read_text("utf-8")
# Without comments and without the heads of media queries, whose rules are read like all others.
PLAIN = re.sub(r"@media[^{]*\{", "", re.sub(r"/\*.*?\*/", "", CSS, flags=re.S))
LEAST = 14.0  # px, at 17 px a rem

# What Chromium 69 drops: a selector takes its whole rule along, a value only its declaration.
UNKNOWN_SELECTORS = re.compile(r":(is|where|has)\(|:focus-visible")
UNKNOWN_NAMES = {
    "inset", "padding-inline", "padding-block", "margin-block", "aspect-ratio", "row-gap",
    "column-gap", "place-items", "inset-inline", "scrollbar-gutter", "container",
}  # fmt: skip
UNKNOWN_VALUES = re.compile(
    r"\b(min|max|clamp|color-mix|light-dark)\(|\b(fit-content|anywhere|dvh|svh|lvh|revert)\b"
)
# What changes nothing that somebody would miss.
HARMLESS = {"text-wrap", "text-spacing-trim", "accent-color", "text-size-adjust"}


def rules() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Every rule: its selectors, and its declarations in order."""
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", PLAIN):
        parts = (part.partition(":") for part in body.split(";") if part.strip())
        yield selector.strip(), [(name.strip(), value.strip()) for name, _, value in parts]


def known(selector: str) -> bool:
    """Whether the old browser reads a rule at all."""
    return not UNKNOWN_SELECTORS.search(selector)


def test_no_rule_is_lost() -> None:
    """A selector that it does not know stands only where the rule takes something away again."""
    lost = [(s, d) for s, d in rules() if not known(s) and d != [("outline", "none")]]
    assert [] == lost


def test_the_focus_shows() -> None:
    """The ring is there by `:focus`, which everybody knows; newer browsers hide it from mice."""
    rings = [
        s for s, d in rules() if known(s) and any(n == "outline" and v != "none" for n, v in d)
    ]
    assert any(selector == ":focus" for selector in rings)
    assert any(":focus + span" in selector for selector in rings)


def test_every_value_has_one_before_it() -> None:
    """`min()` and their like come second: the first is what the old browser takes."""
    for selector, declarations in rules():
        seen: set[str] = set()
        for name, value in declarations:
            if UNKNOWN_VALUES.search(value) and "minmax(" not in value and name not in HARMLESS:
                assert name in seen, (selector, name, value)
                # With a variable in it the value is taken, and only then found to be none.
                assert "var(" not in value, (selector, name, value)
            seen.add(name)


def test_no_property_is_unknown() -> None:
    """Logical shorthands, `inset` and `aspect-ratio` came later."""
    used = {name for _, declarations in rules() for name, _ in declarations}
    assert set() == used & UNKNOWN_NAMES


def test_gaps_stand_in_grids_only() -> None:
    """In a flex line it ignores them; there the children have margins."""
    grids = " ".join(s for s, d in rules() if ("display", "grid") in d)
    for selector, declarations in rules():
        if any(name == "gap" for name, _ in declarations):
            assert ("display", "flex") not in declarations, selector
            assert re.split(r"(?<=\w)[.: ]", selector)[0] in grids, selector


def test_no_type_is_too_small() -> None:
    """Face labels and everything else are 14 px at least."""
    sizes = [v for _, d in rules() for n, v in d if n == "font-size" and v.endswith("rem")]
    assert sizes
    assert [] == [size for size in sizes if 17 * float(size.removesuffix("rem")) < LEAST]


def tokens(dark: bool) -> dict[str, str]:
    """The colours by name."""
    blocks = re.findall(r":root \{([^}]*)\}", CSS)
    light, night = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", one)) for one in blocks[:2])
    return light | night if dark else light


def brightness(colour: str) -> float:
    """WCAG's relative luminance."""
    digits = colour.removeprefix("#")
    pairs = [d * 2 for d in digits] if len(digits) == 3 else re.findall("..", digits)
    parts = [int(pair, 16) / 255 for pair in pairs]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """WCAG's contrast."""
    high, low = sorted((brightness(one), brightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "card", 7), ("ink", "ground", 7), ("quiet", "card", 4.5), ("quiet", "ground", 4.5),
        ("brand", "card", 4.5), ("brand", "ground", 4.5), ("on-brand", "brand", 4.5),
        ("brand", "tint", 4.5), ("bad", "bad-tint", 4.5), ("bad", "card", 4.5),
        ("warn", "warn-tint", 4.5), ("edge", "card", 3), ("edge", "ground", 3),
    ],
)  # fmt: skip
def test_what_must_be_seen_is_seen(front: str, back: str, least: float, dark: bool) -> None:
    """Words 4.5 : 1, the borders of what can be pressed 3 : 1, by day and by night."""
    colours = tokens(dark)
    assert ratio(colours[front], colours[back]) >= least


def test_what_can_be_pressed_has_an_edge() -> None:
    """Fields, choices and faces are framed by the colour that has the contrast."""
    framed = {s: v for s, d in rules() for n, v in d if n in ("border", "border-color")}
    controls = [s for s in framed if "input[type" in s or s in (".choice span", "button.face")]
    assert 3 == len([s for s in controls if "aria-invalid" not in s])
    for selector in controls:
        assert "--edge" in framed[selector] or "--bad" in framed[selector], selector
