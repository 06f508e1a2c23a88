"""The console script `mashang`: the directory, codes to print, set-aside events, the policy file.

`surroundings` finds databases and keys; each other module is one command.
"""

from deploy.cli.main import main

__all__ = ["main"]
