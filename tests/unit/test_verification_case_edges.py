"""Casework's rules at their edges: the minute of receipt, the spacing of calls, the second look."""

import base64
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.verification.casework import bodies, listing, queries
from services.verification.casework.fields import Body
from services.verification.casework.rules import callbacks, cases, verdicts
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.verdicts import Draft, Ruling, Step
from shared import access, policy
from shared.access import Operator, Role
from shared.errors import Conflict, Forbidden, Invalid
from shared.events import (
    Attribution,
    CallbackOutcome,
    CallbackState,
    CaseOpened,
    CaseVerified,
    SubmissionReceived,
    Verdict,
)
from shared.web.texts import texts

POLICY = policy.load(Path(__file__).parents[2] / "deploy" / "policy.toml").editions[0]
BUREAU = ZoneInfo("Asia/Shanghai")
OUTCOMES: tuple[CallbackOutcome, ...] = get_args(CallbackOutcome)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
ATTRIBUTIONS: tuple[Attribution, ...] = get_args(Attribution)
UNREACHED: tuple[CallbackOutcome, ...] = ("no_answer", "busy", "refused", "wrong_number")
NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)


def local(text: str) -> datetime:
    """A time at the bureau, as people write it."""
    return datetime.fromisoformat(text).replace(tzinfo=BUREAU)


def submission(received_at: datetime = NOON, **changed: object) -> SubmissionReceived:
    """A complaint with words and a phone."""
    values = {
        "submission_id": uuid4(), "kind": "complaint", "unit_code": "u1", "satisfaction": 1,
        "words_sealed": "1.words", "phone_sealed": "1.phone", "received_at": received_at,
    }  # fmt: skip
    return SubmissionReceived.model_validate(values | changed)


def case(received_at: datetime = NOON, **changed: object) -> Case:
    """Its case, opened at once."""
    opened = cases.open_case(submission(received_at), POLICY, uuid4(), received_at)
    return Case(**{**vars(opened), **changed})


def who(role: Role, username: str = "someone") -> Operator:
    """Somebody of a role."""
    return Operator(username, username, role, "root")


@pytest.mark.parametrize(
    ("received", "shown"),
    [
        ("2026-05-06 00:00:00", "5月6日 24:00"),
        ("2026-05-06 08:59:59", "5月6日 24:00"),
        ("2026-05-06 18:00:00", "5月6日 24:00"),
        ("2026-05-06 18:00:00.000001", "5月7日 24:00"),
        ("2026-05-06 23:50:00", "5月7日 24:00"),
        ("2026-05-06 23:59:59.999999", "5月7日 24:00"),
        ("2026-05-08 17:00:00", "5月8日 24:00"),  # a Friday
        ("2026-05-09 17:00:00", "5月9日 24:00"),  # a Saturday
        ("2026-10-01 12:00:00", "10月1日 24:00"),  # the national holiday
        ("2026-02-17 19:00:00", "2月18日 24:00"),  # the first day of the lunar year
        ("2028-02-28 18:00:00", "2月28日 24:00"),
        ("2028-02-28 18:00:01", "2月29日 24:00"),
        ("2028-02-29 18:00:01", "3月1日 24:00"),
        ("2027-02-28 18:00:01", "3月1日 24:00"),
        ("2026-12-31 17:59:59", "12月31日 24:00"),
        ("2026-12-31 18:00:01", "1月1日 24:00"),
    ],
)
def test_called_back_and_verified_the_same_day(received: str, shown: str) -> None:
    """「當天進行電話回訪完畢」「當天核查完畢上報」: up to 18:00 exactly that day, no pause."""
    opened = case(local(received))
    assert {shown} == {
        texts("zh").due(opened.callback_due_at), texts("zh").due(opened.verification_due_at),
    }  # fmt: skip


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))
def test_due_at_the_end_of_a_day_not_yet_over(naive: datetime) -> None:
    """Whenever it comes in, there are between 6 and 30 hours, and the due time is midnight."""
    received = naive.replace(tzinfo=UTC)
    due = case(received).callback_due_at
    assert timedelta(hours=6) <= due - received < timedelta(hours=30)
    assert (0, 0, 0) == (due.astimezone(BUREAU).hour, due.minute, due.second)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.timedeltas(timedelta()))
def test_who_comes_later_is_never_due_earlier(naive: datetime, more: timedelta) -> None:
    """Due times keep the order of arrival."""
    received = naive.replace(tzinfo=UTC)
    later = received + min(more, timedelta(days=3))
    assert case(received).callback_due_at <= case(later).callback_due_at


@pytest.mark.parametrize(
    ("after", "late"),
    [(timedelta(microseconds=-1), False), (timedelta(), False), (timedelta(microseconds=1), True)],
)
def test_late_is_after_24_00(after: timedelta, late: bool) -> None:
    """「超期」: at 24:00 sharp it is in time; what counts is the submission, then no clock runs."""
    opened = case()
    at = opened.verification_due_at + after
    assert late == opened.late(at)
    done = replace(opened, state="verified", verified_at=at)
    assert late == done.late(at + timedelta(days=30))


def test_a_case_says_what_the_submission_said() -> None:
    """Everything that the citizen left is on the case, and the event of it gives nothing away."""
    event = submission(
        counter=3, categories=("other", "buck_passing"), officer_badge="170001", urgent=True,
        language="en", phone_index="0" * 32,
    )  # fmt: skip
    opened = cases.open_case(event, POLICY, UUID(int=7), NOON)
    for name in ("counter", "categories", "officer_badge", "urgent", "language", "phone_index"):
        assert getattr(event, name) == getattr(opened, name)
    told = cases.case_opened(opened)
    assert (UUID(int=7), event.submission_id, True) == (
        told.case_id, told.submission_id, told.urgent,
    )  # fmt: skip
    assert not {"words_sealed", "phone_sealed", "phone_index"} & set(CaseOpened.model_fields)


@pytest.mark.parametrize("satisfaction", [None, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("words", [None, "1.words"])
@pytest.mark.parametrize("phone", [None, "1.phone"])
def test_which_ratings_open_a_case(
    satisfaction: int | None, words: str | None, phone: str | None
) -> None:
    """A rating of 1 or 2 does, 3 to 5 never, whatever they leave."""
    event = submission(
        kind="rating", satisfaction=satisfaction, words_sealed=words, phone_sealed=phone
    )
    assert (satisfaction in (1, 2)) == cases.opens_case(event)


# Minutes of the calls so far and of the one now, and what they make of the callback.
SPACINGS: list[tuple[Sequence[float], CallbackState]] = [
    ([0], "open"),
    ([0, 30], "open"),
    ([0, 30, 60], "unreached"),
    ([0, 29.99, 60], "open"),
    ([0, 30, 59.99], "open"),
    ([0, 29.99, 30, 60], "unreached"),
    ([0, 1, 2, 3, 4, 5], "open"),
    ([0, 20, 40, 60], "open"),
    ([0, 20, 40, 60, 80], "unreached"),
    ([0, 0, 0], "open"),
    ([60, 30, 0], "unreached"),
    ([0, 600, 1200], "unreached"),
]


@pytest.mark.parametrize(("minutes", "state"), SPACINGS)
@pytest.mark.parametrize("outcome", UNREACHED)
def test_three_calls_half_an_hour_apart(
    minutes: Sequence[float], state: CallbackState, outcome: CallbackOutcome
) -> None:
    """「當天進行電話回訪完畢」: three logged attempts at least 30 min apart, to the instant."""
    times = [NOON + timedelta(minutes=m) for m in minutes]
    found = callbacks.state_after("open", times[:-1], outcome, times[-1], POLICY.callback)
    assert state == found


@pytest.mark.parametrize("state", get_args(CallbackState))
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_a_call_does_in_every_state(state: CallbackState, outcome: CallbackOutcome) -> None:
    """Only who has a phone and was not reached is called; reached is reached at any time."""
    if state in ("no_phone", "reached"):
        with pytest.raises(Conflict, match="no_phone" if state == "no_phone" else "reached"):
            callbacks.state_after(state, [], outcome, NOON, POLICY.callback)
        return
    earlier = [NOON - timedelta(hours=n) for n in ((1, 2, 3) if state == "unreached" else (1,))]
    found = callbacks.state_after(state, earlier, outcome, NOON, POLICY.callback)
    assert ("reached" if outcome == "reached" else state) == found


@given(st.lists(st.integers(0, 300), max_size=15), st.integers(0, 300))
def test_one_more_call_never_takes_one_away(minutes: list[int], more: int) -> None:
    """An attempt can only bring the citizen nearer to `unreached`, and by one at most."""
    times = [NOON + timedelta(minutes=m) for m in minutes]
    spacing = timedelta(minutes=POLICY.callback.spacing_minutes)
    before = callbacks.count_spaced(times, spacing)
    after = callbacks.count_spaced([*times, NOON + timedelta(minutes=more)], spacing)
    assert before <= after <= before + 1


def draft(**changed: Any) -> Draft:
    """A verdict in order."""
    whole = Draft("substantiated", "unit", (), ("other",), "查明", "答复", 0)
    return replace(whole, **changed)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_who_answers_for_what(verdict: Verdict, attribution: Attribution) -> None:
    """「經核查屬實的」: somebody answers exactly where something was substantiated."""
    officers = ("170001",) if attribution == "officers" else ()
    wanted = draft(verdict=verdict, attribution=attribution, officers=officers)
    found = list(verdicts.wrongs(wanted, {"170001"}, POLICY.category_keys, (), 1))
    fits = (verdict in ("substantiated", "partly")) == (attribution != "none")
    assert fits == (found == [])


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"finding": "x" * 4000, "answer": "文" * 4000}, []),
        ({"finding": "x" * 4001}, [("finding", "text_too_long")]),
        ({"answer": "\u3000\t\n"}, [("answer", "answer_needed")]),
        ({"finding": "", "answer": ""},
         [("finding", "finding_needed"), ("answer", "answer_needed")]),
        ({"verdict": "helped", "attribution": "none", "categories": ()}, []),
        ({"categories": ("other", "brand_new")}, [("categories", "categories_unknown")]),
        ({"attribution": "policy", "officers": ("170001",)}, [("officers", "officers_unwanted")]),
        ({"attribution": "officers", "officers": ("170001", "9")},
         [("officers", "officers_unknown")]),
        ({"attribution": "officers", "officers": ("170001", "own")},
         [("officers", "officers_self")]),
    ],
)  # fmt: skip
def test_every_fault_of_a_verdict_has_its_field(
    changed: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    """What is wrong is named by the field at which it is mended, with words in both languages."""
    found = list(
        verdicts.wrongs(
            draft(**changed), {"170001", "own"}, POLICY.category_keys, {"own", "@li"}, 1
        )
    )
    assert wrong == [(one.field, one.key) for one in found]
    for language in ("zh", "en"):
        assert all(texts(language).wrong(one) for one in found)


STATES: list[tuple[cases.State, Role, int, type[Exception] | None]] = [
    ("open", "unit_operator", 0, None),
    ("open", "city_supervisor", 0, None),
    ("open", "unit_operator", -1, Conflict),
    ("in_review", "unit_operator", 0, Conflict),
    ("in_review", "city_supervisor", 0, Conflict),
    ("verified", "unit_operator", 0, Forbidden),
    ("verified", "unit_operator", -1, Conflict),
    ("verified", "county_supervisor", 0, None),
    ("verified", "county_supervisor", 1, Conflict),
]


@pytest.mark.parametrize(("state", "role", "off", "refusal"), STATES)
def test_when_a_verdict_may_be_recorded(
    state: cases.State, role: Role, off: int, refusal: type[Exception] | None
) -> None:
    """Never in a review, never on a revision that is not the newest, final only from above."""
    found = case(state=state, revision=3)
    if refusal is None:
        verdicts.may_submit(found, who(role), 3 + off)
        return
    with pytest.raises(refusal):
        verdicts.may_submit(found, who(role), 3 + off)


@pytest.mark.parametrize(
    ("decided", "due"),
    [
        ("2026-05-06 00:00:00", "5月7日 24:00"), ("2026-05-06 23:59:59", "5月7日 24:00"),
        ("2028-02-28 20:00:00", "2月29日 24:00"), ("2026-12-31 09:00:00", "1月1日 24:00"),
    ],
)  # fmt: skip
def test_the_reviewer_has_the_next_day(decided: str, due: str) -> None:
    """Whatever the hour of the verdict, the review is due by 24:00 of the day after."""
    step = verdicts.submitted(case(), POLICY, local(decided), waits=True, drawn=False)
    assert step.review_due_at is not None
    assert due == texts("zh").due(step.review_due_at)


@pytest.mark.parametrize(
    ("state", "pending", "reviewable"),
    [("open", False, False), ("in_review", False, True), ("verified", False, False),
     ("verified", True, True)],
)  # fmt: skip
def test_what_can_be_reviewed(state: cases.State, pending: bool, reviewable: bool) -> None:
    """Only a verdict that waits: confirmed it stands, returned the case is open again."""
    found = case(state=state, revision=2, review_pending=pending)
    assert reviewable == found.under_review
    if not reviewable:
        with pytest.raises(Conflict, match="nothing_to_review"):
            verdicts.reviewed(found, "confirm", 2)
        return
    assert Step("verified") == verdicts.reviewed(found, "confirm", 2)
    assert Step("open") == verdicts.reviewed(found, "return", 2)
    for seen in (1, 3):
        with pytest.raises(Conflict, match="stale_revision"):
            verdicts.reviewed(found, "confirm", seen)


def test_every_supervisor_is_reviewed_by_somebody() -> None:
    """For every author there is a role that reviews, and none of a lower level.

    The inspection is of the top; which of its verdicts others see, the rows' policies say.
    """
    may = {
        (author, role)
        for author, role in itertools.product(get_args(Role), repeat=2)
        if access.may_review(who(role, "other"), "author", author)
    }
    assert {
        ("unit_operator", "county_supervisor"), ("unit_operator", "city_supervisor"),
        ("county_supervisor", "city_supervisor"), ("city_supervisor", "city_supervisor"),
        ("inspection", "city_supervisor"),
        *((author, "inspection") for author in access.CASE_WORKERS),
    } == {(a, r) for a, r in may if a in access.CASE_WORKERS}  # fmt: skip


def test_what_is_told_of_a_verdict() -> None:
    """case.verified carries the verdict's own categories and answer, never the finding."""
    final = case(
        revision=2, verdict="partly", attribution="officers", officers=("a", "b"),
        categories=("other",), state="verified", officer_badge="c", verified_at=NOON,
    )  # fmt: skip
    ruling = Ruling("partly", "officers", ("a", "b"), ("buck_passing",), counters=(2,))
    event = verdicts.case_verified(final, "1.answer", ruling, NOON, "li")
    assert (2, "partly", ("a", "b"), ("buck_passing",), "1.answer", final.phone_sealed, (2,)) == (
        event.revision, event.verdict, event.officers, event.categories, event.answer_sealed,
        event.phone_sealed, event.counters,
    )  # fmt: skip
    assert (("c",), "li") == (event.named, event.verified_by)
    assert (final.verified_at, final.verification_due_at) == (event.handed_at, event.due_at)
    assert "finding_sealed" not in CaseVerified.model_fields
    with pytest.raises(ValidationError, match="verdict"):
        verdicts.case_verified(replace(final, verdict=None), "1.answer", ruling, NOON, "li")


@given(
    st.uuids(),
    st.booleans(),
    st.none() | st.datetimes(datetime(2020, 1, 1), timezones=st.just(UTC)),
)
def test_a_cursor_comes_back_as_it_went(case_id: UUID, urgent: bool, due: datetime | None) -> None:
    """Whatever case a page ends with, the cursor leads to the very place after it, in a URL."""
    text = listing.encode(case(case_id=case_id, urgent=urgent, next_due_at=due))
    assert text.replace("-", "").replace("_", "").isalnum()
    assert len(text) <= 200
    found = listing.decode(text)
    assert found is not None
    assert (case_id, urgent, due) == (found.case_id, found.urgent, found.next_due_at)


def wrong_fields(cursor: str) -> list[str]:
    """The fields by which a cursor is refused; none if it is one."""
    try:
        listing.decode(cursor)
    except Invalid as invalid:
        return [wrong.field for wrong in invalid.wrong]
    return []


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True))
def test_any_text_is_a_cursor_or_refused(typed: str) -> None:
    """No cursor that somebody makes up is anything but a 422."""
    assert wrong_fields(typed) in ([], ["cursor"])


@pytest.mark.parametrize(
    "packed",
    ["[]", "{}", "null", '["x",true,null]', '[7,true,null]', '["%s",1,null]', '["%s",true,7]',
     '["%s",true,"2026-05-06"]', '["%s",true,"0001-01-01T00:00:00+23:59"]',
     '["%s",true,"9999-12-31T23:59:59-23:59"]', '["%s",true,null,1]'],
)  # fmt: skip
def test_a_forged_cursor_is_refused(packed: str) -> None:
    """Well-formed JSON that is no place in a list is refused before the database sees it."""
    text = base64.urlsafe_b64encode(packed.replace("%s", str(uuid4())).encode()).decode()
    with pytest.raises(Invalid, match=r"wrong\.cursor"):
        listing.decode(text)


@pytest.mark.parametrize(
    ("state", "due", "accepted"),
    [("all", None, True), ("verified", None, True), ("work", None, False), ("open", None, False),
     ("all", "late", False)],
)  # fmt: skip
def test_a_cursor_belongs_to_its_order(state: str, due: str | None, accepted: bool) -> None:
    """A place without a due time is none in a list by due time: refused, not an empty page."""
    cursor = listing.encode(case(next_due_at=None))
    query = queries.ListQuery.model_validate({"state": state, "due": due, "cursor": cursor})
    if accepted:
        assert listing.cursor_of(query) is not None
        return
    with pytest.raises(Invalid, match=r"wrong\.cursor"):
        listing.cursor_of(query)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("a\x00b", "ab"), ("a\x0bb", "a\nb"), ("a\rb\r\nc", "a\nb\nc"), ("a\u202eb", "ab"),
     ("１２", "１２"), ("👩‍👩‍👧", "👩‍👩‍👧")],
)  # fmt: skip
def test_texts_come_through_one_door(typed: str, kept: str) -> None:
    """What is pasted with invisible characters is taken as it looks, by the API as by the form."""
    verdict = bodies.VerdictBody.model_validate(
        {"verdict": "helped", "attribution": "none", "finding": typed, "answer": typed,
         "revision": 0}
    )  # fmt: skip
    assert (kept, kept) == (verdict.finding, verdict.answer)
    assert kept == bodies.RevealBody.model_validate({"reason": typed}).reason


@pytest.mark.parametrize(
    ("body", "values", "field"),
    [
        (bodies.CallbackBody, {"outcome": "reached", "note": "x" * 2001}, "note"),
        (bodies.CallbackBody, {"outcome": "maybe"}, "outcome"),
        (bodies.CallbackBody, {"outcome": "busy", "attempt": 7}, "attempt"),
        (bodies.ReviewBody, {"decision": "perhaps", "revision": 1}, "decision"),
        (bodies.ReviewBody, {"decision": "confirm", "revision": -1}, "revision"),
        (queries.ListQuery, {"submission_id": "7"}, "submission_id"),
        (queries.ListQuery, {"cursor": "x" * 201}, "cursor"),
        (queries.ListQuery, {"unit": "\x00"}, "unit"),
    ],
)
def test_what_is_not_meant_is_named(
    body: type[Body], values: dict[str, object], field: str
) -> None:
    """A value that cannot be meant is refused by its field."""
    with pytest.raises(ValidationError) as error:
        body.model_validate(values)
    assert [field] == [str(one["loc"][0]) for one in error.value.errors()]


def test_named_twice_is_named_once() -> None:
    """An officer or category that stands there twice counts once; the citizen's by default."""
    values = {
        "verdict": "substantiated", "attribution": "officers", "officers": ["b", "a", "b"],
        "finding": "x", "answer": "y", "revision": 0,
    }  # fmt: skip
    api = bodies.VerdictBody.model_validate(values).draft(("other", "other"))
    assert (("b", "a"), ("other",)) == (api.officers, api.categories)
    form = bodies.VerdictForm.model_validate(values).draft(("other",))
    assert () == form.categories
