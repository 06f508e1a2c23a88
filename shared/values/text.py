"""The one door for what people type: identifiers, single lines, free text, keywords.

Nothing else in the house looks at typed characters with `\\d`, `isdigit` or byte equality: digits
of every script become ASCII, look-alike dashes become `-`, what cannot be seen does not count.
"""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Marks that shape Arabic, Indic and emoji stay (ZWNJ, ZWJ, LRM, RLM, ALM); what hides or turns the
# text around it goes.
_KEPT_MARKS = frozenset("\u200c\u200d\u200e\u200f\u061c")
_DASHES = re.compile("[\u00ad\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d\u30fc\u2500]")
_NO_MARKS = str.maketrans("", "", "-._·•'\"")
_MARKS = r"[-._·•,:;!#*'\"“”‘’()\[\]「」『』【】。、]"
_AROUND = re.compile(f"^{_MARKS}+|{_MARKS}+$")
# What people write before and behind the number on a badge: 警号：170004, No. 170004, 170004号.
_LABEL = re.compile(
    r"^(?:警号|警员号|警官号|警员|民警|工号|编号|证号|胸牌号?|胸号|号码|BADGE"
    rf"|NO(?=[.:]|{_MARKS}*[0-9])){_MARKS}*|号$"
)
_NOT_DIGIT = re.compile("[^0-9]")
_LOOK_ALIKES = str.maketrans("OIL", "011")
_NO_WORD = re.compile(r"[\W_]+")
_FOREIGN_DIGITS = re.compile(r"(?![0-9])\d")
_SPACES = re.compile(r"\s+")
_HAN = "[\u3400-\u9fff\U00020000-\U0003ffff]"
_PADDING = re.compile(f"(?<={_HAN}) (?={_HAN})")
# Spellings that people use for the same word, after folding to simplified characters.
_VARIANTS = (("身分", "身份"), ("帐号", "账号"), ("证件照片", "证件照"), ("著急", "着急"))


def lines(typed: str) -> str:
    """Free text: one kind of line break, nothing invisible that could break or turn a page."""
    text = unicodedata.normalize("NFC", _BREAKS.sub("\n", typed))
    if text.isprintable():
        return text
    return "".join(c for c in text if _is_text(c))


def _is_text(character: str) -> bool:
    if character in "\n\t" or character in _KEPT_MARKS:
        return True
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn")


def line(typed: str) -> str:
    """A name or another single line: every run of spaces, of whatever width, is one plain space."""
    return _SPACES.sub(" ", lines(typed)).strip()


def name(typed: str) -> str:
    """A person's name: a line without the spaces that pad two Chinese characters (张　三)."""
    return _PADDING.sub("", line(typed))


def identifier(typed: str) -> str:
    """A code, number or name for machines: NFKC, ASCII digits, `-` for every dash, no spaces."""
    if typed.isascii() and typed.isprintable():
        return typed.replace(" ", "")
    folded = unicodedata.normalize("NFKC", _DASHES.sub("-", typed))
    seen = "".join(_ascii_digit(c) for c in _DASHES.sub("-", folded) if _is_visible(c))
    return unicodedata.normalize("NFKC", seen)


def _is_visible(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character)[0] not in "CZ"


def _ascii_digit(character: str) -> str:
    if character.isascii():
        return character
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def username(typed: str) -> str:
    """A log-in name: an identifier in small letters."""
    return identifier(typed).lower()


def look_alike(code: str) -> str:
    """What codes are compared by: one case, and the letters that look like digits as digits."""
    return code.upper().translate(_LOOK_ALIKES)


def badge(typed: str) -> str:
    """What badges are compared by: one case, no label, no marks, no zeros before it."""
    bare = identifier(typed.replace("№", "No.")).upper()
    while (less := _less(bare)) != bare:
        bare = less
    return bare


def _less(badge: str) -> str:
    bare = _LABEL.sub("", _AROUND.sub("", badge)).translate(_NO_MARKS)
    return bare.lstrip("0") or bare[:1]


def badge_core(typed: str) -> str:
    """The digits of a badge without letters around and zeros before them: `P-0170004A` → 170004."""
    return _NOT_DIGIT.sub("", look_alike(badge(typed))).lstrip("0")


def is_near_badge(one: str, other: str) -> bool:
    """Whether a badge may be a slip of the other: other letters around, or one character wrong.

    Wrong is one character too many, too few, another one, or two that changed places.
    """
    first, second = look_alike(badge(one)), look_alike(badge(other))
    core = badge_core(one)
    return first == second or (bool(core) and core == badge_core(other)) or _slip(first, second)


def _slip(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if not short or len(long) - len(short) > 1:
        return False
    start = next((n for n, c in enumerate(short) if c != long[n]), len(short))
    rest, further = short[start:], long[start:]
    if len(short) < len(long):
        return rest == further[1:]
    return rest[1:] == further[1:] or (rest[:2] == further[1::-1] and rest[2:] == further[2:])


def unusable(typed: str) -> tuple[int, str] | None:
    """The first character that no font can show, as its place from 1 and its `U+` name.

    Private use and replacement characters come from broken conversions; the name is lost.
    """
    for place, character in enumerate(typed, 1):
        if character == "\ufffd" or unicodedata.category(character) == "Co":
            return place, f"U+{ord(character):04X}"
    return None


def number(typed: str, most: int) -> int | None:
    """A whole number from 0 to `most`; None if it is none."""
    digits = identifier(typed)
    fits = is_digits(digits) and len(digits) <= len(str(most))
    return int(digits) if fits and int(digits) <= most else None


def is_digits(bare: str) -> bool:
    """Whether there is nothing but the digits 0 to 9, and at least one."""
    return bare.isascii() and bare.isdecimal()


def keyword(typed: str) -> str:
    """What a word is compared by: letters and digits only, one case, simplified characters."""
    folded = unicodedata.normalize("NFKC", typed).casefold()
    bare = _FOREIGN_DIGITS.sub(lambda found: _ascii_digit(found[0]), _NO_WORD.sub("", folded))
    simple: str = _to_simplified().convert(bare)
    for variant, usual in _VARIANTS:
        simple = simple.replace(variant, usual)
    return simple


@cache
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")
