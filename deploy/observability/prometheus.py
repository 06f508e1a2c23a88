"""A private Prometheus (Debian's package): its own port and data, the rules that lie here."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path

from deploy.local import targets
from deploy.local.folder import private_file, private_folder
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.process import Process, StartError
from deploy.local.readiness import until_ready
from deploy.local.running import Running

HERE = Path(__file__).parent
KEPT = "40d"


class Prometheus(Running):
    """One server over one installation; it dies with us, however we end."""

    def __init__(self, data: Path, port: int, ports: Ports) -> None:
        self.data, self.port = data.absolute(), port
        self.url = f"http://{LOOPBACK}:{port}"
        self._ports = ports
        self._process: Process | None = None

    async def start(self) -> None:
        """Return when it answers; StartError says what is missing or wrong."""
        program = shutil.which("prometheus")
        if program is None:
            raise StartError("Prometheus is missing; `make observe` installs it where it may")
        await asyncio.to_thread(self.write)
        self._process = Process(
            "prometheus",
            [program, *self._arguments()],
            cwd=self.data,
            output=self.data / "prometheus.log",
            restart=False,
            death_signal=signal.SIGKILL,  # its log of writes is read again at the next start
        )
        await self._process.start()
        await until_ready(self._process, f"{self.url}/-/ready")

    async def stop(self) -> None:
        """Let it write what it holds."""
        if self._process:
            await self._process.stop()

    def write(self) -> None:
        """The configuration as it lies here; the targets are the launcher's, if it has run."""
        private_folder(self.data)
        if not (self.data / "targets.json").exists():
            private_file(self.data / "targets.json", targets.text(targets.usual(self._ports)))
        private_file(self.data / "prometheus.yml", (HERE / "prometheus.yml").read_text("utf-8"))
        for file in (HERE / "rules").glob("*.yml"):
            private_file(self.data / "rules" / file.name, file.read_text("utf-8"))

    def _arguments(self) -> tuple[str, ...]:
        return (
            f"--config.file={self.data / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.data / 'series'}",
            f"--storage.tsdb.retention.time={KEPT}",
            f"--web.listen-address={LOOPBACK}:{self.port}",
        )
