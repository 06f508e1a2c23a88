"""The section of a policy for SMS: when they rest, when they ask, what a day of them may cost."""

from datetime import datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from shared.policy.kinds import Cutoff, Days, Hours, Minutes, MonthFen, mistake
from shared.policy.section import Part
from shared.values import clock

AskHours = Annotated[int, Field(strict=True, ge=1, le=24 * 14)]


class Messages(Part):
    """From `quiet_from` to before `quiet_until` nothing but one-time codes and urgent pages goes.

    `reserve_fen` is beside `day_fen`, for those two and the alert of unpaid rewards. A number rests
    `rest_minutes` between two. The two questions are asked `ask_after_hours` after the answer,
    without it not by SMS; for `reply_hours` a reply is to them. For `resend_days` a person may send
    again what is settled.
    """

    quiet_from: Cutoff = time(22)
    quiet_until: Cutoff = time(8)
    rest_minutes: Minutes = 5
    day_fen: MonthFen = 30_000
    reserve_fen: MonthFen = 15_000
    ask_after_hours: AskHours | None = None
    reply_hours: Hours = 72
    resend_days: Days = 3

    @model_validator(mode="after")
    def _codes_always_have_money(self) -> Self:
        if self.day_fen and not self.reserve_fen:
            raise mistake("reserve_fen", "nothing is left for one-time codes and urgent pages")
        return self

    def is_quiet(self, at: datetime, zone: ZoneInfo) -> bool:
        """By the clocks at the bureau; the two times are the same where it never is."""
        local = at.astimezone(zone).time()
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= local < self.quiet_until
        return local >= self.quiet_from or local < self.quiet_until

    def wakes(self, at: datetime, zone: ZoneInfo) -> datetime:
        """When the quiet hours in which `at` lies are over, in UTC."""
        local = at.astimezone(zone)
        later = self.quiet_from > self.quiet_until and local.time() >= self.quiet_from
        day = local.date() + timedelta(days=int(later))
        return clock.at_bureau(day, self.quiet_until, zone)
