"""Domain verification files and code keys as an administrator writes them."""

import pytest
from pydantic import ValidationError

from services.intake.settings import domain_files
from tests.integration.intake_site import _key, settings


def test_files_are_read() -> None:
    """Name and content, several of them, spaces around them or not."""
    written = "MP_verify_a1.txt=a1, Alipay-2.txt=MDEy+/== ,"
    assert {"MP_verify_a1.txt": "a1", "Alipay-2.txt": "MDEy+/=="} == domain_files(written)
    assert {} == settings().domain_files


@pytest.mark.parametrize(
    "written",
    ["../x.txt=a", "a/b.txt=a", "x.html=a", ".txt=a", "x.txt", "x.txt=", "x.txt=a b", "x.txt=é",
     "robots.txt=a", "x.txt=a\nb", "x.txt\0=a", "X" * 81 + ".txt=a", "x.txt=" + "a" * 201,
     "码.txt=a"],
)  # fmt: skip
def test_a_trick_is_refused_at_the_start(written: str) -> None:
    """No path, no other kind of file, nothing that is not plain."""
    with pytest.raises(ValidationError, match="domain_files"):
        settings(domain_files=written)


def test_retired_keys_are_others() -> None:
    """A key cannot sign and be retired; ids are one character in both rings."""
    old = f"1:{_key('c')}"
    assert {"0": b"o" * 32} == settings(code_keys_retired=f"0:{_key('o')}").retired
    assert {} == settings().retired
    with pytest.raises(ValidationError, match="key 1 is both"):
        settings(code_keys_retired=old)
    with pytest.raises(ValidationError, match="one character"):
        settings(code_keys_retired=f"10:{_key('o')}")
