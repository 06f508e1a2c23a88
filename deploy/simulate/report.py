"""The report of a play: by which a city can rehearse its policy before it is in force."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from html import escape
from pathlib import Path

from deploy.simulate.bars import Bar, bars
from deploy.simulate.compare import Difference
from deploy.simulate.play import Play, Played
from deploy.simulate.recount import scores
from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import Story
from shared.values.money import yuan
from shared.web.texts import Texts, texts

Say = Callable[..., str]
LANGUAGES = ("zh", "en")
LISTED = 12
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 760px; margin: 2em auto; padding: 0 1em; }
.chart { overflow-x: auto; }
svg { width: 100%; min-width: 640px; font-size: 10px; } svg text { fill: currentColor; }
.whole { fill: #7a97b8; } .part { fill: #b3432b; } .line { stroke: #b3432b; stroke-dasharray: 4; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { text-align: start; padding: .2em .6em .2em 0; border-bottom: 1px solid #8884; }
"""


@dataclass(frozen=True)
class Report:
    """One play, told."""

    chosen: Play
    played: Played
    differences: Sequence[Difference]

    @cached_property
    def stories(self) -> Stories:
        """What happened."""
        return Stories(self.played.log.facts, self.played.book)

    def write(self, folder: Path) -> list[Path]:
        """A file for each language."""
        files = []
        for language in LANGUAGES:
            file = folder / f"report.{language}.html"
            file.write_text(self._page(texts(language)), "utf-8")
            files.append(file)
        return files

    def _page(self, words: Texts) -> str:
        say = words.text
        title = say("simulate.title", units=self.chosen.units, days=self.chosen.days)
        parts = [
            f"<h1>{escape(title)}</h1>",
            f"<p>{escape(say('simulate.about', seed=self.chosen.seed))}</p>",
            _table(self._numbers(say)),
            *_chart(say("simulate.by_day"), self._by_day()),
            *_chart(say("simulate.lateness"), self._late_by_month()),
            *_chart(say("simulate.money"), self._money(), self._budget),
            f"<h2>{escape(say('simulate.units'))}</h2>",
            _table(self._units(), [say(f"simulate.{key}") for key in ("unit", "true", "months",
                                                                       "points")]),
            f"<h2>{escape(say('simulate.recount'))}</h2>",
            self._recounted(say),
        ]  # fmt: skip
        return (
            f'<!doctype html><html lang="{words.tag}"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
            f"<style>{STYLE}</style>{''.join(parts)}</html>"
        )

    def _numbers(self, say: Say) -> list[list[str]]:
        told, figures = self.stories, self.played.held.figures["scoring"]
        judged = [story for story in told if story.verdicts]
        late = sum(map(_late, judged))
        rows = {
            "submissions": f"{len(told.filed):,}",
            "cases": f"{len(told.of):,}",
            "called_in_time": _of(figures["called_back_in_time"], figures["called_back"]),
            "called_same_day": _of(figures["called_back_same_day"], figures["called_back"]),
            "judged_late": _of(late, len(judged)),
            "substantiated": _of(figures["substantiated"], figures["verified"]),
            "notices": f"{len(self.played.held.rows['notices']):,}",
            "sanctions": f"{len(self.played.held.rows['sanctions']):,}",
            "paid": f"{figures['rewards_paid']:,} / {yuan(figures['rewards_paid_fen'])}",
            "held": f"{figures['rewards_held']:,}",
        }
        return [[say(f"simulate.{key}"), number] for key, number in rows.items()]

    def _by_day(self) -> list[Bar]:
        all_of, true = Counter[date](), Counter[date]()
        for story in self.stories:
            day = story.edition.day(story.filed.at)
            all_of[day] += 1
            true[day] += story.counts
        played = {self.chosen.first + timedelta(days=n) for n in range(self.chosen.days)}
        return [
            Bar(f"{day:%m-%d}", all_of[day], true[day]) for day in sorted(played | all_of.keys())
        ]

    def _late_by_month(self) -> list[Bar]:
        all_of, late = Counter[str](), Counter[str]()
        for story in self.stories:
            month = f"{story.edition.day(story.filed.at):%Y-%m}"
            all_of[month] += 1
            late[month] += _late(story)
        return [Bar(month, all_of[month], late[month]) for month in sorted(all_of)]

    def _money(self) -> list[Bar]:
        paid = Counter[str]()
        for row in self.played.held.rows["rewards"]:
            if row["state"] == "paid":
                paid[f"{row['month']:%Y-%m}"] += row["amount_fen"] // 100
        return [Bar(month, paid[month]) for month in sorted(paid)]

    @property
    def _budget(self) -> int:
        rule = self.played.book.editions[-1].rule["reward"]
        return int(rule["budget_month_fen"]) // 100

    def _units(self) -> list[list[str]]:
        months, points = scores.prominent(self.stories), scores.points(self.stories)
        most = self.played.book.editions[-1].rule["prominent"]["incidents"]
        ranked = sorted(months, key=lambda unit: -months[unit].total())[:LISTED]
        return [
            [
                unit,
                f"{months[unit].total():,}",
                ", ".join(f"{m:%m}" for m, n in sorted(months[unit].items()) if n >= most) or "–",
                f"{points.get(unit, 0) / 100:.2f}",
            ]
            for unit in ranked
        ]

    def _recounted(self, say: Say) -> str:
        if not self.differences:
            return f"<p>{escape(say('simulate.agrees'))}</p>"
        rows = [[one.what, one.whose, str(one.expected), str(one.found)]
                for one in self.differences]  # fmt: skip
        return f"<p>{escape(say('simulate.differs', n=len(rows)))}</p>{_table(rows)}"


def _late(story: Story) -> bool:
    """Whether the first verdict came after it was due, or has not come by now."""
    first: datetime | None = story.verdicts[0].at if story.verdicts else None
    due = [span.due for span in story.spans if first is None or span.begins <= first][-1]
    return first is None or first > due


def _of(part: int, whole: int) -> str:
    return f"{part:,} / {whole:,} ({100 * part / whole:.1f}\u00a0%)" if whole else "0"


def _chart(title: str, drawn: Sequence[Bar], line: int = 0) -> Iterable[str]:
    yield f"<h2>{escape(title)}</h2>"
    # On a phone it is wider than the page, or nobody could read its numbers.
    yield f'<div class="chart" tabindex="0" role="group" aria-label="{escape(title)}">'
    yield f"{bars(drawn, title, line)}</div>"


def _table(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table>{f'<tr>{top}</tr>' if head else ''}{body}</table>"
