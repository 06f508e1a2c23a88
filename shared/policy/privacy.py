"""What is kept of people and how long, and what they agreed to."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.policy.kinds import KeptDays, Key, LogDays, Text, once
from shared.policy.section import Part


class Privacy(Part):
    """How long phones, words and photos are kept after they came; longer while more is owed.

    `account_days` is for what happened to the accounts of staff.
    """

    kept_days: KeptDays
    account_days: LogDays


class Consent(Part):
    """What a citizen agrees to who leaves a phone: which notice, for what, and who is told."""

    notice: Text
    complaint: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]
    request: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]
    recipients: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]

    def purposes(self, kind: str) -> tuple[str, ...]:
        """For what the phone is used: a bad rating without a complaint asks for no more."""
        return self.complaint if kind == "complaint" else self.request
