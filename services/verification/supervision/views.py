"""Notices in JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

View = Literal["mine", "others", "done"]


class NoticesQuery(BaseModel):
    """Whose notices, and from before which."""

    view: View = Field(
        "mine", description="to be acknowledged by one's own place, by others, or acknowledged"
    )
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{1,9}$")] | None = None
    limit: int = Field(25, ge=1, le=100)

    @property
    def last(self) -> tuple[int, int] | None:
        """The year and number of the last one that was seen."""
        if self.cursor is None:
            return None
        year, _, number = self.cursor.partition("-")
        return int(year), int(number)


class NoticeShown(BaseModel):
    """A supervision notice, and whether its place knows of it."""

    notice_id: UUID
    number: str = Field(description="as documents bear it")
    case_id: UUID
    case_number: str
    unit_code: str
    unit_name: str
    level: int
    level_key: str
    place_code: str
    place_name: str
    deadline_at: datetime
    due_at: datetime = Field(description="when it ought to have been issued")
    detected_at: datetime = Field(description="when it was")
    stands: bool = Field(description="whether there is still no verdict by that deadline")
    acknowledged_by: str | None = Field(description="by name")
    acknowledged_at: datetime | None


class Notices(BaseModel):
    """A page of them, the newest first."""

    items: list[NoticeShown]
    cursor: str | None
