"""The calendar of working days: as it is in force, and a new one checked before it is put there."""

from dataclasses import dataclass
from typing import Any

from services.verification.directory.rules import holidays as rules
from shared import access
from shared.errors import Invalid, Refused, Wrong
from shared.policy import Policies
from shared.policy.calendar import Calendar
from shared.policy.kinds import YEARS
from shared.values import clock, text
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, Text
from shared.web.uploads import Uploads

ADDRESS = "/desk/directory/holidays"
READERS = staff((*access.CASE_READERS, "leadership", "system_admin"))
LARGEST = 40 * 1024
FILE = {"Content-Disposition": 'attachment; filename="calendar.toml"'}


@dataclass(frozen=True)
class HolidayPages:
    """`/desk/directory/holidays`; what is in force is changed in the policy file alone."""

    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """The calendar, the check of another, and the checked one as a file."""
        return [
            Endpoint("GET", ADDRESS, self.show, "The calendar of working days", READERS),
            Endpoint(
                "POST", ADDRESS, self.check, "Check a calendar of working days", READERS,
                form=True, again=self.again, csrf="token", repeat="form",
                uploads=Uploads({"file": 1}, LARGEST),
            ),
            Endpoint(
                "POST", f"{ADDRESS}/file", self.download, "A checked calendar as a file", READERS,
                form=True, again=self.again, csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The year that is asked for, or this one."""
        return self._page(call)

    async def check(self, call: Call[None, None]) -> Page:
        """What would change; nothing of it is kept."""
        call.fields = _with_file(call)
        return self._page(call, call.fields, checked=_read(call.fields))

    async def download(self, call: Call[None, None]) -> Text:
        """As it stands in the policy file."""
        return Text(rules.written(_read(call.fields)), "application/toml", headers=FILE)

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The calendar with what was typed, and what to mend in which line."""
        return self._page(call, call.fields, refused)

    def _page(
        self,
        call: Call[Any, Any],
        typed: Fields = NONE,
        refused: Refused | None = None,
        checked: Calendar | None = None,
    ) -> Page:
        now = clock.now()
        policy = self.policies.at(now)
        shown, today = checked or policy.calendar, clock.service_day(now, policy.zone)
        asked = text.number(call.asked("year"), YEARS[-1])
        year = asked if asked and asked in YEARS else today.year
        values = {
            "calendar": shown,
            "years": sorted({*rules.years(shown), today.year, year}),
            "year": year,
            "today": today,
            "months": rules.months(shown, year),
            "since": policy.effective_from,
            "later": [one.effective_from for one in self.policies.from_now(now)[1:]],
            "checked": checked is not None,
            "changed": rules.changed(policy.calendar, checked) if checked else {},
            "written": rules.written(checked) if checked else "",
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("holidays.html", values, refused=refused)


def _with_file(call: Call[Any, Any]) -> Fields:
    """The fields, with a file in place of what was typed. Invalid."""
    for file in call.files:
        if file.wrong == "empty":
            continue
        if file.wrong:
            raise Invalid(Wrong("calendar", "wrong.list_too_large", kib=LARGEST // 1024))
        file.content.seek(0)
        raw = file.content.read().decode("utf-8", "replace")
        return call.fields.having("calendar", text.lines(raw.lstrip("\ufeff")))
    return call.fields


def _read(fields: Fields) -> Calendar:
    calendar, wrongs = rules.read(fields.one("calendar"))
    if calendar is None:
        raise Invalid(*wrongs)
    return calendar
