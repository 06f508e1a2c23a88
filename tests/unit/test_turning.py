"""A key follows another: known first, then used, kept, retired, forgotten; and never told."""

import base64
import io
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from deploy.cli import main
from deploy.local import turning
from deploy.local.keys import Keys
from deploy.local.settings import keys_of
from deploy.local.turning import KINDS
from services.intake.accept import codes
from shared import config, statements
from shared.access import Operator
from shared.errors import Misconfigured, Unauthenticated
from shared.values.seal import Seal, SealBroken
from tests.support import at
from tests.unit.scoring_books import DAY

NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)
PHONE, CODES, STATEMENTS = KINDS["phone"], KINDS["codes"], KINDS["statements"]
ADA = Operator("ada", "阿达", "auditor", "root")


def seal(keys: Keys) -> Seal:
    """What a service makes of its variable."""
    return Seal({"phone": config.keys(keys_of("rewards", keys)["MASHANG_SEAL_KEYS_PHONE"])})


def coming(keys: Keys) -> Keys:
    """With a key for phones that nobody uses yet."""
    return turning.rotated(keys, PHONE, NOW)


def test_whoever_was_not_started_again_opens_what_a_new_one_closes() -> None:
    """At each step the services of the step before it and after it understand each other."""
    steps = [Keys()]
    steps.append(turning.rotated(steps[-1], PHONE, NOW))
    steps.append(turning.used(steps[-1], PHONE, "2"))
    for before, after in pairwise(steps):
        for one, other in ((before, after), (after, before)):
            assert "+86" == seal(other).open(seal(one).close("+86", "phone:1"), "phone:1")
    assert seal(steps[-1]).close("+86", "phone:1").startswith("2.")


def test_what_was_retired_opens_only_after_it_was_recalled() -> None:
    """And never again once it is forgotten."""
    old = Keys()
    sealed = seal(old).close("+86", "phone:1")
    keys = turning.used(turning.rotated(old, PHONE, NOW), PHONE, "2")
    gone = turning.retired(keys, PHONE, "1")
    with pytest.raises(SealBroken):
        seal(gone).open(sealed, "phone:1")
    assert "+86" == seal(turning.recalled(gone, PHONE, "1")).open(sealed, "phone:1")
    assert old.seal_phone not in turning.forgotten(gone, PHONE, "1").model_dump_json()


def test_codes_on_the_wall_are_read_under_the_key_before_and_led_on_when_it_is_retired() -> None:
    """What a window shows for years outlives its key."""
    printed = codes.sign(config.keys(Keys().ring("code_key")), "n1", 1)
    with pytest.raises(codes.WrongCode):
        codes.read(config.keys(Keys().ring("code_key")), printed)
    old = Keys()
    printed = codes.sign(config.keys(old.ring("code_key")), "n1", 1)
    keys = turning.used(turning.rotated(old, CODES, NOW), CODES, "2")
    told = keys_of("intake", keys)
    ring = config.keys(told["MASHANG_CODE_KEYS"])
    assert ("n1", 1) == (codes.read(ring, printed).unit_code, codes.read(ring, printed).counter)
    assert codes.sign(ring, "n1", 1) != printed
    told = keys_of("intake", turning.retired(keys, CODES, "1"))
    left, gone = (config.keys(told[f"MASHANG_CODE_KEYS{end}"]) for end in ("", "_RETIRED"))
    with pytest.raises(codes.OldCode):
        codes.read(left, printed, retired=gone)


def test_statements_of_the_key_before_and_of_the_next_are_believed() -> None:
    """And those of a key that was retired are not."""
    old = Keys()
    coming = turning.rotated(old, STATEMENTS, NOW)
    keys = turning.used(coming, STATEMENTS, "2")
    with at(DAY):
        issued = [
            statements.issue(ADA, base64.b64decode(one.identity_seed)) for one in (coming, keys)
        ]
        for known in (coming, keys):
            trusted = config.public_keys(keys_of("scoring", known)["MASHANG_IDENTITY_PUBLIC"])
            for token in issued:
                assert ADA == statements.check_any(token, trusted).operator
        gone = turning.retired(keys, STATEMENTS, "1")
        trusted = config.public_keys(keys_of("scoring", gone)["MASHANG_IDENTITY_PUBLIC"])
        with pytest.raises(Unauthenticated):
            statements.check_any(issued[0], trusted)


def test_a_statement_that_has_run_out_is_told_to_be_so_whoever_signed_it() -> None:
    """The page then asks the desk for another one; it is not called forged."""
    keys = turning.rotated(Keys(), STATEMENTS, NOW)
    trusted = config.public_keys(keys.identity_public)
    token = statements.issue(ADA, base64.b64decode(keys.identity_seed))
    with at(datetime(2100, 1, 1, tzinfo=UTC)), pytest.raises(Unauthenticated, match="expired"):
        statements.check_any(token, trusted)


def test_who_signs_alone_uses_the_new_key_at_once() -> None:
    """Receipts and closed months are checked by public halves, which their services keep."""
    for name in ("receipts", "closes", "receipt-codes"):
        keys = Keys()
        after = turning.rotated(keys, KINDS[name], NOW)
        field = KINDS[name].field
        assert getattr(keys, field) != getattr(after, field)
        assert ("2", NOW, ()) == (
            after.turn(field).id,
            after.turn(field).since,
            after.turn(field).kept,
        )


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            lambda keys: turning.rotated(turning.rotated(keys, PHONE, NOW), PHONE, NOW),
            "nobody uses",
        ),
        (lambda keys: turning.rotated(keys, KINDS["index"], NOW), "cannot be hashed again"),
        (lambda keys: turning.used(keys, PHONE, "1"), "in use already"),
        (lambda keys: turning.used(keys, PHONE, "9"), "no key 9; there is 1"),
        (lambda keys: turning.retired(keys, PHONE, "1"), "is in use"),
        (lambda keys: turning.retired(keys, PHONE, "2"), "no key 2"),
        (lambda keys: turning.recalled(keys, PHONE, "1"), "no retired key 1"),
        (
            lambda keys: turning.forgotten(coming(keys), PHONE, "2"),
            "no retired",
        ),
    ],
)
def test_a_step_that_would_lose_something_is_refused(
    step: Callable[[Keys], Keys], told: str
) -> None:
    """What is used stays, what others do not know is not used, what is not there is named."""
    with pytest.raises(Misconfigured, match=told):
        step(Keys())


def test_ids_are_never_used_twice_and_come_to_an_end() -> None:
    """Codes have one character for them."""
    keys, ids = Keys(), ["1"]
    for _ in range(30):
        keys = turning.rotated(keys, CODES, NOW)
        ids.append(keys.turn("code_key").kept[0].id)
        keys = turning.used(keys, CODES, ids[-1])
    assert (len(ids), "Z") == (len(set(ids)), ids[-1])
    with pytest.raises(Misconfigured, match="as many keys as there are ids"):
        turning.rotated(keys, CODES, NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What `make secrets` writes, as far as it matters here."""
    keys = Keys.of(tmp_path)
    for service in ("intake", "rewards", "scoring"):
        (tmp_path / service).mkdir()
        for variable, value in keys_of(service, keys).items():
            (tmp_path / service / variable).write_text(value)
    return tmp_path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`mashang keys …` on it."""

    def call(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(["keys", *arguments, "--secrets", str(folder)])
        return code, *capsys.readouterr()

    return call


def test_a_key_is_made_and_used_where_the_installations_secrets_live(
    run: Run, folder: Path
) -> None:
    """In `secrets.json`, and in the files of those services that hold it, of no other."""
    scoring = {one.name: one.read_text() for one in (folder / "scoring").iterdir()}
    code, out, err = run("rotate", "phone")
    assert (0, "") == (code, err)
    assert "mashang keys use phone 2" in out
    ring = (folder / "rewards" / "MASHANG_SEAL_KEYS_PHONE").read_text()
    assert ["1", "2"] == list(config.keys(ring))
    assert 0 == run("use", "phone", "2", "--yes")[0]
    ring = (folder / "rewards" / "MASHANG_SEAL_KEYS_PHONE").read_text()
    assert ["2", "1"] == list(config.keys(ring))
    assert Keys.of(folder).ring("seal_phone") == ring
    assert ring == (folder / "intake" / "MASHANG_SEAL_KEYS_PHONE").read_text()
    assert scoring == {one.name: one.read_text() for one in (folder / "scoring").iterdir()}
    assert 0o600 == (folder / "secrets.json").stat().st_mode & 0o777


def test_the_list_tells_names_ids_and_ages_and_never_a_value(run: Run, folder: Path) -> None:
    """Nor does any other command."""
    told = run("rotate", "phone")[1] + run("use", "phone", "2", "--yes")[1]
    code, out, _ = run("list")
    lines = [line.split() for line in out.splitlines()]
    assert (0, ["phone", "2", "in", "use"]) == (code, lines[0][:4])
    assert ["1", "older", "the", "beginning"] == lines[1][:4]
    assert set(KINDS) <= {line[0] for line in lines}
    keys = Keys.of(folder)
    secrets = list(keys.model_dump(exclude={"turns"}).values())
    secrets += [one.value for one in keys.turn("seal_phone").kept]
    assert [] == [value for value in secrets if value in told + out]


def test_what_hurts_is_told_and_asked_before(run: Run, folder: Path) -> None:
    """Without a yes nothing is written."""
    before = (folder / "secrets.json").read_text()
    code, out, err = run("rotate", "receipt-codes", typed="n\n")
    assert (1, "mashang: nothing was changed\n") == (code, err)
    assert "taken in twice" in out
    assert before == (folder / "secrets.json").read_text()
    run("rotate", "statements")
    code, out, _ = run("use", "statements", "2", typed="n\n")
    assert (1, True) == (code, "taken for a stranger" in out)
    assert "1" == Keys.of(folder).turn("identity_seed").id


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("rotate", "nothing"), 2, "choose from phone, words"),
        (("rotate",), 2, "Missing argument"),
        (("use", "phone"), 2, "Missing argument"),
        (("reseal", "codes"), 2, "codes seals nothing"),
        (("use", "phone", "7"), 2, "no key 7"),
        (("retire", "phone", "1"), 2, "is in use"),
        (("rotate", "index"), 2, "cannot be hashed again"),
        (("vendor", "add", "MASHANG_INDEX_KEY"), 2, "is one value"),
    ],
)
def test_bad_calls_are_one_line_and_change_nothing(
    run: Run, folder: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    """A name that is none, an id that is none, a step that cannot be."""
    before = {file: file.read_text() for file in folder.rglob("*") if file.is_file()}
    got, out, err = run(*arguments)
    assert (code, "", 1, True) == (got, out, len(err.splitlines()), told in err)
    assert before == {file: file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_a_file_with_a_key_of_somebody_elses_is_not_written_over(run: Run, folder: Path) -> None:
    """Somebody put it there by hand, and something is sealed with it."""
    (folder / "rewards" / "MASHANG_SEAL_KEYS_PHONE").write_text(f"1:{Keys().seal_phone}")
    before = (folder / "secrets.json").read_text()
    code, _, err = run("rotate", "phone")
    assert (1, True) == (code, "holds a key that secrets.json does not know" in err)
    assert before == (folder / "secrets.json").read_text()


def test_an_installation_that_is_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty folder, or a damaged file."""
    assert 1 == main(["keys", "list", "--secrets", str(tmp_path / "x")])
    assert "has no secrets.json" in capsys.readouterr().err
    (tmp_path / "secrets.json").write_text("{")
    assert 1 == main(["keys", "list", "--secrets", str(tmp_path)])
    assert "cannot be read" in capsys.readouterr().err
