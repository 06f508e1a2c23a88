"""The receipt's proof as citizens and programs get it: the same file, for ever, and explained."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from services.intake.accept import receipts
from services.intake.proof import checking
from services.intake.proof.statements import canonical
from shared.db import Database
from shared.values.notes import PublicKey, Signer
from tests.integration.intake_site import PUBLIC, UNIT, Site, settings, site

SERVICE = "intake"
KEY = "a-random-key-0001"
NEW_KEY = "bmV3IGtleSBuZXcga2V5IG5ldyBrZXkgbmV3IGtleSE="
OLD = "0123456789ABCDEF"
CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows a unit."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def read(intake: Site, path: str, lang: str = "zh") -> tuple[int, str, dict[str, str]]:
    """What stands at an address."""
    headers = {"Accept": "text/html", "Accept-Language": lang}
    response = await intake.client.get(path, headers=headers)
    return response.status, await response.text(), dict(response.headers)


async def code_of(intake: Site, key: str = KEY, **changed: object) -> str:
    """A submission's receipt code."""
    answer = await (await intake.submit(key, **changed)).json()
    return str(answer["receipt"]["code"])


async def keys_of(intake: Site) -> list[PublicKey]:
    """As anybody takes them."""
    _, text, _ = await read(intake, "/receipt-keys")
    return [PublicKey.parse(line) for line in text.splitlines()]


async def test_the_file_is_downloaded_and_checked(intake: Site) -> None:
    """A text file, named after unit and day, that the published key proves; no cache keeps it."""
    code = await code_of(intake)
    status, text, headers = await read(intake, f"/r/{code}/proof.txt")
    checked = checking.check(text.encode(), await keys_of(intake), code.replace("-", ""))
    day = datetime.fromisoformat(checked.stated["received_at"]).astimezone().date()
    assert 200 == status
    assert headers["Content-Type"].startswith("text/plain")
    assert f"mashang-{UNIT}-" in headers["Content-Disposition"]
    assert abs((datetime.now().date() - day).days) <= 1
    assert ("no-store", "no-referrer") == (headers["Cache-Control"], headers["Referrer-Policy"])
    assert (UNIT, 3, "complaint") == tuple(
        checked.stated[name] for name in ("unit_code", "counter", "kind")
    )


async def test_the_file_tells_nothing_of_the_citizen(intake: Site) -> None:
    """Neither words nor phone nor the code itself are in it, in clear or encoded."""
    code = await code_of(intake)
    _, text, headers = await read(intake, f"/r/{code}/proof.txt")
    statement = json.dumps(
        checking.check(text.encode(), await keys_of(intake)).stated, ensure_ascii=False
    )
    told = f"{text}{statement}{headers['Content-Disposition']}"
    assert not [
        secret for secret in ("身份证", "8000", code, code.replace("-", "")) if secret in told
    ]


async def test_programs_get_the_same(intake: Site) -> None:
    """On accepting, with the account, by itself and for a repetition: one proof, to the byte."""
    first, again = [await (await intake.submit(KEY)).json() for _ in range(2)]
    code = first["receipt"]["code"]
    alone = json.loads((await read(intake, f"/api/v1/receipts/{code}/proof"))[1])
    account = json.loads((await read(intake, f"/api/v1/receipts/{code}"))[1])
    _, file, _ = await read(intake, f"/r/{code}/proof.txt")
    proofs = [first["receipt"]["proof"], again["receipt"]["proof"], account["proof"], alone]
    assert [proofs[0]] * 4 == proofs
    assert file == alone["file"]


async def test_what_is_promised_is_what_is_due(intake: Site) -> None:
    """A case's times stand in the receipt; a call only where a phone was left, none for praise."""
    promised = []
    for n, changed in enumerate(
        ({}, {"phone": None}, {"kind": "rating", "satisfaction": 5, "categories": None})
    ):
        code = await code_of(intake, f"a-random-key-000{n}", **changed)  # type: ignore[arg-type]
        proof = json.loads((await read(intake, f"/api/v1/receipts/{code}/proof"))[1])
        stated = json.loads(proof["statement"])
        promised.append((stated["callback_due_at"], stated["verification_due_at"]))
    (call, answer), (none, same), nothing = promised
    assert (call, None, (None, None)) == (answer, none, nothing)
    assert same == answer
    assert datetime.fromisoformat(answer) > datetime.fromisoformat(stated["received_at"])


async def test_a_receipt_outlives_its_key(intake: Site, database: Database) -> None:
    """After a new key and another address the file is the same, and all keys are published."""
    code = await code_of(intake)
    _, before, _ = await read(intake, f"/r/{code}/proof.txt")
    await intake.refresh()
    async with site(database, signing_key=NEW_KEY, public_url="https://new.example") as later:
        await later.refresh()
        _, after, _ = await read(later, f"/r/{code}/proof.txt")
        repeated = await (await later.submit(KEY)).json()
        other = await code_of(later, "a-random-key-0002")
        _, newer, _ = await read(later, f"/r/{other}/proof.txt")
        keys = await keys_of(later)
    assert before == after == repeated["receipt"]["proof"]["file"]
    assert ["new.example/receipts", "mashang.example/receipts"] == [key.name for key in keys]
    assert ["mashang.example/receipts", "new.example/receipts"] == [
        checking.check(file.encode(), keys).key.name for file in (before, newer)
    ]


async def test_a_key_is_known_before_it_was_published(intake: Site) -> None:
    """The very first receipt can be checked, whatever job has run or not."""
    code = await code_of(intake)
    assert [] == await intake.fetch("SELECT FROM receipt_keys")
    _, text, _ = await read(intake, f"/r/{code}/proof.txt")
    assert checking.check(text.encode(), await keys_of(intake))


async def test_a_key_that_nobody_knows_yet(intake: Site) -> None:
    """Signed by an instance whose key is not published: try again, instead of a wrong file."""
    code = await code_of(intake)
    await store_first(intake, key_id="00000000", tree=(0, 1, b""))
    status, _, _ = await read(intake, f"/r/{receipts.grouped(OLD)}/proof.txt")
    assert 503 == status
    assert 200 == (await read(intake, f"/r/{code}/proof.txt"))[0]


async def store_first(
    intake: Site, key_id: str | None = None, tree: tuple[Any, ...] = (None, None, None)
) -> Signer:
    """A submission as it was stored before receipts were signed in batches."""
    signer = Signer("any", settings().signing_key)
    row = {
        "id": UUID(int=1), "receipt_hash": sha256(OLD.encode()).digest(), "content_hash": b"c" * 32,
        "kind": "complaint", "unit_code": UNIT, "counter": 3, "categories": ["other"],
        "urgent": False, "language": "zh",
        "received_at": datetime.fromisoformat("2026-06-30T01:02:03.000004+00:00"),
        "key_id": key_id or signer.public.old_id,
    }  # fmt: skip
    said = canonical(
        {
            "content_hmac_sha256": (b"c" * 32).hex(), "counter": 3, "issuer": "mashang",
            "kind": "complaint", "received_at": "2026-06-30T01:02:03.000004+00:00",
            "receipt_sha256": sha256(OLD.encode()).hexdigest(),
            "submission_id": str(UUID(int=1)), "unit_code": UNIT, "version": 1,
        }
    )  # fmt: skip
    row |= {"signature": signer.sign(said)}
    row |= dict(zip(("leaf_index", "tree_size", "tree_path"), tree, strict=True))
    names, places = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await intake.fetch(f"INSERT INTO submissions ({names}) VALUES ({places})", *row.values())
    return signer


async def test_the_first_receipts_still_prove(intake: Site) -> None:
    """Signed one by one before this format: downloaded, checked and explained as ever."""
    await store_first(intake)
    code = receipts.grouped(OLD)
    status, text, headers = await read(intake, f"/r/{code}/proof.txt")
    checked = checking.check(text.encode(), await keys_of(intake), OLD)
    assert (200, 1) == (status, checked.stated["version"])
    assert f"mashang-{UNIT}-2026-06-30.txt" in headers["Content-Disposition"]
    _, page, _ = await read(intake, f"/r/{code}/proof")
    assert "驻马店市公安局车辆管理所业务大厅" in page
    assert "最晚" not in page


@pytest.mark.parametrize(
    ("lang", "can", "cannot", "yet", "never"),
    [
        ("zh", "能证明：", "不能证明：", "还没有公开账本", "任何人都不能"),
        ("en", "It proves that", "It does not prove:", "no public ledger yet", "nobody can"),
    ],
)
async def test_it_is_explained_in_plain_words(
    intake: Site, lang: str, can: str, cannot: str, yet: str, never: str
) -> None:
    """What it proves, what not, how to check it; no raw data, and no claim that does not hold."""
    code = await code_of(intake)
    status, page, headers = await read(intake, f"/r/{code}/proof", lang)
    assert 200 == status
    assert all(said in page for said in (can, cannot, yet, f"{PUBLIC}/receipt-keys"))
    assert "mashang receipt verify mashang-" in page
    assert not [raw for raw in ("hmac", "sha256", "{&#34;", "extra ") if raw in page]
    assert never not in page
    assert "noindex" in headers["X-Robots-Tag"]


async def test_the_receipt_shows_its_code_to_keep(intake: Site) -> None:
    """In four groups on two lines, selected whole, and three ways to keep it without any script."""
    code = await code_of(intake)
    _, page, _ = await read(intake, f"/r/{code}?new=1")
    shown = re.search(r'<code class="code"[^>]*>(.*?)</code>', page)
    assert shown is not None
    assert code == re.sub("<[^>]*>", "", shown[1])
    assert 1 == shown[1].count("<wbr>")
    for way in (f"/r/{code}/proof.txt", "sms:?&amp;body=", f"/r/{code}/paper"):
        assert f'href="{way}' in page
    message = re.search('href="sms:[^"]*', page)
    assert message is not None
    assert code in message[0]


async def test_on_paper_stands_nothing_of_what_was_said(intake: Site) -> None:
    """Code, window and times, for whoever finds it; how to print it is said, but not printed."""
    code = await code_of(intake)
    status, page, _ = await read(intake, f"/r/{code}/paper")
    assert 200 == status
    assert code == re.sub("<[^>]*>", "", page.partition("<code")[2].partition(">")[2])[:19]
    assert "最晚" in page
    assert '<p class="note noprint">点浏览器菜单里的“打印”' in page
    assert not [secret for secret in ("身份证", "138") if secret in page]


@pytest.mark.parametrize("what", ["proof", "proof.txt", "paper"])
@pytest.mark.parametrize("typed", ["7H2K-90MA-XT4C-W3PD", "nothing", "%3Cscript%3E", "你好"])
async def test_an_unknown_code_gets_the_field(intake: Site, what: str, typed: str) -> None:
    """404 with the field for the code; nothing is downloaded."""
    status, page, headers = await read(intake, f"/r/{typed}/{what}")
    assert (404, False) == (status, "Content-Disposition" in headers)
    assert 'name="code"' in page
    assert "<script>" not in page


async def guess(intake: Site, number: int) -> tuple[int, str, dict[str, str]]:
    """A code that nobody has."""
    return await read(intake, f"/r/{receipts.grouped(f'{number:016d}')}")


async def test_guessing_is_limited(intake: Site, database: Database) -> None:
    """The 31st wrong code within ten minutes is not looked at, in any instance; it is said when."""
    code = await code_of(intake)
    assert [404] * 30 == [(await guess(intake, n))[0] for n in range(30)]
    async with site(database) as second:
        for instance in (intake, second):
            status, page, headers = await guess(instance, 99)
            assert 429 == status
            assert 500 <= int(headers["Retry-After"]) <= 600
            assert "输错的次数太多" in page
            assert 429 == (await read(instance, f"/api/v1/receipts/{code}"))[0]
            assert 429 == (await read(instance, f"/r/{code}/proof.txt"))[0]
    await intake.fetch("UPDATE limits SET until = mashang_now()")
    assert 200 == (await read(intake, f"/r/{code}"))[0]


async def test_a_household_that_mistypes_is_not_put_off(intake: Site) -> None:
    """Ten mistakes, any number of right codes, and what cannot be a code at all: still served."""
    code = await code_of(intake)
    for n in range(10):
        assert 404 == (await guess(intake, n))[0]
    for _ in range(40):
        assert 404 == (await read(intake, "/r/7H2K"))[0]
        assert 200 == (await read(intake, f"/r/{code}"))[0]


async def test_no_address_is_stored_in_clear(intake: Site) -> None:
    """Who reads the counts does not learn who mistyped a code."""
    await guess(intake, 1)
    (row,) = await intake.fetch("SELECT * FROM limits")
    assert ("wrong_receipt_codes", 1) == (row["name"], row["number"])
    assert "127.0.0.1" not in str(dict(row))


async def test_the_keys_are_told_to_programs_too(intake: Site) -> None:
    """Name, id, algorithm and the key itself, and the line that other tools read."""
    await intake.refresh()
    (told,) = json.loads((await read(intake, "/api/v1/receipt-keys"))[1])["keys"]
    (key,) = await keys_of(intake)
    assert (str(key), key.key_id, key.name, "Ed25519") == tuple(
        told[name] for name in ("verifier_key", "key_id", "name", "algorithm")
    )


async def test_whoever_adds_is_limited_as_whoever_looks(intake: Site) -> None:
    """A wrong code is a wrong code, whatever one wants with it: the counts are the same."""
    added = []
    for n in range(31):
        path = f"/api/v1/receipts/{receipts.grouped(f'{n:016d}')}/additions"
        headers = {"Idempotency-Key": f"another-random-key-{n}"}
        added.append((await intake.client.post(path, json={"words": "x"}, headers=headers)).status)
    assert [404] * 30 + [429] == added
    assert 429 == (await guess(intake, 99))[0]
