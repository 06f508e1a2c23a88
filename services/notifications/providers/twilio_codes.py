"""Twilio's errors as data. A code that is not here is Held, and alerts.

[D] the vendor's documentation, [C] public code, [M] from memory, to be checked before going live.
"""

from datetime import timedelta

from services.notifications.providers.codes import Table

TABLE = Table(
    vendor="twilio",
    retry={
        "20429": timedelta(seconds=5),  # [D] too many requests
        "63038": timedelta(hours=1),  # [M] the account's messages of the day
    },
    held=frozenset(
        {
            "20003",  # [D] log-in
            "20404",  # [M] no such account or sender
            "21408",  # [M] no right to send to this country
            "21602",  # [M] no text
            "21606",  # [M] the sender is not ours
            "21608",  # [M] a trial account sends to known phones only
            "21617",  # [M] the text is too long
        }
    ),
    final=frozenset(
        {
            "21211",  # [C] no number
            "21610",  # [C] who opted out
            "21612",  # [C] no way to this number from ours
            "21614",  # [C] not a mobile number
        }
    ),
)
