"""The receipt's file: what it proves, and one clear line for each way in which it does not."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.accept.store.submissions import Stored
from services.intake.proof import checking, files, merkle
from services.intake.proof.merkle import Place
from services.intake.proof.statements import canonical, statement
from shared.errors import Invalid
from shared.values import notes
from shared.values.notes import PublicKey, Signature, Signer
from shared.web.texts import LANGUAGES, texts

SIGNER = Signer("mashang.example/receipts", b"s" * 32)
OTHER = Signer("mashang.example/receipts", b"o" * 32)
BARE = "7H2K90MAXT4CW3PD"
AT = datetime(2026, 7, 2, 6, 47, 9, 120_000, UTC)
DUE = datetime(2026, 7, 2, 16, tzinfo=UTC)


def facts(bare: str = BARE, **changed: Any) -> Stored:
    """What is stored of a complaint, not signed yet."""
    return Stored(
        id=UUID(int=7), receipt_hash=sha256(bare.encode()).digest(), content_hash=b"c" * 32,
        kind="complaint", unit_code="411724006", counter=3, received_at=AT,
        key_id=SIGNER.public.key_id, signature=b"", phone_index=None, callback_due_at=DUE,
        verification_due_at=DUE, leaf_index=0, tree_size=1, tree_path=b"",
    )._replace(**changed)  # fmt: skip


def signed(all_facts: Sequence[Stored], signer: Signer = SIGNER) -> list[str]:
    """The files of some receipts that were signed together."""
    said = [statement(one) for one in all_facts]
    root, places = merkle.grow([merkle.leaf_of(one.encode()) for one in said])
    signature = signer.sign(files.root_text(signer.name, root, len(said)))
    placed = [
        one._replace(
            signature=signature, leaf_index=place.leaf, tree_size=place.size, tree_path=place.path
        )
        for one, place in zip(all_facts, places, strict=True)
    ]
    return [
        files.file_of(one, words, signer.public) for one, words in zip(placed, said, strict=True)
    ]


def old() -> str:
    """The file of a receipt of the first format."""
    said = statement(facts(tree_size=None))
    return files.old_file_of(said, SIGNER.public.old_id, SIGNER.sign(said))


FILE = signed([facts()])[0]
FIVE = signed([facts(f"{BARE[:-1]}{n}") for n in range(5)])


def refused(raw: str | bytes, keys: Sequence[PublicKey] = (SIGNER.public,), bare: str = "") -> str:
    """Why a file proves nothing."""
    with pytest.raises(Invalid) as caught:
        checking.check(raw if isinstance(raw, bytes) else raw.encode(), keys, bare or None)
    (wrong,) = caught.value.wrong
    for lang in LANGUAGES:
        assert "\n" not in texts(lang).wrong(wrong), "one line"
    return wrong.key.removeprefix("wrong.receipt_file_")


def test_what_a_file_says() -> None:
    """Unit, time, kind and promises; nothing of who sent it or what was said."""
    checked = checking.check(FILE.encode(), [SIGNER.public], BARE)
    assert {
        "callback_due_at": "2026-07-02T16:00:00+00:00", "content_hmac_sha256": b"c".hex() * 32,
        "counter": 3, "kind": "complaint", "receipt_sha256": sha256(BARE.encode()).hexdigest(),
        "received_at": "2026-07-02T06:47:09.120000+00:00", "statement": "mashang.receipt.v2",
        "submission_id": str(UUID(int=7)), "unit_code": "411724006",
        "verification_due_at": "2026-07-02T16:00:00+00:00",
    } == dict(checked.stated)  # fmt: skip
    assert (SIGNER.public, 1) == (checked.key, checked.size)


def test_the_file_has_the_standards_lines() -> None:
    """A head, the leaf, its index, its path, the signed root; no control signs but line ends."""
    lines = FIVE[1].split("\n")
    assert ["c2sp.org/tlog-proof@v1", "index 1"] == [lines[0], lines[2]]
    assert ["", "5"] == [lines[6], lines[8]]
    assert lines[11].startswith("— mashang.example/receipts ")
    assert [] == [sign for sign in FIVE[1] if sign < " " and sign != "\n"]
    assert 2 == FIVE[1].count("\n\n")


def test_each_tree_has_an_origin_of_its_own() -> None:
    """What one origin has signed never contradicts itself: no origin signs two trees."""
    origins = {file.split("\n\n")[1].split("\n")[0] for file in (FILE, *FIVE)}
    assert 2 == len(origins)
    assert all(one.startswith("mashang.example/receipts/") for one in origins)


def test_many_that_were_signed_together_stand_alone() -> None:
    """Each of five proves itself, without the others' files."""
    for n, file in enumerate(FIVE):
        checked = checking.check(file.encode(), [SIGNER.public], f"{BARE[:-1]}{n}")
        assert 5 == checked.size


def test_the_first_format_still_proves() -> None:
    """A statement with a signature of its own, under the same key."""
    checked = checking.check(old().encode(), [OTHER.public, SIGNER.public], BARE)
    assert (1, "mashang") == (checked.stated["version"], checked.stated["issuer"])
    assert "callback_due_at" not in checked.stated


@pytest.mark.parametrize("file", [FILE, FIVE[3], old()], ids=["one", "of five", "first format"])
@pytest.mark.parametrize(
    "kept",
    [
        lambda file: "\ufeff" + file, lambda file: file.replace("\n", "\r\n"),
        lambda file: file.rstrip("\n"), lambda file: f"\n{file}\n\n ",
        lambda file: "\ufeff" + file.replace("\n", "\r\n") + "\r\n",
    ],
    ids=["byte order mark", "line ends", "no last end", "blank lines", "all"],
)  # fmt: skip
def test_what_editors_add_harms_nothing(file: str, kept: Callable[[str], str]) -> None:
    """A file that went through a chat or an editor is as good as before."""
    checked = checking.check(kept(file).encode(), [SIGNER.public])
    assert "411724006" == checked.stated["unit_code"]


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        (b"", "empty"), (b" \r\n\r\n", "empty"), (b"\xff\xd8\xff\xe0JFIF", "unknown"),
        (FILE.encode("utf-16"), "unknown"), (FILE.encode() * 99, "unknown"), (b"hello", "unknown"),
        (FILE.replace("@v1", "@v2"), "unknown"), (canonical({"a": 1}), "unknown"),
        (FILE.split("\n\n")[0], "cut"), ("\n\n".join(FILE.split("\n\n")[:2]), "cut"),
        (FILE[:-30], "damaged"), (FILE.replace("index 0", "index 00"), "damaged"),
        (FILE.replace("index 0", "index -1"), "damaged"),
        (FILE.replace("extra ", "extra"), "damaged"), (FILE.replace("— ", "- "), "damaged"),
        (FILE.replace("\n\n", "\n\n\n"), "damaged"), (FILE + "\n\nmore", "damaged"),
        (FILE.replace("index 0", "index 0\nAAAA"), "damaged"),
        (FILE.replace("index 0", "index 1"), "changed"),
        (FIVE[1].replace("index 1", "index 2"), "changed"),
        (FILE.replace("receipts/", "receipts/0"), "seal"),
        (old()[:40], "cut"), (old().replace("statement ", "statements "), "damaged"),
        (old().replace("411724006", "411724007"), "seal"), (old()[:-8], "damaged"),
    ],
)  # fmt: skip
def test_each_damage_has_its_line(damaged: str | bytes, why: str) -> None:
    """Empty, not a receipt, cut off, unreadable, changed: each is told apart."""
    assert why == refused(damaged)


def test_one_receipts_leaf_on_anothers_tree() -> None:
    """Parts of two genuine files make no third."""
    (mine, _), (_, tree) = (file.split("\n\n", 1) for file in (FIVE[0], FILE))
    assert "changed" == refused(f"{mine}\n\n{tree}")


def test_another_receipts_file() -> None:
    """Genuine, but not of the code that was named."""
    assert "other" == refused(FIVE[2], bare=BARE)


def test_keys_that_are_not_at_hand() -> None:
    """Another key of the same name, the same key under another name, none at all: not proven."""
    assert "key" == refused(FILE, [OTHER.public])
    assert "key" == refused(FILE, [PublicKey("else.example", SIGNER.public.raw)])
    assert "key" == refused(FILE, [])
    assert "key" == refused(FILE.replace(f"— {SIGNER.name} ", "— else.example "))
    assert "key" == refused(old(), [OTHER.public])


def test_a_forged_signature_under_our_name() -> None:
    """Whoever writes our key's name and id without having the key is found out."""
    forged = signed([facts()], OTHER)[0]
    line = forged.rstrip("\n").split("\n")[-1]
    raw = SIGNER.public.id + notes.unbase64(line.split(" ")[2])[4:]
    assert "seal" == refused(forged.replace(line, f"— {SIGNER.name} {notes.base64(raw)}"))
    short = f"— {SIGNER.name} {notes.base64(raw[:40])}"
    assert "seal" == refused(FILE.replace(FILE.rstrip("\n").split("\n")[-1], short))


def test_a_genuine_signature_excuses_no_forged_one() -> None:
    """Two seals of ours, and one of them is none: whoever added it wants to deceive."""
    forged = f"— {SIGNER.name} {notes.base64(SIGNER.public.id + b'f' * 64)}\n"
    assert "seal" == refused(FILE + forged)
    assert "seal" == refused(FILE.replace("— mashang", f"{forged}— mashang"))


@pytest.mark.parametrize(
    "origin", [SIGNER.name, f"{SIGNER.name}/{'0' * 32}", FIVE[0].split("\n\n")[1].split("\n")[0]]
)
def test_a_tree_under_another_trees_name(origin: str) -> None:
    """Sealed by our own key, and still nothing: no name may stand for two trees."""
    (head, tree, _) = FILE.split("\n\n")
    text = "\n".join([origin, *tree.split("\n")[1:], ""])
    assert "seal" == refused(f"{head}\n\n{notes.note(text, SIGNER.public, SIGNER.sign(text))}")


def test_a_seal_has_one_spelling() -> None:
    """Bits that mean nothing are zero: another last character would be another file."""
    assert FILE.endswith("=\n")
    last = FILE[-3]
    assert "damaged" == refused(f"{FILE[:-3]}{chr(ord(last) + 1)}=\n")


def test_signatures_of_strangers_are_no_matter() -> None:
    """A witness that we do not know may sign too; our own signature decides."""
    stranger = f"— witness.example {notes.base64(b'w' * 76)}\n"
    assert 1 == checking.check((FILE + stranger).encode(), [SIGNER.public]).size
    before = FILE.replace("— mashang", f"{stranger}— mashang")
    assert 1 == checking.check(before.encode(), [SIGNER.public]).size


def test_a_statement_of_a_later_kind() -> None:
    """What we signed and this program does not know yet is genuine, and said to be newer."""
    said = canonical({"statement": "mashang.receipt.v9"})
    root, _ = merkle.grow([merkle.leaf_of(said.encode())])
    one = facts(signature=SIGNER.sign(files.root_text(SIGNER.name, root, 1)))
    assert "newer" == refused(files.file_of(one, said, SIGNER.public))


@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    """Whatever a file holds, there is a line for it and never a failure."""
    assert refused(raw)
    assert refused(files.HEAD.encode() + b"\n" + raw)
    assert refused(files.OLD_HEAD.encode() + b"\n" + raw)


@given(st.integers(0, len(FIVE[3]) - 1), st.characters(codec="utf-8"))
def test_no_character_can_be_changed(at: int, other: str) -> None:
    """Every single one matters, but those that editors add."""
    changed = FIVE[3][:at] + other + FIVE[3][at + 1 :]
    if changed.strip("\n ") != FIVE[3].strip("\n "):
        assert refused(changed)


@given(st.integers(1, 300), st.data())
def test_every_leaf_leads_to_the_root(size: int, data: st.DataObject) -> None:
    """By its own path, at its own place, and by no other leaf."""
    leaves = [merkle.leaf_of(str(n).encode()) for n in range(size)]
    root, places = merkle.grow(leaves)
    index = data.draw(st.integers(0, size - 1))
    place = places[index]
    assert (index, size) == (place.leaf, place.size)
    assert root == merkle.root_of(leaves[index], place)
    assert root != merkle.root_of(merkle.leaf_of(b"another"), place)
    assert len(place.hashes) <= max(size - 1, 1).bit_length()


@pytest.mark.parametrize(
    "place",
    [
        Place(0, 0, b""), Place(1, 1, b""), Place(-1, 1, b""), Place(0, 2, b""),
        Place(0, 1, b"p" * 32), Place(0, 2, b"p" * 64), Place(2**60, 2**61, b"p" * 32),
    ],
)  # fmt: skip
def test_a_path_that_fits_no_tree(place: Place) -> None:
    """Too short, too long, or a place that the tree does not have: no root."""
    assert merkle.root_of(b"l" * 32, place) is None


def test_a_stored_path_that_leads_nowhere_is_a_defect() -> None:
    """A file is never written over rows that somebody has damaged."""
    with pytest.raises(ValueError, match="path does not fit"):
        files.file_of(facts(tree_size=4), "{}", SIGNER.public)


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a+b", "a+b+c", str(SIGNER.public)[1:], str(SIGNER.public) + "A",
        str(SIGNER.public).replace("+", " ", 1), f"x{SIGNER.public}", "+00000000+AAAA",
        str(PublicKey("a b", b"k" * 32)), str(PublicKey("a", b"k" * 31)), "密钥+1+甲",
    ],
)  # fmt: skip
def test_what_is_no_key(text: str) -> None:
    """A key is read to the last character, or not at all."""
    with pytest.raises(ValueError, match=r"."):
        PublicKey.parse(text)


@pytest.mark.parametrize(
    "line", ["", "—", "— a", "— a AAAA", "— a b c", "- a AAAAAAAA", "—  AAAAA"]
)
def test_what_is_no_signature(line: str) -> None:
    """A dash, a name and at least five bytes."""
    with pytest.raises(ValueError, match=r"."):
        Signature.parse(line)


def test_canonical_json() -> None:
    """RFC 8785 for what we write: names in order, no spaces, nothing escaped without need."""
    said = {"b": 1, "a": None, "words": '甲\u2028\u007f\n\u0001"\\/\U0001f600', "list": ("x", "y")}
    assert (
        '{"a":null,"b":1,"list":["x","y"],"words":"甲\u2028\u007f\\n\\u0001\\"\\\\/\U0001f600"}'
        == canonical(said)
    )
