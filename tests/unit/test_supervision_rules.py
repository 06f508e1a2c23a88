"""The ladder of supervision notices: who is told when, by the policy of the day of receipt."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.verification.supervision import paper, rules
from services.verification.supervision.rules import Notice, Outlook, Rung
from shared import policy
from shared.policy import Policies
from tests.support import living_by

POLICIES = policy.load(Path(__file__).parents[2] / "deploy" / "policy.toml")
SUPERVISION = POLICIES.editions[-1].supervision
DEADLINE = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 24:00 at the bureau
DAY = timedelta(days=1)


def notice(level: int = 1, **changed: object) -> Notice:
    """The first notice of the first late case, unless told otherwise."""
    due_at = DEADLINE + (level - 1) * DAY
    values = {
        "notice_id": UUID(int=1), "year": 2026, "number": 17, "case_id": UUID(int=2),
        "case_number": "26-000123", "categories": ("buck_passing", "inefficiency"),
        "received_at": DEADLINE - timedelta(hours=8), "unit_code": "u", "unit_name": "熊寨户籍室",
        "deadline_at": DEADLINE, "level": level, "level_key": "unit", "place_code": "u",
        "place_name": "熊寨户籍室", "copy_name": "正阳县", "due_at": due_at,
        "detected_at": due_at + timedelta(seconds=4), "policy_from": date(2019, 5, 15),
        "stands": True, "acknowledged_by": None, "acknowledged_at": None, "plan_sealed": None,
    }  # fmt: skip
    return Notice(**values | changed)  # type: ignore[arg-type]


def test_the_ladder_begins_at_the_due_time_and_rises_daily() -> None:
    """The unit with a copy to its county, the county, the city, the city's leader."""
    assert (
        Rung(1, "unit", timedelta(), "county"),
        Rung(2, "county", DAY),
        Rung(3, "city", 2 * DAY),
        Rung(4, "city_leader", 3 * DAY),
    ) == rules.rungs(SUPERVISION)


def test_each_edition_has_its_days() -> None:
    """Its first day begins at 0:00 of the bureau; the first edition has no beginning."""
    newest = POLICIES.editions[-1]
    faster = newest.supervision.model_copy(update={"repeat_hours": 12})
    changed = {"effective_from": date(2027, 1, 1), "supervision": faster}
    old, new = rules.ladders(Policies([newest, newest.model_copy(update=changed)]))
    turn = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert (None, turn, turn, None) == (old.since, old.until, new.since, new.until)
    assert (DAY, DAY / 2) == (old.rungs[1].after, new.rungs[1].after)


@pytest.mark.parametrize(
    ("level", "stands", "hours", "expected"),
    [(1, True, 1, "climbs"), (1, True, 25, "climbed"), (4, True, 999, "top"),
     (1, False, 1, "stopped"), (4, False, 999, "stopped")],
)  # fmt: skip
def test_what_becomes_of_it(level: int, stands: bool, hours: int, expected: Outlook) -> None:
    """It goes up each day until there is a verdict, or no level is left."""
    now = DEADLINE + timedelta(hours=hours)
    assert expected == rules.outlook(notice(level, stands=stands), SUPERVISION, now)


def test_the_document_of_the_unit() -> None:
    """Number, title, to whom, what is late since when, what is to be done, who has a copy."""
    told = paper.of(notice(), "climbs", POLICIES)
    assert ("驻马店市公安局文件", "驻公督〔2026〕17号") == (told.head, told.ref)
    assert ("关于办件 26-000123 的督办通知", "熊寨户籍室：") == (told.title, told.to)
    assert (
        "群众2026年11月24日反映的办件 26-000123（推诿扯皮、效率低下）由熊寨户籍室承办，"
        "核查结论应于11月24日 24:00前上报，至11月25日 00:00未报。请立即核查，上报结论并答复群众。"
        "仍未上报的，自动报上一级督办。收到后请签收。"
        "本件依照2019年5月15日起施行的工作规定。"
    ) == "".join(told.body)
    assert ("2026年11月25日", "抄送：正阳县。") == (told.day, told.copy_to)


def test_the_document_of_a_level_above() -> None:
    """Whoever is above is asked to see to it; at the last level nobody is left to be told."""
    above = notice(4, place_code="root", place_name="驻马店市", copy_name=None, categories=())
    told = paper.of(above, "top", POLICIES)
    assert "办件 26-000123由熊寨户籍室承办" in told.body[0]
    assert told.body[0].endswith("请督促立即核查，上报结论并答复群众。收到后请签收。")
    assert ("驻马店市：", "") == (told.to, told.copy_to)


def test_a_document_of_a_city_that_speaks_english() -> None:
    """Its number, its date, whom it is to, and every word; no Chinese comma, colon or bracket."""
    file = Path("deploy/policies/complaints-uk.toml")
    with living_by(file):
        told = paper.of(notice(categories=("delay", "conduct")), "climbs", policy.load(file))
    assert ("SUP 2026-17", "熊寨户籍室:", "en") == (told.ref, told.to, told.language)
    assert ("Document of Example Borough Council", "24 November 2026") == (told.head, told.day)
    assert "was to be verified by 24 Nov 16:00; at 24 Nov 16:00 it was not" in told.body[0]
    assert not re.findall("[，、：；。〔〕号月日]", "".join((told.ref, told.title, *told.body)))
