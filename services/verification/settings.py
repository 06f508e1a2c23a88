"""What verification needs beside what every service needs."""

from shared import config
from shared.config import Key


class Settings(config.Settings):
    """`identity_seed` signs the statements about operators that the other services check."""

    identity_seed: Key
