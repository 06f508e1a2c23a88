"""The environment of scoring."""

from pydantic import DirectoryPath

from shared.web.session import StaffSettings


class Settings(StaffSettings):
    """It signs nobody in and opens nothing; `paper_fonts` are those of its documents."""

    paper_fonts: DirectoryPath | None = None
