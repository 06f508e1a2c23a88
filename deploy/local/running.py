"""What runs inside an `async with`."""

from abc import ABC, abstractmethod
from typing import Self


class Running(ABC):
    """Started at the entry; stopped at the exit, and where the start failed half way."""

    @abstractmethod
    async def start(self) -> None:
        """Return when it may be used."""

    @abstractmethod
    async def stop(self) -> None:
        """Leave nothing behind. Safe to repeat, and where nothing was started."""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
