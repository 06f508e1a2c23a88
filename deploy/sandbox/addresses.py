"""Addresses that a customer configures at a vendor."""

from typing import Annotated

from pydantic import AfterValidator, AnyHttpUrl, TypeAdapter

_URL: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


def is_http(url: str) -> str:
    """Check an address and keep it as it was written."""
    _URL.validate_python(url)
    return url


Address = Annotated[str, AfterValidator(is_http)]
