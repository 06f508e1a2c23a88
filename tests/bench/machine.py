"""On what the figures were taken."""

import os
import platform
from pathlib import Path


def describe() -> str:
    """One line: cores, processor, Python, how busy the machine was already."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {processor()}, Python {platform.python_version()}, "
        f"load average before {load:.1f}"
    )


def processor() -> str:
    """The processor's own name where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
