"""The sandbox's parts on a book of their own: a witness must be right before it is believed."""

import asyncio
import csv
import io
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from deploy.sandbox import misbehave, options, tasks, when, witness
from deploy.sandbox.admin import Wanted
from deploy.sandbox.book import Book, BookInUseError
from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.config import ConfigError
from deploy.sandbox.dialects import DIALECTS, of_kind
from deploy.sandbox.digits import ending, national, network, served, settle_seconds
from deploy.sandbox.faults import AIRTIME_ONLY, Armed, Fault, FaultBox, Kind
from deploy.sandbox.options import parse
from deploy.sandbox.parts import Parts
from deploy.sandbox.problem import wrong_fields
from deploy.sandbox.shelf import Sold
from deploy.sandbox.statement import COLUMNS, statement
from deploy.sandbox.tasks import Task, Worker, add_task, finish_task, postpone_task
from tests.conftest import eventually
from tests.vendors import AIRTIME, SMS

VENDOR = AIRTIME.name
DAY = datetime(2026, 11, 25)
NOON = when.china_day(DAY)[0] + 12 * 3600
ENOUGH = {k: v for dialect in DIALECTS.values() for k, v in dialect.environment("seed").items()}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """An empty one."""
    opened = Book(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def faults(book: Book) -> FaultBox:
    """Nothing armed."""
    return FaultBox(book)


@pytest.fixture
def parts(book: Book, faults: FaultBox, tmp_path: Path) -> Parts:
    """What a handler needs, with the vendors' accounts."""
    return Parts(parse(["--data", str(tmp_path)], ENOUGH), book, faults)


def paid(book: Book, external: str, fen: int = 2000, **changed: Any) -> None:
    """A line of the book."""
    row = {
        "vendor": VENDOR, "external_id": external, "product_id": 1, "phone": "13977770100",
        "fen": fen, "currency": "CNY", "status": "COMPLETED", "created_at": NOON, "paid_at": NOON,
    } | changed  # fmt: skip
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    with book.writing() as db:
        db.execute(f"INSERT INTO airtime ({names}) VALUES ({marks})", list(row.values()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"fen": 0}, {"fen": -1}, {"paid_at": None}, {"status": "CONFIRMED"},
        {"reversed_at": NOON}, {"status": "REVERSED"},
    ],
    ids=str,
)  # fmt: skip
def test_the_book_refuses_what_cannot_be(book: Book, wrong: dict[str, Any]) -> None:
    """Nothing paid without a time, no gift: not even by our own mistake."""
    paid(book, "good")
    with pytest.raises(sqlite3.IntegrityError):
        paid(book, **({"external": "other"} | wrong))
    assert 1 == witness.airtime(book.db, None, None)["paid_count"]


def test_a_failed_transaction_leaves_nothing(book: Book) -> None:
    """Whatever was written in it, and the next one is none the worse."""
    with suppress(RuntimeError), book.writing() as db:
        add_task(db, "x", 1, 0)
        raise RuntimeError
    assert not book.changed.is_set()
    with book.writing() as db:
        add_task(db, "y", 1, 0)
    assert ["y"] == [row["kind"] for row in book.db.execute("SELECT kind FROM tasks")]
    assert book.changed.is_set()


def test_a_book_is_one_sandboxs(book: Book, tmp_path: Path) -> None:
    """A second one in the same folder is refused in a line; afterwards it may."""
    with pytest.raises(BookInUseError, match="choose another --data"):
        Book(tmp_path)
    book.close()
    Book(tmp_path).close()


def test_forgetting_keeps_faults_and_numbers(book: Book, faults: FaultBox) -> None:
    """A row's number is never used again, so that a late callback finds nobody else's order."""
    paid(book, "a")
    faults.arm(Fault(vendor=VENDOR, kind="delay"))
    assert {"airtime": 1, "sms": 0, "tasks": 0, "nonces": 0} == book.clear()
    paid(book, "b")
    assert [2] == [row["id"] for row in book.db.execute("SELECT id FROM airtime")]
    assert 1 == len(faults.all())


def test_the_witness_counts_what_is_paid_now(book: Book) -> None:
    """Reversed, declined and open ones are counted apart; a double payment shows by number."""
    paid(book, "a")
    paid(book, "b", 500)
    paid(book, "c", phone="13877770100", currency="USD")
    paid(book, "d", status="REVERSED", reversed_at=NOON + 1)
    for external, status in (("e", "DECLINED-BARRED"), ("f", "SUBMITTED")):
        paid(book, external, status=status, paid_at=None)
    told = witness.airtime(book.db, None, None)
    counts = {name: told[f"{name}_count"] for name in ("paid", "reversed", "declined", "open")}
    assert {"paid": 3, "reversed": 1, "declined": 1, "open": 1} == counts
    assert ({"CNY": 2500, "USD": 2000}, {"CNY": 2000}) == (told["sum_fen"], told["reversed_fen"])
    assert {
        "13877770100": {"paid_count": 1, "sum_fen": 2000},
        "13977770100": {"paid_count": 2, "sum_fen": 2500},
    } == told["by_number"]
    assert 6 == len(told["transactions"])


@pytest.mark.parametrize(
    ("vendor", "external", "found"),
    [(None, None, 2), (VENDOR, None, 2), ("other", None, 0), (None, "a", 1), (VENDOR, "' OR 1", 0)],
)
def test_the_witness_can_be_asked_for_less(
    book: Book, vendor: str | None, external: str | None, found: int
) -> None:
    """By vendor, by the customer's reference, by both; a reference is a value, never SQL."""
    paid(book, "a")
    paid(book, "b")
    assert found == witness.airtime(book.db, vendor, external)["paid_count"]
    assert 0 == witness.sms(book.db, vendor, external)["sent_count"]


@pytest.mark.parametrize(
    ("status", "open_"), [("CREATED", True), ("CONFIRMED", True), ("CANCELLED", False)]
)
def test_an_unknown_state_is_no_payment(book: Book, status: str, open_: bool) -> None:
    """Only what the operator completed counts as paid."""
    paid(book, "a", status=status, paid_at=None)
    told = witness.airtime(book.db, None, None)
    assert (0, int(open_), {}) == (told["paid_count"], told["open_count"], told["sum_fen"])


@pytest.mark.parametrize(
    ("phone", "prefixes", "found"),
    [
        ("+8613977770100", ("+86",), "13977770100"),
        ("13977770100", ("+86", ""), "13977770100"),
        ("13977770100", ("+86",), None),
        ("+8612977770100", ("+86",), None),
        ("+861397777010", ("+86",), None),
        ("+86139777701000", ("+86",), None),
        ("+8613977770100\n", ("+86",), None),
        ("+86１３９77770100", ("+86",), None),
        ("", ("", "+86"), None),
        ("+86+8613977770100", ("+86",), None),
    ],
)
def test_whose_number_it_is(phone: str, prefixes: tuple[str, ...], found: str | None) -> None:
    """Eleven digits of a mobile, under a prefix that the vendor takes."""
    assert found == national(phone, prefixes)


@pytest.mark.parametrize(
    ("phone", "own"),
    [
        ("13800000088", "China Mobile"), ("13000000088", "China Unicom"),
        ("18900000088", "China Telecom"), ("13800000009", "China Unicom"),
        ("13000000009", "China Telecom"), ("18900000009", "China Mobile"),
    ],
)  # fmt: skip
def test_which_network_has_a_number(phone: str, own: str) -> None:
    """That of its prefix, unless it was ported; one that nobody has is served by none."""
    assert (own, phone) == (network(phone), served(phone, ("",)))
    assert served(f"{phone[:-2]}08", ("",)) is None


@pytest.mark.parametrize(
    ("phone", "scale", "seconds"),
    [
        ("13977770100", 1, 3.05), ("13977770200", 1, 20.05), ("13977770300", 1, 300.05),
        ("13977770000", 1, 0.05), ("13977770900", 1, 0.05), ("13977770100", 0.01, 0.08),
        ("13977770300", 0, 0.05),
    ],
)  # fmt: skip
def test_how_long_an_operator_takes(phone: str, scale: float, seconds: float) -> None:
    """The third digit from the end asks for it; only what is natural is not scaled."""
    assert pytest.approx(seconds) == settle_seconds(phone, scale)
    assert "00" == ending(phone)


def armed(draws: int = 0, fired: int = 0, **spec: Any) -> Armed:
    """A fault in the book."""
    return Armed(
        id=1, draws=draws, fired=fired, fault=Fault(vendor=VENDOR, kind="delay", seed=1, **spec)
    )


@pytest.mark.parametrize(
    ("fault", "vendor", "kinds", "path", "may"),
    [
        (armed(), VENDOR, {"delay"}, "/x", True),
        (armed(), VENDOR, {"garbage", "delay"}, "", True),
        (armed(), VENDOR, {"garbage"}, "/x", False),
        (armed(), "other", {"delay"}, "/x", False),
        (armed(path="/orders"), VENDOR, {"delay"}, "/v1/orders/7", True),
        (armed(path="/orders"), VENDOR, {"delay"}, "/v1/balances", False),
        (armed(count=2, fired=1), VENDOR, {"delay"}, "/x", True),
        (armed(count=2, fired=2), VENDOR, {"delay"}, "/x", False),
        (armed(count=None, fired=10**9), VENDOR, {"delay"}, "/x", True),
    ],
)
def test_when_a_fault_is_meant(
    fault: Armed, vendor: str, kinds: set[Kind], path: str, may: bool
) -> None:
    """Its vendor, its kind, its path, and as long as it is not used up."""
    assert may == fault.may_strike(vendor, kinds, path)


@given(st.integers(0, 2**32), st.floats(0, 1))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_a_fault_strikes_as_often_as_it_is_said_to(seed: int, probability: float) -> None:
    """And in the same places for the same seed, in any process."""
    fault = Fault(vendor=VENDOR, kind="delay", probability=probability, seed=seed)
    struck = [fault.hits(draw) for draw in range(400)]
    assert struck == [fault.hits(draw) for draw in range(400)]
    assert abs(sum(struck) / 400 - probability) < 0.15


def test_certain_and_impossible_faults() -> None:
    """At the ends there is no chance left."""
    always, never = (Fault(vendor=VENDOR, kind="delay", probability=p, seed=3) for p in (1, 0))
    assert ({True}, {False}) == (
        {always.hits(n) for n in range(200)}, {never.hits(n) for n in range(200)}
    )  # fmt: skip


def test_the_first_armed_strikes_first(faults: FaultBox) -> None:
    """Until it is used up; each counts how often it was tried and struck."""
    faults.arm(Fault(vendor=VENDOR, kind="garbage", count=1))
    faults.arm(Fault(vendor=VENDOR, kind="truncated"))
    kinds: set[Kind] = {"garbage", "truncated"}
    struck = [fault.kind for _ in range(3) if (fault := faults.strike(VENDOR, kinds))]
    assert ["garbage", "truncated", "truncated"] == struck
    assert [(1, 1), (2, 2)] == [(one.draws, one.fired) for one in faults.all()]
    assert 2 == faults.clear()
    assert faults.strike(VENDOR, kinds) is None


def test_a_strike_belongs_to_the_transaction(book: Book, faults: FaultBox) -> None:
    """What is rolled back was not struck, or a repetition would meet another world."""
    faults.arm(Fault(vendor=VENDOR, kind="empty_wallet", count=1))
    with suppress(RuntimeError), book.writing():
        assert faults.strike(VENDOR, {"empty_wallet"})
        raise RuntimeError
    assert faults.strike(VENDOR, {"empty_wallet"})
    assert not faults.strike(VENDOR, {"empty_wallet"})


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"vendor": "nobody"}, "vendor"), ({"kind": "sulk"}, "kind"), ({"count": 0}, "count"),
        ({"probability": 1.1}, "probability"), ({"probability": -0.1}, "probability"),
        ({"delay_s": 601}, "delay_s"), ({"delay_s": -1}, "delay_s"), ({"path": ""}, "path"),
        ({"more": 1}, "more"),
        *(({"vendor": SMS.name, "kind": kind}, "kind") for kind in sorted(AIRTIME_ONLY)),
    ],
    ids=str,
)  # fmt: skip
def test_a_fault_that_cannot_be(wrong: dict[str, Any], field: str) -> None:
    """Is refused with its field, in problem+json, without what was sent."""
    with pytest.raises(ValidationError) as caught:
        Wanted.model_validate({"vendor": VENDOR, "kind": "delay"} | wrong)
    answer = wrong_fields(caught.value)
    assert (422, True) == (answer.status, f'"field": "{field}"' in (answer.text or ""))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_fault_has_a_wait(kind: Kind) -> None:
    """Its own, unless it is told another; only slow ones wait by themselves."""
    slow = kind in ("delay", "late_reversal", "reorder_callbacks")
    assert slow == (Fault(vendor=VENDOR, kind=kind).wait > 0)
    assert 7 == Fault(vendor=VENDOR, kind=kind, delay_s=7).wait


@pytest.mark.parametrize(
    ("path", "vendor"),
    [
        (f"/{VENDOR}/v1/x", VENDOR), (f"/{SMS.name}", SMS.name), ("/admin/book", None), ("/", None),
        (f"/admin/{VENDOR}", None), (f"/{VENDOR}x/v1", None), (f"//{VENDOR}", None),
    ],
)  # fmt: skip
def test_whose_path_it_is(path: str, vendor: str | None) -> None:
    """By its first part alone, and exactly."""
    assert vendor == misbehave.vendor_of(path)


Arm = Callable[..., None]


@pytest.fixture
def arm(faults: FaultBox) -> Arm:
    """Arm faults of the airtime vendor."""

    def each(*kinds: Kind, **fields: Any) -> None:
        for kind in kinds:
            faults.arm(Fault(vendor=VENDOR, kind=kind, **fields))

    return each


@pytest.mark.parametrize(
    ("kinds", "bodies", "held"),
    [
        ((), ["truth"], 0),
        (("duplicate_callback",), ["truth", "truth"], 0),
        (("forged_callback",), ["lie", "truth"], 0),
        (("no_callback",), [], 0),
        (("no_callback", "forged_callback"), ["lie"], 0),
        (("reorder_callbacks",), ["truth"], 3),
        (("reorder_callbacks", "duplicate_callback"), ["truth", "truth"], 3),
    ],
)
def test_what_a_customer_will_be_told(
    book: Book, faults: FaultBox, arm: Arm, kinds: tuple[Kind, ...], bodies: list[str], held: float
) -> None:
    """As often, as wrongly and as late as the faults want; planned, not yet sent."""
    arm(*kinds)
    before = when.now()
    with book.writing() as db:
        plan_callback(db, faults, Callback(VENDOR, 1, "http://c/", "truth", "lie"), 1)
    rows = [tasks.task(row) for row in book.db.execute("SELECT * FROM tasks ORDER BY id")]
    assert bodies == [task.payload["body"] for task in rows]
    due = book.db.execute("SELECT max(due_at) FROM tasks WHERE payload LIKE '%truth%'")
    assert not rows or held <= (due.fetchone()[0] or before) - before < held + 2


def table(parts: Parts, day: datetime = DAY) -> list[dict[str, str]]:
    """A statement's rows between what the wallet held before and after."""
    opening, *rows, closing = csv.DictReader(io.StringIO(statement(parts, VENDOR, day).decode()))
    assert ("OPENING", "CLOSING") == (opening["status"], closing["status"])
    return rows


def test_a_statement_is_a_chinese_day(parts: Parts, book: Book) -> None:
    """From midnight to midnight over there; a reversal counts on its own day, negative."""
    first, after = when.china_day(DAY)
    for external, at in (("before", first - 0.01), ("first", first), ("last", after - 0.01),
                         ("after", after)):  # fmt: skip
        paid(book, external, paid_at=at)
    paid(book, "back", 2050, paid_at=first - 9, status="REVERSED", reversed_at=first + 9)
    found = [(row["external_id"], row["amount"], row["status"]) for row in table(parts)]
    assert [
        ("first", "20.00", "COMPLETED"), ("back", "-20.50", "REVERSED"),
        ("last", "20.00", "COMPLETED"),
    ] == found  # fmt: skip
    assert ["2026-11-25 00:00:00", "+8613977770100"] == [
        table(parts)[0][name] for name in ("time", "mobile_number")
    ]


def test_a_day_without_payments_is_a_head(parts: Parts) -> None:
    """The reader finds the columns all the same, and what the wallet held."""
    assert ",".join(COLUMNS) == statement(parts, VENDOR, DAY).decode().splitlines()[0]
    assert [] == table(parts)


@given(count=st.integers(1, 8), seed=st.integers(0, 99), probability=st.floats(0, 1))
@settings(derandomize=True, deadline=None, max_examples=15)
def test_a_spoilt_statement_is_spoilt_alike_in_every_copy(
    tmp_path_factory: pytest.TempPathFactory, count: int, seed: int, probability: float
) -> None:
    """At most so many rows are missing or invented, the same whenever it is fetched."""
    book = Book(tmp_path_factory.mktemp("book"))
    faults = FaultBox(book)
    parts = Parts(parse(["--data=x"], ENOUGH), book, faults)
    for number in range(6):
        paid(book, f"r{number}")
    kinds: tuple[Kind, ...] = ("statement_missing_row", "statement_extra_row")
    for kind in kinds:
        faults.arm(Fault(vendor=VENDOR, kind=kind, count=count, seed=seed, probability=probability))
    copies = [statement(parts, VENDOR, DAY).decode() for _ in range(3)]
    assert 1 == len(set(copies))
    ours = [row["external_id"] for row in table(parts) if row["external_id"].startswith("r")]
    extra = len(table(parts)) - len(ours)
    assert (True, True) == (6 - len(ours) <= count, extra <= count)
    assert [(0, 0)] * 2 == [(one.draws, one.fired) for one in faults.all()]
    book.close()


@pytest.mark.parametrize(
    ("moment", "utc", "china"),
    [
        (0.0, "1970-01-01T00:00:00.000Z", "1970-01-01 08:00:00"),
        (1764086399.9994, "2025-11-25T15:59:59.999Z", "2025-11-25 23:59:59"),
        (None, None, ""),
    ],
)
def test_time_as_vendors_print_it(moment: float | None, utc: str | None, china: str) -> None:
    """What has not happened has no time."""
    assert (utc, china) == (when.utc_text(moment), when.china_text(moment))


def test_a_day_in_china_has_24_hours() -> None:
    """Whatever the hour that it is asked for."""
    first, after = when.china_day(DAY.replace(hour=23, minute=59))
    assert (86400, when.china_day(DAY)) == (after - first, (first, after))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "--data: Field required"),
        (["--data=x", "--port=99999"], "--port: Input should be less than or equal to 65535"),
        (["--data=x", "--port=http"], "--port: Input should be a valid integer"),
        (["--data=x", "--delay-scale=-1"], "--delay-scale: Input should be greater than"),
        (["--data=x", "--loud"], "unrecognized arguments: --loud"),
        (["--data"], "argument --data: expected one argument"),
    ],
)
def test_an_option_of_no_use_is_named(arguments: list[str], line: str) -> None:
    """As it is spelt on the command line."""
    with pytest.raises(ConfigError) as caught:
        parse(arguments, ENOUGH)
    assert (True, 1) == (line in str(caught.value), len(str(caught.value).splitlines()))


@pytest.mark.parametrize(
    "vendor", [one.name for one in of_kind("airtime") if hasattr(one.account, "sold")]
)
def test_the_products_of_an_amount_are_the_networks_in_turn(vendor: str) -> None:
    """Several amounts, of which one is sold to one network only; a fourth network there is not."""
    told = ["--data=x", f"--{vendor}-products"]
    config = parse([*told, "20.00=1/2/3,50.00=7"], ENOUGH)
    names = ("China Mobile", "China Unicom", "China Telecom")
    wanted = {n: Sold(2000, name) for n, name in enumerate(names, 1)} | {7: Sold(5000, names[0])}
    assert wanted == config.accounts[vendor].sold  # type: ignore[attr-defined]
    for wrong in ("20.00=1/2/3/4", "20.00=1/", "20.00=", "20=1", "20.00=1,"):
        with pytest.raises(ConfigError, match=f"--{vendor}-products"):
            parse([*told, wrong], ENOUGH)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda one: one.name)
def test_an_option_wins_over_its_variable(dialect: Any) -> None:
    """Each secret may come either way; set to nothing it is missing, and both names are told."""
    field = dialect.secrets[0]
    option = options.option(f"{dialect.name}_{field}")
    given_ = parse(["--data=x", option, "told"], ENOUGH).accounts[dialect.name]
    assert "told" == getattr(given_, field)
    found = parse(["--data=x"], ENOUGH).accounts[dialect.name]
    assert ENOUGH[dialect.variable(field)] == getattr(found, field)
    with pytest.raises(ConfigError, match=rf"{option} \(or {dialect.variable(field)}\): "):
        parse(["--data=x"], {**ENOUGH, dialect.variable(field): ""})


def test_no_secret_shows_in_an_options_error() -> None:
    """pydantic would print what it was given."""
    with pytest.raises(ConfigError) as caught:
        parse(["--data=x", "--port=my-secret"], ENOUGH)
    assert "my-secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["airtime", "sms"])
def test_an_account_is_found_by_its_kind(parts: Parts, kind: Any) -> None:
    """A handler asks for its dialect's own, whatever others there are."""
    dialect = of_kind(kind)[0]
    account: type[BaseModel] = dialect.account
    assert parts.config.accounts[dialect.name] is parts.account(account)


async def run(book: Book, actions: Mapping[str, tasks.Action], until: Callable[[], bool]) -> None:
    """A worker, until something has happened; it ends when it is told to."""
    worker = asyncio.create_task(Worker(book, actions).run())

    async def happened() -> object:
        return until()

    await eventually(happened, True)
    worker.cancel()
    await asyncio.wait([worker], timeout=10)
    assert worker.cancelled()


def left(book: Book) -> list[tuple[int, int]]:
    """What is still to be done: the row it is about, and how often it was tried."""
    found = book.db.execute("SELECT ref, attempt FROM tasks ORDER BY id")
    return [(row["ref"], row["attempt"]) for row in found]


async def test_a_worker_does_what_is_due_and_no_more(book: Book) -> None:
    """In order of time; what comes later stays, what is planned meanwhile is taken up at once."""
    done: list[int] = []

    async def act(task: Task) -> None:
        done.append(task.ref)
        with book.writing() as db:
            finish_task(db, task)
            if task.ref == 1:
                add_task(db, "act", 4, 0)

    with book.writing() as db:
        for ref, seconds in ((2, -1), (1, -2), (3, 600)):
            add_task(db, "act", ref, seconds)
    await run(book, {"act": act}, lambda: len(done) == 3)
    assert ([1, 2, 4], [(3, 0)]) == (done, left(book))


async def test_a_failed_action_is_tried_again(
    book: Book, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, takes nothing else down, and its attempt is counted."""
    monkeypatch.setattr(tasks, "RETRY_SECONDS", 0)
    attempts: list[int] = []

    async def act(task: Task) -> None:
        attempts.append(task.attempt)
        if task.attempt < 2:
            raise ZeroDivisionError
        with book.writing() as db:
            finish_task(db, task)

    with book.writing() as db:
        add_task(db, "act", 1, 0)
    await run(book, {"act": act}, lambda: not left(book))
    assert ([0, 1, 2], 2) == (attempts, len(caplog.records))


async def test_an_interrupted_action_starts_again(book: Book) -> None:
    """What a kill caught half-way is due as before."""
    begun = asyncio.Event()

    async def act(_: Task) -> None:
        begun.set()
        await asyncio.sleep(600)

    with book.writing() as db:
        add_task(db, "act", 1, 0)
    await run(book, {"act": act}, begun.is_set)
    assert [(1, 0)] == left(book)


async def test_a_full_house_lets_nobody_in(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more at once than there is room for, and in the end all of them."""
    monkeypatch.setattr(tasks, "MAX_RUNNING", 3)
    running, most, done = 0, 0, 0

    async def act(task: Task) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        done += 1
        with book.writing() as db:
            finish_task(db, task)

    with book.writing() as db:
        for ref in range(20):
            add_task(db, "act", ref, 0)
    await run(book, {"act": act}, lambda: done == 20)
    assert 3 == most


async def test_a_postponed_task_waits(book: Book) -> None:
    """It is the same task, later, one attempt further."""
    tried = asyncio.Event()

    async def act(task: Task) -> None:
        with book.writing() as db:
            postpone_task(db, task, 600)
        tried.set()

    with book.writing() as db:
        add_task(db, "act", 1, 0, {"词": "x"})
    await run(book, {"act": act}, tried.is_set)
    assert [(1, 1)] == left(book)
    assert {"词": "x"} == tasks.task(book.db.execute("SELECT * FROM tasks").fetchone()).payload


@pytest.mark.parametrize("turns", range(5))
async def test_a_worker_that_is_woken_and_ended_at_once_ends(book: Book, turns: int) -> None:
    """However the two meet: a stop that is lost would keep the whole sandbox from ending."""
    worker = asyncio.create_task(Worker(book, {}).run())
    await asyncio.sleep(0.01)
    book.changed.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    worker.cancel()
    await asyncio.wait([worker], timeout=2)
    assert worker.cancelled()
