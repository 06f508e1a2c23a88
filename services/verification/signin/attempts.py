"""An attempt to sign in: what was typed, and where it comes from."""

from dataclasses import dataclass, field

from services.verification.signin import rules

LONGEST_AGENT = 300
LONGEST_PASSWORD = 1024
_LONGEST_USERNAME = 64


@dataclass(frozen=True)
class Caller:
    """Where an attempt comes from; `device` only where it is known for the name that is typed.

    `agent` is how the browser calls itself.
    """

    address: str = "unknown"
    device: str = ""
    agent: str = ""

    @property
    def shown_agent(self) -> str:
        """As much of the agent as is kept."""
        return self.agent[:LONGEST_AGENT]

    @property
    def network(self) -> str:
        """About where it comes from."""
        return rules.network(self.address)


NOWHERE = Caller()


@dataclass(frozen=True)
class Attempt:
    """What was typed, and from where."""

    username: str
    password: str = field(repr=False)
    caller: Caller

    @property
    def fits(self) -> bool:
        """Whether it could be anybody's at all."""
        named = 0 < len(self.username) <= _LONGEST_USERNAME
        return named and len(self.password) <= LONGEST_PASSWORD
