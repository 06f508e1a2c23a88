"""`mashang keys vendor`: a secret in an installation's folder is known, then used, then alone."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.cli import main
from deploy.local.keys import Keys

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What `make secrets` writes, as far as it matters here."""
    Keys.of(tmp_path)
    (tmp_path / "rewards").mkdir()
    (tmp_path / "rewards" / "MASHANG_JUHE_REPORT_SECRET").write_text("r" * 16)
    (tmp_path / "rewards" / "MASHANG_JUHE_KEY").write_text("theirs\n")
    (tmp_path / "rewards" / "MASHANG_DTONE_REPORT_SECRET").write_text("")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on it."""

    def call(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(["keys", "vendor", *arguments, "--secrets", str(folder)])
        return code, *capsys.readouterr()

    return call


def test_theirs_is_typed_and_both_count_in_between(run: Run, folder: Path) -> None:
    """No step is taken twice."""
    path = folder / "rewards" / "MASHANG_JUHE_KEY"
    assert 0 == run("add", "MASHANG_JUHE_KEY", typed="new\n")[0]
    assert "theirs,new" == path.read_text()
    assert 1 == run("add", "MASHANG_JUHE_KEY", typed="third\n")[0]
    assert 0 == run("use", "MASHANG_JUHE_KEY")[0]
    assert "new,theirs" == path.read_text()
    assert 0 == run("drop", "MASHANG_JUHE_KEY")[0]
    assert "new" == path.read_text()


def test_ours_is_made_and_never_told(run: Run, folder: Path) -> None:
    """It ends an address, so whoever knows it reports."""
    code, out, _ = run("add", "MASHANG_JUHE_REPORT_SECRET")
    old, made = (folder / "rewards" / "MASHANG_JUHE_REPORT_SECRET").read_text().split(",")
    assert (0, "r" * 16, True) == (code, old, len(made) >= 16)
    assert made not in out


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "told"),
    [
        (("add", "MASHANG_JUHE_KEY"), "", 2, "should be on the input"),
        (("add", "MASHANG_JUHE_KEY"), "a,b\n", 2, "should be on the input"),
        (("add", "MASHANG_JUHE_KEY"), "theirs\n", 2, "should be on the input"),
        (("add", "MASHANG_JUHE_OPENID"), "x\n", 2, "is one value"),
        (("add",), "", 2, "Missing argument"),
        (("use", "MASHANG_JUHE_KEY"), "", 1, "holds one"),
        (("drop", "MASHANG_JUHE_KEY"), "", 1, "holds one"),
        (("add", "MASHANG_DTONE_REPORT_SECRET"), "", 1, "is empty"),
        (("add", "MASHANG_ALIYUN_REPORT_SECRET"), "", 1, "no service has a file"),
    ],
)
def test_bad_calls_are_one_line_and_change_nothing(
    run: Run, folder: Path, arguments: tuple[str, ...], typed: str, code: int, told: str
) -> None:
    """No new one, two in one line, one that is known already, a variable that is none."""
    before = {file: file.read_text() for file in folder.rglob("*") if file.is_file()}
    got, out, err = run(*arguments, typed=typed)
    assert (code, "", 1, True) == (got, out, len(err.splitlines()), told in err)
    assert before == {file: file.read_text() for file in folder.rglob("*") if file.is_file()}
