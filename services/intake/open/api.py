"""The open figures for programs and spreadsheets, and what they mean."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from services.intake.open import sheets, views
from services.intake.open.figures import Figures, counts, satisfaction
from services.intake.open.sheets import dictionary, sheet
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Text

CSV = "text/csv"


@dataclass(frozen=True)
class Api:
    """The handlers."""

    figures: Figures

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        row = partial(Endpoint, "GET", who=PUBLIC)
        return [
            row("/api/v1/open", self.open,
                "The open figures by month, state and source; small numbers are null",
                answers={200: views.Open}),
            row("/api/v1/open/dictionary", self.dictionary,
                "What every column of the open figures means, in both languages",
                answers={200: views.Dictionary}),
            _sheet("counts", self.counts, "The counts of each month and kind as CSV"),
            _sheet("satisfaction", self.satisfaction, "The satisfaction of each month as CSV"),
        ]  # fmt: skip

    async def open(self, _: Call[None, None]) -> views.Open:
        """All at once."""
        return await self.figures.open()

    async def dictionary(self, _: Call[None, None]) -> views.Dictionary:
        """The same for both languages."""
        return dictionary()

    async def counts(self, _: Call[None, None]) -> Text:
        """To be saved as a file."""
        rows = counts((await self.figures.read()).tables)
        return _file("counts", sheet(sheets.TABLES["counts"], rows))

    async def satisfaction(self, _: Call[None, None]) -> Text:
        """To be saved as a file."""
        rows = satisfaction((await self.figures.read()).tables)
        return _file("satisfaction", sheet(sheets.TABLES["satisfaction"], rows))


def _sheet(
    table: str, handler: Callable[[Call[None, None]], Awaitable[Text]], told: str
) -> Endpoint:
    return Endpoint(
        "GET", f"/api/v1/open/{table}.csv", handler, told, PUBLIC, answers={200: None}, media=CSV
    )


def _file(table: str, content: str) -> Text:
    disposition = f'attachment; filename="mashang-{table}.csv"'
    return Text(content, CSV, headers={"Content-Disposition": disposition})
