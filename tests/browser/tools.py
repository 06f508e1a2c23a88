"""What only `make pages` needs: Lighthouse, and a Chromium of 2018, pinned with their hashes.

They are fetched once, by npm, beside the virtual environment; `make clean` removes both.
"""

import asyncio
import hashlib
import os
import shutil
from pathlib import Path

HERE = Path(__file__).parent / "tools"
FILES = ("package.json", "package-lock.json")
OLDEST_NODE = 20
UNPACK = """
const [from, to] = process.argv.slice(1), fs = require('fs');
fs.writeFileSync(to, require('zlib').brotliDecompressSync(fs.readFileSync(from)), {mode: 0o755});
"""


class NoTools(Exception):
    """They cannot be had. The text says what to do."""


def folder() -> Path:
    """Where they lie."""
    return Path(os.environ.get("MASHANG_VENV") or ".venv").absolute() / "pages"


async def ensure() -> Path:
    """Their folder, with what the lock file names in it."""
    home, stamp = folder(), _stamp()
    if not (home / "stamp").exists() or (home / "stamp").read_text() != stamp:
        await _check_node()
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name in FILES:
            shutil.copy(HERE / name, home)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
        await call("npm", "ci", *quiet, cwd=home)
        await _unpack(home)
        (home / "stamp").write_text(stamp)
    return home


def old_chromium(home: Path) -> Path:
    """The program."""
    return home / "chromium-69"


def _stamp() -> str:
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()


async def _check_node() -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        raise NoTools(f"node and npm are missing: install Node {OLDEST_NODE} or newer")
    version = await call("node", "--version")
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise NoTools(f"node is {version.strip()}: install Node {OLDEST_NODE} or newer")


async def _unpack(home: Path) -> None:
    (packed,) = (home / "node_modules/chrome-aws-lambda/bin").glob("chromium-69.*.br")
    await call("node", "-e", UNPACK, str(packed), str(old_chromium(home)))


async def call(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """What a program prints. NoTools with its last line if it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, errors = await process.communicate()
    if process.returncode:
        last = (errors.decode().strip().splitlines() or ["no word"])[-1]
        raise NoTools(f"{command[0]} failed: {last}")
    return printed.decode()
