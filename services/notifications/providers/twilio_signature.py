"""X-Twilio-Signature: how Twilio signs what it brings us.

Base64 of HMAC-SHA1, with the account's token, over the address and every sorted field with its
value. The address is the one that we told it, whatever a proxy made of it on the way.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import parse_qsl

HEADER = "X-Twilio-Signature"


def read_form(body: bytes) -> dict[str, str]:
    """The fields; empty where it is no form."""
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200))
    except ValueError:
        return {}


def sign(token: str, address: str, fields: Mapping[str, str]) -> str:
    """What stands in the header."""
    text = address + "".join(f"{name}{value}" for name, value in sorted(fields.items()))
    digest = hmac.digest(token.encode(), text.encode(errors="replace"), "sha1")
    return b64encode(digest).decode()


def is_signed(token: str, address: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the header says so. Its name is found in any spelling where `headers` allow that."""
    wanted = sign(token, address, read_form(body))
    return hmac.compare_digest(wanted.encode(), headers.get(HEADER, "").encode())
