"""The environment that each service and the sandbox get on one machine."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.local import inherited, targets, vendors
from deploy.local.keys import Keys
from deploy.local.ports import LOOPBACK, Ports
from shared.flows import SERVICES

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = "sandbox"
# Who writes photos and recordings, and who shows them.
PHOTOGRAPHERS = ("intake", "verification")


def service_env(
    service: str, *, ports: Ports, keys: Keys, database_url: str, amqp_url: str, photos: str = ""
) -> dict[str, str]:
    """Our own variables over what is inherited; a service gets no other service's secrets.

    `photos` is the folder of photos and recordings; without one none are taken in.
    """
    public = os.environ.get("MASHANG_PUBLIC_URL") or ports.url("intake")
    return {
        **inherited.for_service(service),
        "DATABASE_URL": database_url,
        "AMQP_URL": amqp_url,
        "MASHANG_HTTP_HOST": LOOPBACK,
        "MASHANG_HTTP_PORT": str(ports[service]),
        "MASHANG_OPS_PORT": str(ports[f"ops_{service}"]),
        "MASHANG_POLICY_FILE": os.environ.get("MASHANG_POLICY_FILE")
        or f"{ROOT}/deploy/policy.toml",
        "MASHANG_PUBLIC_URL": public,
        "MASHANG_STAFF_URLS": staff_urls(ports),
        "MASHANG_PROMETHEUS": targets.server(),
        **own_env(service, ports, keys),
        **({"MASHANG_PHOTOS": photos} if photos and service in PHOTOGRAPHERS else {}),
    }


def staff_urls(ports: Ports) -> str:
    """Where each service's staff pages are, for one sign-in and the switch between them."""
    return ",".join(f"{name}={ports.url(name)}" for name in SERVICES)


def own_env(service: str, ports: Ports, keys: Keys) -> dict[str, str]:
    """What only this service is told."""
    own = keys_of(service, keys)
    if service == "verification":
        return {**own, "MASHANG_SECOND_FACTOR": "optional"}
    if service in vendors.BUYS:
        return {**own, **vendors.caller_env(service, ports, keys)}
    return own


def keys_of(service: str, keys: Keys) -> dict[str, str]:
    """The keys that this service holds, by their variables."""
    if service == "verification":
        return {
            **keys.seal_keys("phone", "words", "answer", "note", "photo"),
            "MASHANG_INDEX_KEY": keys.index_key,
            "MASHANG_IDENTITY_SEED": keys.identity_seed,
        }
    own = {
        "intake": {
            **keys.seal_keys("phone", "words", "answer", "photo"),
            "MASHANG_INDEX_KEY": keys.index_key,
            "MASHANG_CODE_KEYS": keys.ring("code_key"),
            **({"MASHANG_CODE_KEYS_RETIRED": gone} if (gone := keys.retired("code_key")) else {}),
            "MASHANG_RECEIPT_KEY": keys.receipt_key,
            "MASHANG_SIGNING_KEY": keys.signing_key,
        },
        "notifications": {**keys.seal_keys("phone"), "MASHANG_INDEX_KEY": keys.sms_index_key},
        "rewards": {**keys.seal_keys("phone"), "MASHANG_CLOSE_KEY": keys.close_key},
    }
    return {**own.get(service, {}), "MASHANG_IDENTITY_PUBLIC": keys.identity_public}


def sandbox_env(ports: Ports, keys: Keys) -> dict[str, str]:
    """The vendors' side of the services' log-ins, and where they report."""
    return {**inherited.for_program(), **vendors.account_env(ports, keys)}
