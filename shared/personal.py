"""What is kept of people: where, for how long, and which staff sees it. Told by `mashang data`.

The tables themselves are compared with this (`tests/integration/test_privacy.py`): a column for
something sealed, for a number's index, a password, a session or an address stands here, or a test
fails. Tables without such columns hold no more of anybody than a name and what they did at work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.access import (
    CASE_READERS,
    CASE_WORKERS,
    MESSAGE_READERS,
    REWARD_READERS,
    Role,
)

# Names a policy's setting; the rest says itself.
FORGOTTEN = "{privacy.kept_days} days, or until its citizen asks; what is owed is done first"
SETTLED = "until the reward is settled and its citizen is to be forgotten"
RESENT = "{messages.resend_days} days after it was sent or given up"
FOR_GOOD = "as long as the case, which stays"


@dataclass(frozen=True)
class Held:
    """Columns `table.column`, what stands there, how long, and whose screens show it (masked)."""

    columns: tuple[str, ...]
    what: str
    kept: str
    shown: Sequence[Role] = ()
    masked: bool = False

    @property
    def forgotten(self) -> bool:
        """Whether it goes with its submission."""
        return self.kept in (FORGOTTEN, SETTLED)


def _held(
    columns: str, what: str, kept: str, shown: Sequence[Role] = (), *, masked: bool = False
) -> Held:
    return Held(tuple(columns.split()), what, kept, shown, masked)


HELD: Mapping[str, Sequence[Held]] = {
    "intake": (
        _held("submissions.words_sealed additions.words_sealed followups.words_sealed"
              " data_requests.words_sealed",
              "what a citizen wrote, sealed; shown to who holds the receipt and knows it",
              FORGOTTEN),
        _held("submissions.phone_sealed contacts.phone_sealed", "the citizen's phone, sealed",
              FORGOTTEN),
        _held("submissions.phone_index contacts.phone_index", "a keyed hash of it", FORGOTTEN),
        _held("additions.officer_typed_sealed", "an officer's name as a citizen typed it, sealed",
              FORGOTTEN),
        _held("phone_codes.phone_sealed phone_codes.phone_index",
              "a phone that a one-time code was sent to", "a week"),
        _held("receipts_due.link_sealed", "the address of a receipt until its SMS goes out",
              "a day at most"),
        _held("invited_phones.phone_index", "who was asked how it was, as a keyed hash", "90 days"),
        _held("declined.phone_index", "who wants to be asked no more, as a keyed hash",
              "for good: without it nobody could be left out"),
    ),
    "verification": (
        _held("cases.words_sealed case_additions.words_sealed commendations.words_sealed",
              "what a citizen wrote, sealed", FORGOTTEN, CASE_READERS),
        _held("cases.phone_sealed",
              "the citizen's phone, sealed; whole for a day to who calls, each look on record",
              FORGOTTEN, CASE_READERS, masked=True),
        _held("cases.phone_index", "a keyed hash of it", FORGOTTEN),
        _held("cases.officer_typed_sealed case_additions.officer_typed_sealed"
              " commendations.officer_typed_sealed",
              "an officer's name as a citizen typed it, sealed", FORGOTTEN, CASE_READERS),
        _held("holds.body holds.added", "a submission that is held back, words and phone sealed",
              FORGOTTEN, CASE_READERS, masked=True),
        _held("verdicts.finding_sealed verdicts.answer_sealed case_actions.note_sealed"
              " case_requests.reason_sealed evidence.about_sealed hold_decisions.reason_sealed"
              " notice_acknowledgements.plan_sealed",
              "what the bureau wrote, sealed", FOR_GOOD, CASE_READERS),
        _held("drafts.typed_sealed", "what an officer has not sent yet, sealed",
              "7 days after it was typed", CASE_WORKERS),
        _held("duty_phones.phone_sealed", "phones on duty, the bureau's own, sealed",
              "until another is named", CASE_WORKERS, masked=True),
        _held("officers.phone_index", "a keyed hash of an officer's phone",
              "as long as the roster"),
        _held("import_previews.file_sealed", "a file that is looked at before it is taken in",
              "an hour"),
        _held("operators.password_hash second_factors.secret_sealed",
              "how an operator signs in: a slow hash, and a second factor, sealed",
              "as long as the log-in"),
        _held("sessions.token_hash sessions.address",
              "who is signed in, and from which address, told to oneself alone",
              "an hour after the last use"),
        _held("sign_in_addresses.address", "from where somebody failed to sign in", "a day"),
        _held("sample_seeds.seed_sealed", "nobody: a number that draws the random review",
              "until its day is over"),
    ),
    "rewards": (
        _held("rewards.phone_sealed contacts.phone_sealed phone_checks.phone_sealed",
              "the phone that airtime goes to, sealed", SETTLED, REWARD_READERS, masked=True),
        _held("verdicts.waiting", "a verdict that waits for a phone, with what is sealed in it",
              SETTLED),
        _held("contacts.phone_index phone_checks.phone_index refused_phones.phone_index",
              "a keyed hash of it", SETTLED),
        _held("rewards.phone_index", "the same of what was paid",
              "for good: the limit of payments to one phone counts it"),
        _held("officers.phone_index", "a keyed hash of an officer's phone, who is paid nothing",
              "as long as the roster"),
    ),
    "notifications": (
        _held("messages.phone_sealed messages.code_sealed",
              "whom an SMS goes to, and the code in it, sealed", RESENT, MESSAGE_READERS,
              masked=True),
        _held("messages.phone_hash replies.phone_hash",
              "a keyed hash, by which a reply finds its SMS",
              "as long, or {messages.reply_hours} hours if that is longer"),
        _held("stops.phone_hash", "who wants no SMS, as a keyed hash",
              "until they want some again"),
    ),
    "scoring": (),
}  # fmt: skip
# What every service holds of others' words, and what lies in no table.
BESIDE: Sequence[tuple[str, str, str]] = (
    ("every database, `outbox.body`, `sent.body`, `inbox_pending.body`",
     "events, in which phones, words and answers are sealed",
     "until sent and handled; what was sent `MASHANG_SENT_DAYS` more"),
    ("the folder or bucket of photos and recordings", "pictures without their metadata, sealed",
     FORGOTTEN),
    ("RabbitMQ", "the same events on their way", "until they are handled"),
    ("backups", "all of the databases", "as long as copies are kept; see `README.md` here"),
    ("logs and metrics", "nothing of a citizen: ids only, and figures", "as long as you keep them"),
)  # fmt: skip
