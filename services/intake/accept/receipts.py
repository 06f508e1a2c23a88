"""The receipt's code, which only the citizen has, and the commitment to what was sent.

The code is derived from the idempotency key, so a repeat gets the same one although only its hash
is stored. What is stated of a submission, and signed, stands in `proof`.
"""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from services.intake.accept import base32
from services.intake.accept.submission import Draft
from services.intake.proof.statements import canonical
from shared.values import pasted, text

LENGTH = 16
_NO_MARKS = str.maketrans("", "", "-._")


def code_of(key: bytes, idempotency_key: str) -> str:
    """`7H2K-90MA-XT4C-W3PD`: 80 bits, known to whoever sent the idempotency key."""
    return grouped(base32.encode(hmac.digest(key, idempotency_key.encode(), "sha256"), LENGTH))


def grouped(bare: str) -> str:
    """In groups of four, as people read it."""
    return "-".join(bare[i : i + 4] for i in range(0, len(bare), 4))


def normalise(typed: str) -> str | None:
    """The 16 characters of a receipt code, however it was typed; None if there cannot be one.

    What stands in groups of four is likelier one than another word of 16 letters.
    """
    found = [code for code in pasted.codes(typed) if _bare(code)]
    return _bare(min(found, key=lambda code: code[4::5] != "---")) if found else None


def _bare(code: str) -> str | None:
    bare = text.look_alike(code).translate(_NO_MARKS)
    return bare if len(bare) == LENGTH and set(bare) <= set(base32.ALPHABET) else None


def hash_of(bare: str) -> bytes:
    """What is stored of a receipt code (normalised): enough to find it, not to use it."""
    return sha256(bare.encode()).digest()


def content_of(draft: Draft, unit_code: str, counter: int | None) -> str:
    """What the citizen sent, as canonical JSON: sorted keys, no spaces, absent values null."""
    content = {
        "categories": draft.categories,
        "counter": counter,
        "kind": draft.kind,
        "language": draft.language,
        "officer_badge": draft.officer_badge,
        "phone": draft.phone,
        "satisfaction": draft.satisfaction,
        "unit_code": unit_code,
        "urgent": draft.urgent,
        "words": draft.words,
    }
    # Only what was said beyond these: a plain submission's content is what it always was.
    further = draft.further
    return canonical(dict(sorted((content | further).items())) if further else content)


def content_hash(bare: str, content: str) -> bytes:
    """The commitment to the content: HMAC-SHA256 under the normalised receipt code."""
    return hmac.digest(bare.encode(), content.encode(), "sha256")


def base64url(raw: bytes) -> str:
    """Without padding, as in JOSE."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
