"""Every secret of an installation as a file, in a folder for each who may read them.

    intake/DATABASE_URL …          a service's own, named as it reads them
    setup/, postgres/, rabbitmq/   for `deploy/compose`: who makes the databases, the servers
    database-…/, broker-…/         for `deploy/kubernetes`: log-ins as its operators take them
    owner/DATABASE_URL             for its migrations

`secrets.json` above them is what they are made from; it goes to no container. A folder is a Secret
of Kubernetes, a mount of Compose.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from deploy.local.databases import OWNER, database_of, url_for
from deploy.local.folder import private_folder
from deploy.local.keys import Keys, token
from deploy.local.settings import keys_of
from shared.bus import rights
from shared.flows import SERVICES

ADMINISTRATOR, WATCHER = "administrator", "watcher"
# Reports come to an address that nobody guesses; it is ours to choose.
CHOSEN = {
    "rewards": ("MASHANG_JUHE_REPORT_SECRET",),
    "notifications": ("MASHANG_ALIYUN_REPORT_SECRET",),
}
# What only the vendor can give. An empty file stops the service with a line that names it.
GIVEN = {
    "rewards": ("MASHANG_JUHE_KEY", "MASHANG_JUHE_OPENID"),
    "notifications": ("MASHANG_ALIYUN_KEY_SECRET",),
}

Files = Mapping[str, str]


def write(folder: Path, postgres: str, broker: str) -> list[Path]:
    """Write what is not there yet; the files that a person has to fill.

    What is there stays, so a vendor's key that was filled in does.
    """
    keys = Keys.of(private_folder(folder))
    for name, files in folders(keys, postgres, broker):
        place = folder / name
        # The folder above is private; in a container somebody else reads them.
        place.mkdir(exist_ok=True, mode=0o755)
        for variable, content in files.items():
            if not (place / variable).exists():
                (place / variable).write_text(content, "utf-8")
                (place / variable).chmod(0o644)
    return sorted(file for file in folder.glob("*/*") if not file.read_text("utf-8").strip())


def folders(keys: Keys, postgres: str, broker: str) -> Iterator[tuple[str, Files]]:
    """Each folder's name and files; `postgres` and `broker` are where these listen."""
    admin = f"postgresql://postgres:{keys.owner_password}@{postgres}/postgres"
    for service in SERVICES:
        name = database_of(service)
        yield (
            service,
            {
                "DATABASE_URL": url_for(admin, name, name, keys.password_of(service)),
                "AMQP_URL": _amqp(
                    rights.user_of(service), keys.broker_password_of(service), broker
                ),
                **keys_of(service, keys),
                **{variable: token() for variable in CHOSEN.get(service, ())},
                **dict.fromkeys(GIVEN.get(service, ()), ""),
            },
        )
        yield f"database-{service}", _login(name, keys.password_of(service))
        yield f"broker-{service}", _login(rights.user_of(service), keys.broker_password_of(service))
    yield "owner", {"DATABASE_URL": url_for(admin, "postgres", OWNER, keys.owner_password)}
    yield "database-owner", _login(OWNER, keys.owner_password)
    yield from _servers(keys, admin, broker)


def _servers(keys: Keys, admin: str, broker: str) -> Iterator[tuple[str, Files]]:
    root = keys.broker_password_of(ADMINISTRATOR)
    yield (
        "setup",
        {
            "DATABASE_URL": admin,
            "AMQP_URL": _amqp(ADMINISTRATOR, root, broker),
            "OWNER_PASSWORD": keys.owner_password,
            "SERVICE_PASSWORD": keys.service_password,
        },
    )
    yield "postgres", {"password": keys.owner_password}
    yield "rabbitmq", {"definitions.json": json.dumps(_definitions(keys, root), indent=1)}
    watcher = keys.broker_password_of(WATCHER)
    yield f"broker-{WATCHER}", _login(WATCHER, watcher)
    yield "scaling", {"host": f"http://{WATCHER}:{watcher}@{broker.partition(':')[0]}:15672/"}
    yield "grafana", {"password": secrets.token_urlsafe(18)}
    yield "tls", {"tls.crt": "", "tls.key": ""}


def _definitions(keys: Keys, root: str) -> dict[str, object]:
    hashes = {one: rights.password_hash(keys.broker_password_of(one)) for one in SERVICES}
    return rights.with_administrator(
        rights.definitions(hashes), ADMINISTRATOR, rights.password_hash(root)
    )


def _login(username: str, password: str) -> Files:
    return {"username": username, "password": password}


def _amqp(user: str, password: str, broker: str) -> str:
    return f"amqp://{user}:{quote(password, safe='')}@{broker}/"


def resources(folder: Path) -> dict[str, object]:
    """The folders as Secrets of Kubernetes, for `kubectl apply`; Compose's own are left out."""
    places = [place for place in sorted(folder.iterdir()) if place.is_dir()]
    ours = [place for place in places if place.name not in ("setup", "postgres", "rabbitmq")]
    return {"apiVersion": "v1", "kind": "List", "items": [_resource(place) for place in ours]}


def _resource(place: Path) -> dict[str, object]:
    data = {
        file.name: base64.b64encode(file.read_bytes()).decode() for file in sorted(place.iterdir())
    }
    name = {"name": f"mashang-{place.name}"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": name,
        "type": _type(data),
        "data": data,
    }


def _type(data: Files) -> str:
    if data.keys() == {"username", "password"}:
        return "kubernetes.io/basic-auth"
    return "kubernetes.io/tls" if "tls.crt" in data else "Opaque"
