"""The last words of a log file, for an error of one line."""

from pathlib import Path


def tail(path: Path, size: int = 4096) -> str:
    """The last line that says something, at most 300 characters."""
    try:
        text = path.read_bytes()[-size:].decode("utf-8", "replace")
    except OSError:
        return "nothing"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["nothing"])[-1][:300]
