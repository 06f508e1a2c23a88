"""What citizens send when they answer back."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.intake.accept.submission import Phone, Words
from shared.values import text

CODE = 6


def _words(value: object) -> object:
    return text.lines(value).strip() if isinstance(value, str) else value


def _needed(words: str) -> str:
    if not words:
        raise PydanticCustomError("wrong.words_missing", "wrong.words_missing")
    return words


def _digits(typed: str) -> str:
    """However the code was typed or pasted; what is no code is none of ours."""
    bare = text.identifier(typed).replace("-", "")
    if len(bare) != CODE or not text.is_digits(bare):
        raise PydanticCustomError("wrong.code_digits", "wrong.code_digits", {"n": CODE})
    return bare


Said = Annotated[Words, BeforeValidator(_words)]
Needed = Annotated[Said, AfterValidator(_needed)]


class Body(BaseModel):
    """A request body; what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RatingBody(Body):
    """The two questions; one of them is enough."""

    solved: bool | None = None
    satisfied: bool | None = None


class FollowupBody(Body):
    """Why the answer is not accepted."""

    words: Needed


class PressureBody(Body):
    """What happened; nobody has to say."""

    words: Said = ""


class WithdrawalBody(Body):
    """True withdraws, False takes it back."""

    withdrawn: bool


class PhoneBody(Body):
    """The phone to which a code is sent."""

    phone: Annotated[Phone, Field(max_length=60)]


class CodeBody(Body):
    """The code that came by SMS."""

    code: Annotated[str, Field(max_length=60), AfterValidator(_digits)]
