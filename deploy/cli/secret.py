"""Passwords for commands: typed twice, or from standard input; never an argument."""

from __future__ import annotations

import getpass
import sys

from shared.errors import Misconfigured


def from_stdin() -> str:
    """The first line of standard input."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise Misconfigured("no password on standard input; write it as the first line")
    return password


def typed_twice() -> str:
    """Asked for on the terminal."""
    try:
        first = getpass.getpass("Password: ")
        second = getpass.getpass("Again: ")
    except EOFError:
        raise Misconfigured("no password; type it, or use --password-stdin") from None
    if first != second:
        raise Misconfigured("the two passwords differ; run the command again")
    return first
