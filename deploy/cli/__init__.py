"""The console script `mashang`, for any installation: its database, keys and broker.

`surroundings` finds what a command needs; each other module is one command. Nothing here imports
the launcher: a local installation leaves its services' environments in files.
"""

from deploy.cli.main import main

__all__ = ["main"]
