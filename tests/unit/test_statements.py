"""Statements about operators: ours, whole, and of this minute, or nothing."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from shared import statements
from shared.access import Operator
from shared.errors import Unauthenticated
from tests.support import at

SEED, OTHER = b"s" * 32, b"t" * 32
KEY = statements.public_key(SEED)
LI = Operator("li", "李", "county_supervisor", "north", "A-1")
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
CONFIRMED = NOON - timedelta(minutes=3, microseconds=7)
SECOND = timedelta(seconds=1)


def refused(token: str, key: bytes = KEY, left: timedelta = timedelta()) -> str:
    """Why a statement is not believed."""
    with pytest.raises(Unauthenticated) as error:
        statements.check(token, key, left)
    return error.value.key


def part(value: object) -> str:
    """A part of a token."""
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    payload = token.split(".")[1]
    told: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return told


def signed(told: dict[str, Any], **header: Any) -> str:
    """These claims under our own signature."""
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    return jwt.encode(told, key, algorithm="EdDSA", headers=header or None)


def test_what_was_said_is_heard() -> None:
    """Operator, version, session and when they confirmed come through, for exactly a minute."""
    said: dict[str, Any] = {"version": 7, "session": "abc", "confirmed_at": CONFIRMED}
    with at(NOON):
        told = statements.check(statements.issue(LI, SEED, **said), KEY)
    assert statements.Statement(LI, **said) == told


@pytest.mark.parametrize(
    ("later", "left", "believed"),
    [
        (0, 0, True), (58, 0, True), (61, 0, False), (3600, 0, False),
        (0, 30, True), (28, 30, True), (31, 30, False), (0, 61, False), (-3600, 0, True),
    ],
)  # fmt: skip
def test_it_stands_for_a_minute(later: int, left: int, believed: bool) -> None:
    """Afterwards it is old; who wants some time left does not take one that is nearly old."""
    with at(NOON):
        token = statements.issue(LI, SEED)
    with at(NOON + later * SECOND):
        if believed:
            assert LI == statements.check(token, KEY, left * SECOND).operator
        else:
            assert "refused.token_expired" == refused(token, left=left * SECOND)


def test_another_key_is_another_house() -> None:
    """A statement of one installation says nothing in the next."""
    assert "refused.token_invalid" == refused(statements.issue(LI, OTHER))
    assert "refused.token_invalid" == refused(
        statements.issue(LI, SEED), statements.public_key(OTHER)
    )


@given(st.data())
def test_a_changed_statement_is_worth_nothing(data: st.DataObject) -> None:
    """Whichever character is changed to whatever else."""
    token = statements.issue(LI, SEED, session="abc")
    # The last character of a part carries unused bits, which say nothing.
    ends = {index for index, found in enumerate(token + ".") if found == "."}
    places = [n for n in range(len(token)) if n not in ends and n + 1 not in ends]
    place = data.draw(st.sampled_from(places))
    letter = data.draw(st.sampled_from("abcXYZ019-_.%é\0 "))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        assert "refused.token_invalid" == refused(changed)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_no_text_is_a_failure_of_ours(text: str) -> None:
    """Whatever stands in the header or cookie, it is a statement or is refused."""
    assert "refused.token_invalid" == refused(text)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256"])
def test_nobody_chooses_the_algorithm(algorithm: str) -> None:
    """Unsigned, or signed with the public key as a secret: both are old tricks."""
    told = claims(statements.issue(LI, SEED))
    forged = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(told)}."
    assert "refused.token_invalid" == refused(forged)
    if algorithm == "HS256":
        assert "refused.token_invalid" == refused(jwt.encode(told, KEY, algorithm="HS256"))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "elsewhere"}, {"aud": None}, {"aud": []}, {"exp": None}, {"operator": None},
        {"operator": {}}, {"operator": {"username": "li"}}, {"operator": "li"},
        {"operator": {**LI.__dict__, "godmode": True}}, {"version": "many"}, {"version": None},
        {"session": ...}, {"version": ...}, {"exp": ...}, {"aud": ...}, {"exp": "soon"},
    ],
    ids=str,
)  # fmt: skip
def test_a_statement_that_is_not_whole_is_refused(changes: dict[str, Any]) -> None:
    """Also under our own signature: what an older or newer version may have left out."""
    told = claims(statements.issue(LI, SEED)) | changes
    whole = {name: value for name, value in told.items() if value is not ...}
    assert "refused.token_invalid" == refused(signed(whole))
    assert LI == statements.check(signed(claims(statements.issue(LI, SEED))), KEY).operator
