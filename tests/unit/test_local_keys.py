"""An installation's secrets: none follows from another, and old files still open."""

import json
from base64 import b64decode
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest

from deploy.local.keys import Keys, derived
from deploy.local.process import StartError
from shared import config, statements
from shared.access import Operator
from shared.flows import SERVICES
from shared.values.seal import Purpose, Seal
from tests.support import at
from tests.unit.scoring_books import DAY

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
KEYS = ("index_key", "code_key", "receipt_key", "signing_key", "close_key", "identity_seed")


def stored(folder: Path, **changed: object) -> Keys:
    """What a start makes of a file with these secrets."""
    folder.joinpath("secrets.json").write_text(json.dumps(changed))
    return Keys.of(folder)


def test_no_two_secrets_are_alike() -> None:
    """Nor are those of two installations."""
    words = [word for _ in range(2) for word in Keys().model_dump(exclude={"turns"}).values()]
    assert len(words) == len(set(words))


def test_every_key_is_one() -> None:
    """What the services are given, they can read."""
    keys = Keys()
    rings = keys.seal_keys(*PURPOSES)
    assert {f"MASHANG_SEAL_KEYS_{purpose.upper()}" for purpose in PURPOSES} == set(rings)
    assert {32} == {len(config.keys(ring)["1"]) for ring in rings.values()}
    assert {32} == {len(config.key(getattr(keys, name))) for name in KEYS}


def test_passwords_are_each_services_own() -> None:
    """At the database and at the broker; whoever knows one knows no other and no root."""
    keys = Keys()
    words = [
        word
        for service in SERVICES
        for word in (keys.password_of(service), keys.broker_password_of(service))
    ]
    assert 2 * len(SERVICES) == len(set(words))
    roots = (keys.service_password, keys.broker_password)
    assert [] == [word for word in words if any(root in word for root in roots)]


@pytest.mark.parametrize(("one", "other"), list(combinations(("", "a", "b", "ab"), 2)))
def test_a_derived_word_depends_on_both(one: str, other: str) -> None:
    """Another secret or another service gives another word."""
    assert derived(one, "intake") != derived(other, "intake")
    assert derived("secret", one) != derived("secret", other)


def test_the_public_half_checks_what_the_seed_signs() -> None:
    """Verification signs with one, the others check with the other."""
    keys = Keys()
    operator = Operator("ada", "阿达", "auditor", "root")
    with at(DAY):
        signed = statements.issue(operator, b64decode(keys.identity_seed))
        assert operator == statements.check(signed, b64decode(keys.identity_public)).operator


def test_a_file_from_before_a_secret_keeps_the_rest(tmp_path: Path) -> None:
    """A secret that came later is made once, and written down."""
    old = Keys().model_dump(exclude={"identity_seed", "sandbox_seed"})
    keys = stored(tmp_path, **old)
    assert old == keys.model_dump(include=set(old))
    assert keys == Keys.of(tmp_path)


def test_a_file_from_after_a_secret_was_dropped_opens(tmp_path: Path) -> None:
    """What nobody reads any more is forgotten."""
    keys = stored(tmp_path, **Keys().model_dump(), retired="x")
    assert "retired" not in (tmp_path / "secrets.json").read_text()
    assert keys == Keys.of(tmp_path)


def test_what_an_old_installation_sealed_opens(tmp_path: Path) -> None:
    """The one key of before becomes every purpose's, unless a purpose has its own by now."""
    before, own = Keys().seal_phone, Keys().seal_note
    old = Seal({purpose: config.keys(f"1:{before}") for purpose in PURPOSES})
    sealed = old.close("+8613977770100", "phone:x")
    keys = stored(tmp_path, seal_key=before, seal_note=own)
    rings = keys.seal_keys("phone", "note")
    new = Seal({"phone": config.keys(rings["MASHANG_SEAL_KEYS_PHONE"])})
    assert "+8613977770100" == new.open(sealed, "phone:x")
    assert f"1:{own}" == rings["MASHANG_SEAL_KEYS_NOTE"]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '"x"', "7", '{"seal_key": 7}', '{"index_key": "short"}',
        '{"identity_seed": "not base64!"}', '{"owner_password": ""}', '{"code_key": null}',
        '{"seal_key": "short"}', "\ufeff{}", '{"demo_password": ["x"]}',
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_kept_and_named(tmp_path: Path, text: str) -> None:
    """It is never replaced by new secrets, which would open nothing; the line says what to do."""
    path = tmp_path / "secrets.json"
    path.write_text(text, "utf-8")
    with pytest.raises(StartError, match=r"secrets\.json cannot be read; restore it") as caught:
        Keys.of(tmp_path)
    assert (text, 1) == (path.read_text("utf-8"), len(str(caught.value).splitlines()))


def test_secrets_that_are_a_folder_are_named(tmp_path: Path) -> None:
    """Some mount does that when its source is missing."""
    (tmp_path / "secrets.json").mkdir()
    with pytest.raises(StartError, match=r"secrets\.json cannot be read"):
        Keys.of(tmp_path)


def test_no_secret_shows_in_the_error(tmp_path: Path) -> None:
    """A damaged file still holds good secrets."""
    good = Keys()
    with pytest.raises(StartError) as caught:
        stored(tmp_path, **{**good.model_dump(), "index_key": "short"})
    told = f"{caught.value!r} {caught.value.__cause__!r}"
    words = good.model_dump(exclude={"turns"}).values()
    assert [] == [word for word in words if word in told]
