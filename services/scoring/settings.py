"""The environment of scoring."""

from shared import config
from shared.config import Key


class Settings(config.Settings):
    """`identity_public` checks the desk's statements about its operators."""

    identity_public: Key
