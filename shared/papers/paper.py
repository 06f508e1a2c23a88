"""What stands on a numbered document, from the red head to the line of the printers."""

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True)
class Paper:
    """Every word of it, ready to be set; what is empty is left out.

    `ref` is its number, `signer` who signed it where a rule wants a person, `withdrawn` the words
    that take it back, `seal` what is written where the seal comes.
    `language` is HTML's name of what it is written in.
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
    language: str = "zh-CN"

    @property
    def file_name(self) -> str:
        """Under which it is saved."""
        return f"{self.ref}.pdf"


class NumberedQuery(BaseModel):
    """GET a list of documents; `before` is the year and number of a page's last one.

    What is not known is ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    before: str | None = Field(default=None, pattern=r"^[0-9]{4}-[0-9]{1,9}$")

    @property
    def last(self) -> tuple[int, int] | None:
        """Year and number."""
        if self.before is None:
            return None
        year, _, number = self.before.partition("-")
        return int(year), int(number)
