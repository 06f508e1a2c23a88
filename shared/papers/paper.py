"""What stands on a numbered document, from the red head to the line of the printers."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Paper:
    """Every word of it, ready to be set; what is empty is left out.

    `ref` is its number, `signer` who signed it where a rule wants a person, `withdrawn` the words
    that take it back, `seal` what is written where the seal comes.
    """

    head: str
    ref: str
    title: str
    to: str
    body: tuple[str, ...]
    issuer: str
    day: str
    issued_on: date
    seal: str
    copy_to: str
    office: str
    printed: str
    signer: str = ""
    withdrawn: str = ""

    @property
    def file_name(self) -> str:
        """Under which it is saved."""
        return f"{self.ref}.pdf"
