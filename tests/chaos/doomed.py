"""`python -m tests.chaos.doomed rewards`: a service whose process dies where it was named to.

The service is loaded once; every life of it is a fork, so a death costs no start of Python. The
parent goes on while its children are killed, and ends as they do when they end in any other way.
"""

import os
import runpy
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from deploy.local.child import die_with
from tests.chaos import haste, hooks
from tests.chaos.fate import Fate
from tests.chaos.tally import Tally


class Lives:
    """The parent of a service's processes."""

    def __init__(self, service: str, me: str, tally: Tally) -> None:
        self._service, self._me, self._tally = service, me, tally
        self._child = 0
        self._stopping = False

    def stop(self, *_: object) -> None:
        """The present life is the last one, and ends in order."""
        self._stopping = True
        if self._child:
            os.kill(self._child, signal.SIGTERM)

    def run(self) -> int:
        """One life after the other; the exit code of the last."""
        for name in ("service", "settings"):
            import_module(f"services.{self._service}.{name}")
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = 0
        while not self._stopping:
            before = self._tally.count_hits(self._service)
            code = self._one_life()
            # A worker that died at a point ends the others and their supervisor.
            doomed = code == 1 and self._tally.count_hits(self._service) > before
            if code != -signal.SIGKILL and not doomed and not self._asked_to_stop():
                self._tally.died(self._me, code)
                break
        return max(code, 0)

    def _one_life(self) -> int:
        self._child = os.fork()
        if not self._child:
            self._live()
        if self._asked_to_stop():  # between two lives
            os.kill(self._child, signal.SIGTERM)
        ended = os.waitpid(self._child, 0)[1]
        self._child = 0
        return os.waitstatus_to_exitcode(ended)

    def _asked_to_stop(self) -> bool:
        return self._stopping

    def _live(self) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with(os.getppid(), signal.SIGKILL)
        hooks.install(Fate(self._service, self._me, self._tally))
        haste.apply()
        sys.argv = [self._service]
        runpy.run_module(f"services.{self._service}", run_name="__main__", alter_sys=True)
        sys.exit(0)


def main(service: str) -> int:
    """The whole of it."""
    me = os.environ.get("MASHANG_CHAOS_ME", service)
    return Lives(service, me, Tally(Path(os.environ["MASHANG_CHAOS"]))).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
