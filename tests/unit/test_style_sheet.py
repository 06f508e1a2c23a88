"""The style sheets as the oldest browsers read them that they are for.

Citizens hold phones with Chromium 69; the staff's machines have 90 at least.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "shared/web/static"
STAFF, NIGHT, CITIZEN = (STATIC / f"{name}.css" for name in ("staff", "night", "citizen"))
SHEETS = pytest.mark.parametrize("sheet", [STAFF, CITIZEN], ids=lambda sheet: sheet.stem)
LEAST = 14.0  # px, at 17 px a rem

# What the browser drops: a selector takes its whole rule along, a value only its declaration.
UNKNOWN_SELECTORS = {
    CITIZEN: re.compile(r":(is|where|has)\(|:focus-visible"),
    STAFF: re.compile(r":has\(|&"),
}
UNKNOWN_NAMES = {
    CITIZEN: {
        "inset", "padding-inline", "padding-block", "margin-block", "aspect-ratio", "row-gap",
        "column-gap", "place-items", "inset-inline", "scrollbar-gutter", "container",
    },
    STAFF: {"scrollbar-gutter", "container", "scale", "rotate", "translate"},
}  # fmt: skip
UNKNOWN_VALUES = {
    CITIZEN: re.compile(
        r"\b(min|max|clamp|color-mix|light-dark)\(|\b(fit-content|anywhere|dvh|svh|lvh|revert)\b"
    ),
    STAFF: re.compile(r"\b(color-mix|light-dark)\(|\b(dvh|svh|lvh|revert-layer)\b"),
}
# What changes nothing that somebody would miss.
HARMLESS = {
    "text-wrap", "text-spacing-trim", "text-autospace", "accent-color", "text-size-adjust",
}  # fmt: skip


@cache
def rules(sheet: Path) -> tuple[tuple[str, list[tuple[str, str]]], ...]:
    """Every rule: its selectors, and its declarations in order."""
    return tuple(_rules(sheet.read_text("utf-8")))


def _rules(css: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    # Without comments and without the heads of media queries, whose rules are read like all others.
    plain = re.sub(r"@media[^{]*\{", "", re.sub(r"/\*.*?\*/", "", css, flags=re.S))
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain):
        parts = (part.partition(":") for part in body.split(";") if part.strip())
        yield selector.strip(), [(name.strip(), value.strip()) for name, _, value in parts]


def first(sheet: Path) -> dict[str, dict[str, str]]:
    """What each selector declares, before any screen's size changes it."""
    said: dict[str, dict[str, str]] = {}
    for selector, declared in rules(sheet):
        said[selector] = dict(declared) | said.get(selector, {})
    return said


def known(sheet: Path, selector: str) -> bool:
    """Whether the old browser reads a rule at all."""
    return not UNKNOWN_SELECTORS[sheet].search(selector)


@SHEETS
def test_no_rule_is_lost(sheet: Path) -> None:
    """A selector that it does not know stands only where the rule takes something away again."""
    lost = [(s, d) for s, d in rules(sheet) if not known(sheet, s) and d != [("outline", "none")]]
    assert [] == lost


@SHEETS
def test_every_selector_can_be_read(sheet: Path) -> None:
    """One that no browser understands takes its whole rule along."""
    broken = re.compile(r"::[\w-]+::|,\s*(,|$)|^\s*,")
    assert [] == [selector for selector, _ in rules(sheet) if broken.search(selector)]


@SHEETS
def test_the_focus_shows(sheet: Path) -> None:
    """The ring is there by `:focus`, which everybody knows; newer browsers hide it from mice."""
    rings = [
        s
        for s, d in rules(sheet)
        if known(sheet, s) and any(n == "outline" and v != "none" for n, v in d)
    ]
    assert any(selector == ":focus" for selector in rings)
    assert any(":focus + span" in selector for selector in rings)


@SHEETS
def test_every_value_has_one_before_it(sheet: Path) -> None:
    """`min()` and their like come second: the first is what the old browser takes."""
    for selector, declarations in rules(sheet):
        seen: set[str] = set()
        for name, value in declarations:
            if (
                UNKNOWN_VALUES[sheet].search(value)
                and "minmax(" not in value
                and name not in HARMLESS
            ):
                assert name in seen, (selector, name, value)
                # With a variable in it the value is taken, and only then found to be none.
                assert "var(" not in value, (selector, name, value)
            seen.add(name)


@SHEETS
def test_no_property_is_unknown(sheet: Path) -> None:
    """Logical shorthands, `inset` and `aspect-ratio` came later."""
    used = {name for _, declarations in rules(sheet) for name, _ in declarations}
    assert set() == used & UNKNOWN_NAMES[sheet]


def test_gaps_stand_in_grids_only() -> None:
    """In a flex line a citizen's browser ignores them; there the children have margins."""
    grids = " ".join(s for s, d in rules(CITIZEN) if ("display", "grid") in d)
    for selector, declarations in rules(CITIZEN):
        if any(name == "gap" for name, _ in declarations):
            assert ("display", "flex") not in declarations, selector
            assert re.split(r"(?<=\w)[.: ]", selector)[0] in grids, selector


@SHEETS
def test_no_type_is_too_small(sheet: Path) -> None:
    """Face labels and everything else are 14 px at least."""
    said = " ".join(v for _, d in rules(sheet) for n, v in d if n.startswith(("font", "--t")))
    sizes = [
        float(number) * (17 if unit == "rem" else 1)
        for number, unit in re.findall(r"(?<![/\d.])([\d.]+)(px|rem)", said)
    ]
    assert sizes
    assert [] == [size for size in sizes if size < LEAST]


@cache
def tokens(sheet: Path, dark: bool) -> dict[str, str]:
    """The colours by name; the staff's sheet for the dark is another."""
    sheets = [STAFF, NIGHT] if sheet == STAFF else [sheet]
    blocks = re.findall(r":root \{([^}]*)\}", "".join(one.read_text("utf-8") for one in sheets))
    blocks = [one for one in blocks if "--ink" in one]
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
        *(("ink", ground, 11) for ground in ("surface", "ground", "sunken", "hover", "tint")),
        *(("quiet", ground, 5) for ground in ("surface", "ground", "sunken", "hover")),
        ("brand", "surface", 5), ("brand", "ground", 5), ("on-brand", "brand", 5),
        ("brand-deep", "tint", 5), ("on-bar", "bar", 7), ("bar-quiet", "bar", 5),
        ("bar-quiet", "bar-lift", 4.5), ("edge", "surface", 3), ("edge", "ground", 3),
        *((state, f"{state}-tint", 4.5) for state in ("late", "soon", "info")),
        *((state, "surface", 5) for state in ("late", "soon", "info")),
    ],
)  # fmt: skip
def test_what_must_be_seen_is_seen(front: str, back: str, least: float, dark: bool) -> None:
    """Words 4.5 : 1, the borders of what can be pressed 3 : 1, by day and by night."""
    colours = tokens(STAFF, dark)
    assert ratio(colours[front], colours[back]) >= least


GROUNDS = ("paper", "card", "wash")
PAIRS = [
    *(("ink", ground, 13) for ground in ("paper", "card")),
    *(("ink", ground, 7) for ground in ("wash", "seal-wash", "amber-wash")),
    *(("soft", ground, 5) for ground in (*GROUNDS, "amber-wash")),
    *(("pine", ground, 5.5) for ground in GROUNDS), ("on-pine", "pine", 6),
    *(("seal", ground, 5) for ground in (*GROUNDS, "seal-wash")),
    *(("amber", ground, 6) for ground in (*GROUNDS, "amber-wash")),
    *(("edge", ground, 3) for ground in GROUNDS),
    *(("ink", f"f{level}", 7) for level in range(1, 6)),
]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_a_citizen_sees_what_must_be_seen(front: str, back: str, least: float, dark: bool) -> None:
    """More than WCAG asks: words 5 : 1 on every ground they stand on, borders of controls 3 : 1."""
    colours = tokens(CITIZEN, dark)
    assert ratio(colours[front], colours[back]) >= least


def test_no_colour_stands_beside_the_tokens() -> None:
    """Whatever is coloured takes it from a token, so that day and night know all of them."""
    css = CITIZEN.read_text("utf-8").partition("\n.elder")[2]
    # A printer's paper is white, whatever the phone shows.
    assert ["#fff"] == re.findall(r"#[0-9a-f]{3,6}\b", css)
    named = set(re.findall(r"var\(--([\w-]+)\)", css))
    assert named <= set(re.findall(r"--([\w-]+):", CITIZEN.read_text("utf-8")))


def test_the_faces_weigh_the_same() -> None:
    """Their tints differ in hue alone: none is brighter and so invites more than another."""
    for dark in (False, True):
        lights = [brightness(tokens(CITIZEN, dark)[f"f{level}"]) for level in range(1, 6)]
        assert max(lights) - min(lights) < 0.13


def test_large_print_is_large() -> None:
    """23 px, lines at least 1.3 apart, one face a row."""
    said = first(CITIZEN)
    assert "23px" == said[".elder"]["font-size"]
    assert "1fr" == said[".elder .faces"]["grid-template-columns"]
    heights = [v for _, d in rules(CITIZEN) for n, v in d if n == "line-height"]
    assert min(float(height) for height in heights if "rem" not in height) >= 1.2
    assert "1.65" == said["body"]["line-height"]


def test_what_a_citizen_presses_has_an_edge_and_is_large() -> None:
    """Faces, fields, choices: framed by the colour that has the contrast, at least 48 px high."""
    said = first(CITIZEN)
    for selector in (".face", "input, select, textarea", ".pick > span"):
        assert "1px solid var(--edge)" == said[selector]["border"]
        height = said[selector]["min-height"].replace("var(--tap)", "3rem")
        assert float(height.removesuffix("rem")) * 17 >= 48


def test_what_can_be_pressed_has_an_edge() -> None:
    """Fields and choices are framed by the colour that has the contrast."""
    framed = {s: v for s, d in rules(STAFF) for n, v in d if n in ("border", "border-color")}
    controls = [s for s in framed if "input[type=text]" in s or s.startswith(".seg span,")]
    assert 2 == len([s for s in controls if "aria-invalid" not in s])
    for selector in controls:
        assert "--edge" in framed[selector], selector
