"""The house's words: one catalogue a language, by key, in `locale/<language>.po`.

A key is a name (`wrong.phone`), not a sentence, so all catalogues are translations. `{names}` in a
text are filled in; a text with plural forms takes the form for `n`. A further language is a further
file. One that lacks texts is for citizens only, who read those in the city's language; staff are
offered the languages that have them all.
"""

import gettext
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po

from shared.errors import Key, Refused, Wrong
from shared.events import Language
from shared.values import clock

LOCALE = Path(__file__).parent / "locale"
HOME: Language = "zh"
# Up to here a countdown says more than a time.
_NEAR = timedelta(hours=10)
_FIRST = (HOME, "en")
_home: Language = HOME
_FOUND = sorted(file.stem for file in LOCALE.glob("*.po"))
LANGUAGES: tuple[Language, ...] = (*_FIRST, *(code for code in _FOUND if code not in _FIRST))


def home() -> Language:
    """The city's language: of its documents and SMS, and for whoever asks for none of ours."""
    return _home


def set_home(language: Language) -> None:
    """Make it another, as the policy names it; once, at a service's start."""
    global _home
    _home = language
    texts.cache_clear()


@dataclass(frozen=True, eq=False)
class Texts:
    """One language's words, in one object. `plural` gives the form's number for `n`.

    What it lacks is told in the words of `home`; the home language has none but its own.
    """

    language: Language
    locale: Locale
    forms: Mapping[str, tuple[str, ...]]
    plural: Callable[[int], int]
    home: "Texts | None" = None

    @property
    def direction(self) -> str:
        """Which way it is written, as HTML says it."""
        return self.locale.text_direction

    @property
    def tag(self) -> str:
        """HTML's name of the language."""
        return self.text("language_tag")

    def __contains__(self, key: str) -> bool:
        return key in self.forms or (self.home is not None and key in self.home)

    def borrows(self, key: str) -> bool:
        """Whether a text is told in the home language's words."""
        return key not in self.forms and self.home is not None

    def text(self, key: str, **values: object) -> str:
        """The text of a key. KeyError if there is none, or a value is missing (a defect)."""
        if self.home and key not in self.forms:
            return self.home.text(key, **values)
        forms = self.forms[key]
        number = values.get("n")
        form = forms[self.plural(number) if len(forms) > 1 and isinstance(number, int) else 0]
        if not values and "{" not in form and "}" not in form:
            return form
        named = {name: self.text(v) if isinstance(v, Key) else v for name, v in values.items()}
        return form.format(**named)

    def wrong(self, wrong: Wrong) -> str:
        """What to do about a field."""
        return self.text(wrong.key, **wrong.values)

    def refused(self, refused: Refused) -> str:
        """What to do about a refusal."""
        return self.text(refused.key, **refused.values)

    def when(self, at: datetime) -> str:
        """A moment at the bureau, in words: `11月23日 14:47` or `23 Nov 14:47`."""
        return self._format(at, "pattern_when")

    def due(self, at: datetime) -> str:
        """A due time as people say it: a day's end is 24:00 of that day, not 0:00 of the next."""
        if at != clock.end_of_day(clock.service_day(at) - timedelta(days=1)):
            return self.when(at)
        return f"{self._format(at - timedelta(minutes=1), 'pattern_day')} 24:00"

    def left(self, at: datetime) -> str:
        """How long until a due time, near it in hours and minutes; else when it is due."""
        span = at - clock.now()
        minutes = int(abs(span) / timedelta(minutes=1))
        if span < timedelta():
            # Whole hours, and of long ago whole days: to the minute nobody needs it any more.
            hours, days = minutes // 60, minutes // (24 * 60)
            if days >= 2:
                return self.text("over_days", n=days)
            return (
                self.text("over_hours", n=hours) if hours else self.text("over_minutes", n=minutes)
            )
        if span < _NEAR:
            return self.text("left_time", hours=minutes // 60, minutes=minutes % 60)
        return self._ahead(at)

    def _ahead(self, at: datetime) -> str:
        """Today and tomorrow with the time, later the day: what a list has room for."""
        last = at - timedelta(minutes=1)
        away = (clock.service_day(last) - clock.service_day(clock.now())).days
        if away > 1:
            return self._format(last, "pattern_day")
        ends = at == clock.end_of_day(clock.service_day(last))
        hour = "24:00" if ends else f"{at.astimezone(clock.home()):%H:%M}"
        return self.text("due_tomorrow_at" if away else "due_today_at", hour=hour)

    def moment(self, at: datetime) -> str:
        """When something is said to have happened: only the day where it is 0:00."""
        if at != clock.end_of_day(clock.service_day(at) - timedelta(days=1)):
            return self.when(at)
        return self._format(at, "pattern_day")

    def date(self, on: date) -> str:
        """A day as documents bear it: `2026年11月23日` or `23 November 2026`."""
        return format_date(on, self.text("pattern_date"), locale=self.locale)

    def month(self, at: datetime) -> str:
        """The month it is in: `2026年11月` or `November 2026`."""
        return self._format(at, "pattern_month")

    def _format(self, at: datetime, key: str) -> str:
        return _formatted(at, self.text(key), self.locale, clock.home())


# A page says the same few days and hours again and again.
@lru_cache(4096)
def _formatted(at: datetime, pattern: str, locale: Locale, zone: ZoneInfo) -> str:
    return format_datetime(at.astimezone(zone), pattern, locale=locale)


@cache
def texts(language: Language) -> Texts:
    """A language's catalogue, read once."""
    with (LOCALE / f"{language}.po").open("rb") as file:
        catalog = read_po(file)
    entries = ((message.id, message.string) for message in catalog if message.id)
    forms = {id_ if isinstance(id_, str) else id_[0]: _forms(string) for id_, string in entries}
    locale, lent = catalog.locale, None if language in (HOME, _home) else texts(_home)
    return Texts(language, locale or Locale(HOME), forms, gettext.c2py(catalog.plural_expr), lent)


@cache
def whole() -> tuple[Language, ...]:
    """The languages that have every text."""
    every = texts(HOME).forms.keys()
    return tuple(code for code in LANGUAGES if every <= texts(code).forms.keys())


def text(language: Language, key: str, **values: object) -> str:
    """A text by key."""
    return texts(language).text(key, **values)


def _forms(string: str | Iterable[str] | None) -> tuple[str, ...]:
    return (string or "",) if isinstance(string, str | None) else tuple(string)
