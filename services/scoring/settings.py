"""The environment of scoring."""

from shared.web.session import StaffSettings


class Settings(StaffSettings):
    """Nothing of its own: it signs nobody in and opens nothing."""
