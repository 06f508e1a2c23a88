"""Answers that are written once and fit many cases: what stands for what."""

import re
from collections.abc import Mapping

# How a variable is written, in Chinese or in English, and what it stands for.
VARIABLES: Mapping[str, str] = {
    "单位": "unit", "窗口": "window", "今天": "today", "来件日": "received", "事项": "matter",
    "编号": "number", **{name: name for name in
                        ("unit", "window", "today", "received", "matter", "number")},
}  # fmt: skip
_VARIABLE = re.compile(r"\{([^{}\n]*)\}")


def unknown(body: str) -> list[str]:
    """What stands in braces and is no variable."""
    return [said for said in _VARIABLE.findall(body) if said.strip() not in VARIABLES]


def fill(body: str, values: Mapping[str, str]) -> str:
    """The text for one case; a variable without a value stays, for a person to see."""

    def one(found: re.Match[str]) -> str:
        return values.get(VARIABLES.get(found[1].strip(), "")) or found[0]

    return _VARIABLE.sub(one, body)
