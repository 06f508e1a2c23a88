"""What a child process does to itself before it becomes the program that we want.

    python -I -S child.py PARENT SIGNAL USER -- program argument ...

It asks the kernel for SIGNAL when its parent dies, so that nothing outlives a launcher that was
killed, keeps what it writes to its owner, and puts off the superuser's id where USER says so.
Standard library only; the program replaces this process, so its id is the id that the parent knows.

USER is `-` (as we are), `namespace` (a user namespace in which our id has another number: file
rights stay ours, yet geteuid() is not 0), or a system user's name.
"""

import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534

libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    """Never returns: the program takes over, or the exit code says why not (as a shell's does)."""
    parent, number, user, _, *command = arguments
    os.umask(0o077)  # what it writes is nobody else's to read
    try:
        put_off_root(user)
        die_with(int(parent), int(number))
        os.execvpe(command[0], command, os.environ)  # noqa: S606  there is no shell, on purpose
    except OSError as problem:
        print(f"cannot start {command[0]}: {problem}", file=sys.stderr)
        sys.exit(127 if isinstance(problem, FileNotFoundError) else 126)


def put_off_root(user: str) -> None:
    """Become USER. Must come first: a change of id clears the wish for a death signal."""
    if user == "namespace":
        enter_namespace()
    elif user != "-":
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)


def enter_namespace() -> None:
    """A user namespace in which our own user and group are called nobody."""
    user, group = os.geteuid(), os.getegid()
    check(libc.unshare(CLONE_NEWUSER), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")


def die_with(parent: int, number: int) -> None:
    """Ask for signal NUMBER at the parent's death, and go at once if it is dead already."""
    check(libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def check(result: int, call: str) -> None:
    """Turn a C call's -1 into an OSError."""
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"{call}: {os.strerror(code)}")


if __name__ == "__main__":
    main(sys.argv[1:])
