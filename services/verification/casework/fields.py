"""What may stand in a field, whatever form or query it belongs to."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from shared.values import text

Text = Annotated[str, AfterValidator(text.lines)]
Note = Annotated[Text, StringConstraints(max_length=2000)]
# PostgreSQL's text cannot hold a NUL.
Plain = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Word = Annotated[Plain, StringConstraints(max_length=64)]
# A number, an id or a link among words; what it names is looked for by `find_said`.
CaseSaid = Annotated[Plain, StringConstraints(max_length=200)]
UnitCode = Annotated[Word, AfterValidator(text.identifier)]
# A finding and an answer of 4,000 characters, each of them escaped (`%F0%9F%98%80`), are 96 kB.
VERDICT_LIMIT = 128 * 1024


class Body(BaseModel):
    """A request body; what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def blank_is_none(value: object) -> object:
    """What a form sends of a field in which nothing stands."""
    return None if value == "" else value
