"""The JSON interface of intake on a real database."""

import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from services.intake.accept.api import LIMIT
from services.intake.proof import checking
from services.intake.proof.statements import canonical
from shared.db import Database
from shared.events import Envelope, SubmissionReceived
from shared.values.notes import PublicKey
from shared.web.problems import UNFIT
from tests.integration.intake_site import PUBLIC, UNIT, Site, body, code, settings, site

SERVICE = "intake"
KEY = "a-random-key-0001"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake."""
    async with site(database) as running:
        yield running


async def test_accepts_a_complaint_and_says_so_to_the_bus(intake: Site) -> None:
    """201 with a receipt, one row, and exactly one event with the same facts."""
    response = await intake.submit(KEY)
    answer = await response.json()
    (row,) = await intake.fetch("SELECT * FROM submissions")
    (letter,) = await intake.fetch("SELECT type, body FROM outbox")
    event = SubmissionReceived.model_validate(Envelope.model_validate_json(letter["body"]).data)
    assert 201 == response.status
    assert (str(row["id"]), "complaint") == (answer["submission_id"], answer["kind"])
    assert f"{PUBLIC}/r/{answer['receipt']['code']}" == answer["receipt"]["url"]
    assert "submission.received.v1" == letter["type"]
    assert (row["id"], UNIT, 3, 1) == (
        event.submission_id, event.unit_code, event.counter, event.satisfaction,
    )  # fmt: skip
    assert row["received_at"] == event.received_at


async def test_phone_and_words_travel_sealed_and_open_again(intake: Site) -> None:
    """Neither row nor event holds phone or words in clear, and both open under their contexts."""
    await intake.submit(KEY)
    (row,) = await intake.fetch("SELECT * FROM submissions")
    (letter,) = await intake.fetch("SELECT body FROM outbox")
    everything = f"{dict(row)} {letter['body']}"
    assert not [clear for clear in ("13800138000", "14时47分", KEY) if clear in everything]
    seal = settings().seal
    assert "+8613800138000" == seal.open(row["phone_sealed"], f"phone:{row['id']}")
    assert "去办身份证，14时47分了还没有人" == seal.open(row["words_sealed"], f"words:{row['id']}")
    assert seal.index("+8613800138000") == row["phone_index"]


async def test_the_receipt_is_signed_and_commits_to_the_content(intake: Site) -> None:
    """Anybody checks the file with the public key; the holder proves what was sent."""
    answer = await (await intake.submit(KEY)).json()
    (public,) = (await (await intake.client.get("/api/v1/receipt-keys")).json())["keys"]
    receipt = answer["receipt"]
    bare = receipt["code"].replace("-", "")
    key = PublicKey.parse(public["verifier_key"])
    checked = checking.check(receipt["proof"]["file"].encode(), [key], bare)
    content = json.dumps(
        {
            "categories": ["nobody_at_window"], "counter": 3, "kind": "complaint",
            "language": "zh", "officer_badge": None, "phone": "+8613800138000",
            "satisfaction": 1, "unit_code": UNIT, "urgent": False,
            "words": "去办身份证，14时47分了还没有人",
        },
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
    stated = checked.stated
    # As anybody would, with the code and what was sent, and nothing of ours.
    kept = hmac.digest(bare.encode(), content.encode(), "sha256").hex()
    assert kept == stated["content_hmac_sha256"]
    assert sha256(bare.encode()).hexdigest() == stated["receipt_sha256"]
    assert receipt["proof"]["statement"] == canonical(stated)
    assert ("mashang.example/receipts", public["key_id"]) == (key.name, key.key_id)
    assert urlsafe_b64decode(public["public_key"] + "=") == key.raw


async def test_a_receipts_code_is_stored_nowhere(intake: Site) -> None:
    """Who reads the whole database cannot ask for anybody's story: only a hash lies there."""
    code = (await (await intake.submit(KEY)).json())["receipt"]["code"]
    (row,) = await intake.fetch("SELECT * FROM submissions")
    (letter,) = await intake.fetch("SELECT * FROM outbox")
    everything = f"{dict(row)} {dict(letter)}".lower()
    bare = code.replace("-", "").lower()
    assert not [spelt for spelt in (code.lower(), bare, bare.encode().hex()) if spelt in everything]


async def test_a_repetition_gets_the_very_same_receipt(intake: Site) -> None:
    """Same key and body: 200, the same answer to the letter, and nothing stored twice."""
    first = await intake.submit(KEY)
    second = await intake.submit(KEY, phone="+86 13800138000")
    assert (201, 200) == (first.status, second.status)
    assert await first.json() == await second.json()
    assert 1 == len(await intake.fetch("SELECT FROM submissions"))
    assert 1 == len(await intake.fetch("SELECT FROM outbox"))


async def test_a_key_with_another_body_is_refused(intake: Site) -> None:
    """422 idempotency-key-reused, and the first submission stays alone."""
    await intake.submit(KEY)
    response = await intake.submit(KEY, words="别的事")
    assert 422 == response.status
    assert "urn:mashang:problem:idempotency-key-reused" == (await response.json())["type"]
    assert 1 == len(await intake.fetch("SELECT FROM submissions"))


@pytest.mark.parametrize("key", [None, "", "short", "x" * 129, "with a space in it"])
async def test_a_missing_or_malformed_key_is_explained(intake: Site, key: str | None) -> None:
    """400 saying which header to send, and nothing stored."""
    response = await intake.submit(key)
    assert 400 == response.status
    assert "Idempotency-Key" in (await response.json())["detail"]
    assert [] == await intake.fetch("SELECT FROM submissions")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": "411700002-03-10000000000000"}, "code"),
        ({"code": None}, "code"),
        ({"kind": "praise"}, "kind"),
        ({"kind": "rating", "satisfaction": None, "categories": None}, "satisfaction"),
        ({"satisfaction": 6}, "satisfaction"),
        ({"satisfaction": "5"}, "satisfaction"),
        ({"satisfaction": True}, "satisfaction"),
        ({"categories": ["bribery"]}, "categories"),
        ({"kind": "request", "satisfaction": None}, "categories"),
        ({"kind": "request", "categories": None, "words": "  "}, "words"),
        ({"categories": [], "words": ""}, "words"),
        ({"words": "x" * 2001}, "words"),
        ({"phone": "12345"}, "phone"),
        ({"officer_badge": "7" * 21}, "officer_badge"),
        ({"officer_badge": "<b>"}, "officer_badge"),
        ({"officer_badge": "-"}, "officer_badge"),
        ({"urgent": "yes"}, "urgent"),
        ({"language": "fr"}, "language"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_each_wrong_field_is_named(
    intake: Site, changed: dict[str, object], field: str
) -> None:
    """422 naming the field with a text, without quoting the input, and nothing stored."""
    response = await intake.submit(KEY, **changed)
    problem = await response.json()
    assert 422 == response.status
    assert "application/problem+json" == response.content_type
    assert field in {error["field"].split(".")[0] for error in problem["errors"]}
    assert not [error for error in problem["errors"] if error["key"] == UNFIT]
    assert [] == await intake.fetch("SELECT FROM submissions")


@pytest.mark.parametrize(
    ("lang", "detail"),
    [("zh", "号码不完整或不是电话号码，请检查；也可以不填"),
     ("ru, en;q=0.8, zh;q=0.1", "This is not a whole phone number; mend it or leave it out")],
)  # fmt: skip
async def test_errors_are_told_in_the_callers_language(
    intake: Site, lang: str, detail: str
) -> None:
    """The key is the same in every language, the words are the caller's."""
    response = await intake.client.post(
        "/api/v1/submissions",
        json=body(phone="12345"),
        headers={"Idempotency-Key": KEY, "Accept-Language": lang},
    )
    (error,) = (await response.json())["errors"]
    assert {"field": "phone", "key": "wrong.phone", "detail": detail} == error


async def test_the_longest_honest_body_fits(intake: Site) -> None:
    """2,000 characters go in however they are escaped; twice the limit is refused unread."""
    longest = await intake.submit(KEY, words="\U0001f600" * 2000)
    too_long = await intake.submit(KEY + "1", words="x" * 2 * LIMIT)
    assert (201, 413) == (longest.status, too_long.status)
    assert "problem.too-large" not in await too_long.text()


async def test_times_are_told_with_their_offset(intake: Site) -> None:
    """Programs read the moment of receipt in UTC, to the microsecond of the signed statement."""
    answer = await (await intake.submit(KEY)).json()
    signed = json.loads(answer["receipt"]["proof"]["statement"])
    told = datetime.fromisoformat(answer["received_at"])
    assert (datetime.fromisoformat(signed["received_at"]), UTC) == (told, told.tzinfo)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"words":"\\ud800"}'])
async def test_a_body_that_is_no_submission_is_a_client_error(intake: Site, raw: bytes) -> None:
    """Broken JSON, other JSON, broken text: 400 or 422, never a failure of ours."""
    headers = {"Idempotency-Key": KEY, "Content-Type": "application/json"}
    response = await intake.client.post("/api/v1/submissions", data=raw, headers=headers)
    assert response.status in (400, 422)


async def test_a_body_with_a_mark_before_it_is_read(intake: Site) -> None:
    """Tools write U+FEFF before a text; the same body without it is the same submission."""
    headers = {"Idempotency-Key": KEY, "Content-Type": "application/json"}
    raw, codes = json.dumps(body()).encode(), set()
    for sent in (b"\xef\xbb\xbf" + raw, raw):
        response = await intake.client.post("/api/v1/submissions", data=sent, headers=headers)
        assert response.status in (200, 201), await response.text()
        codes.add((await response.json())["receipt"]["code"])
    assert 1 == len(codes)


async def test_a_rating_needs_nothing_but_a_face(intake: Site) -> None:
    """A bare 5 is taken in, with no phone, no words and no categories."""
    nothing = {"categories": None, "words": None, "phone": None}
    response = await intake.submit(KEY, kind="rating", satisfaction=5, **nothing)
    (row,) = await intake.fetch("SELECT * FROM submissions")
    assert 201 == response.status
    assert (None, None, []) == (row["phone_sealed"], row["words_sealed"], row["categories"])


async def test_figures_count_by_kind(intake: Site) -> None:
    """Each kind is counted, and the sum is what was received."""
    bare = {"categories": None, "satisfaction": None}
    await intake.submit(KEY)
    await intake.submit(KEY + "1", kind="request", **bare)
    await intake.submit(KEY + "2", kind="rating", satisfaction=4, categories=None)
    counted = {"received": 3, "complaints": 1, "requests": 1, "ratings": 1}
    assert counted == await intake.figures()


async def test_a_closed_unit_takes_nothing_but_repetitions(intake: Site) -> None:
    """410 for a new submission; one taken in before still gets its receipt."""
    first = await intake.submit(KEY)
    await intake.add_unit(active=False)
    await intake.refresh()
    repeated, refused = await intake.submit(KEY), await intake.submit(KEY + "new")
    assert (200, 410) == (repeated.status, refused.status)
    assert await first.json() == await repeated.json()


async def test_codes_may_be_typed_in_lower_case(intake: Site) -> None:
    """The code's letters are forgiving, and the unit is the same."""
    response = await intake.submit(KEY, code=f" {code(counter=3).lower()} ")
    assert 201 == response.status
    assert body()["code"] != code(counter=3).lower()
