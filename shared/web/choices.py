"""What somebody has chosen of how pages are shown: language, print, day or night, single keys.

An address asks for it, and a cookie remembers it.
"""

import re
from functools import lru_cache

from aiohttp import hdrs, web

from shared.events import Language
from shared.web.texts import LANGUAGES, home

COOKIE = "mashang_lang"
# Large print, for old eyes: `?size=` and the cookie that remembers it.
SIZE = "mashang_size"
SIZES = ("large", "normal")
# For the staff: day or night, whatever the screen is set to, and whether single keys do something.
THEME, KEYS = "mashang_theme", "mashang_keys"
THEMES, KEYED = ("light", "dark", "auto"), ("on", "off")
CHOICES = (("size", SIZE, SIZES), ("theme", THEME, THEMES), ("keys", KEYS, KEYED))
A_YEAR = 31_536_000
_WEIGHT = re.compile(r"(0?\.[0-9]+|0\.?|1(\.0*)?)")
LEAST = 0.0001
# Chinese as some systems name it: Mandarin, Cantonese, Wu, Min Nan, Hakka.
_SPOKEN = dict.fromkeys(("cmn", "yue", "wuu", "nan", "hak"), "zh")


def language(request: web.Request, ours: tuple[Language, ...] = LANGUAGES) -> Language:
    """`?lang=` first, then the cookie it set, then Accept-Language; else the city's."""
    headers = request.headers
    # Programs ask without either, and neither is read for nothing.
    if request.query_string and (choice := request.query.get("lang", "")) in ours:
        return choice
    if hdrs.COOKIE in headers and (choice := request.cookies.get(COOKIE, "")) in ours:
        return choice
    return preferred(",".join(headers.getall(hdrs.ACCEPT_LANGUAGE, ())), _homeward(home(), ours))


@lru_cache(16)
def _homeward(first: Language, ours: tuple[Language, ...]) -> tuple[Language, ...]:
    return tuple(sorted(ours, key=lambda one: one != first))


@lru_cache(1024)
def preferred(accepted: str, ours: tuple[Language, ...] = LANGUAGES) -> Language:
    """The language of ours that an Accept-Language header wants most, by its q-values.

    `*` is any that it does not name; what has q=0 is only taken where nothing else is left.
    """
    weighed = [_weighed(part) for part in accepted.split(",")]
    unnamed = [lang for lang in ours if lang not in dict(weighed)]
    refused = {primary for primary, weight in weighed if weight == 0}
    for primary, weight in sorted(weighed, key=lambda pair: -pair[1]):
        if weight > 0 and primary in ours:
            return primary
        if weight > 0 and primary == "*" and unnamed:
            return unnamed[0]
    return next((lang for lang in ours if lang not in refused), ours[0])


def _weighed(part: str) -> tuple[str, float]:
    tag, *parameters = (piece.strip().lower() for piece in part.split(";"))
    primary = tag.replace("_", "-").partition("-")[0]
    named = (parameter.partition("=") for parameter in parameters)
    weight = next((value.strip() for name, _, value in named if name.strip() == "q"), "1")
    # Anything but a weight from 0 to 1 is the least wish; NaN could not even be sorted.
    wish = float(weight) if _WEIGHT.fullmatch(weight) else LEAST
    return _SPOKEN.get(primary, primary), wish


def large(request: web.Request) -> bool:
    """Whether pages come in large print."""
    return chosen(request, "size") == "large"


def chosen(request: web.Request, name: str) -> str:
    """What the address asks for, else what the cookie remembers of it; nothing if neither does."""
    cookie, known = next((cookie, known) for one, cookie, known in CHOICES if one == name)
    choice = request.query.get(name, "") if request.query_string else ""
    if choice not in known:
        choice = request.cookies.get(cookie, "") if hdrs.COOKIE in request.headers else ""
    return choice if choice in known else ""
