"""What verification needs beside what every service needs."""

from typing import Literal, Self

from pydantic import DirectoryPath, SecretStr, model_validator

from shared.config import Key, KeyRing
from shared.storage import StorageSettings


class Settings(StorageSettings):
    """`identity_seed` signs the statements about operators that the other services check.

    Where `oidc_issuer` is set its provider signs in, too, whom it calls by their username in
    `oidc_claim`. `second_factor` is optional on a developer's machine, where one signs in all day.
    `paper_fonts` is a folder of the fonts that documents are set in.
    """

    seal_keys_phone: KeyRing
    seal_keys_words: KeyRing
    seal_keys_answer: KeyRing
    seal_keys_note: KeyRing
    seal_keys_photo: KeyRing
    index_key: Key
    identity_seed: Key
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret: SecretStr = SecretStr("")
    oidc_claim: str = "sub"
    second_factor: Literal["required", "optional"] = "required"
    paper_fonts: DirectoryPath | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.oidc_issuer and not (self.oidc_client and self.staff_urls.get("verification")):
            raise ValueError("oidc_issuer needs oidc_client, and the desk's own staff_urls")
        return self
