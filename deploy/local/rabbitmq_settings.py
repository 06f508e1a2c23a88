"""The files and the environment that make a RabbitMQ node private."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from deploy.local.folder import private_file
from deploy.local.ports import LOOPBACK
from shared.bus import rights

USER = "mashang"
FOLDERS = ("home", "mnesia", "schema", "config", "conf.d")

# Each of these has a default somewhere in /etc or /var/lib that belongs to the machine's broker.
PLACES = {
    "HOME": "home",
    "RABBITMQ_MNESIA_BASE": "mnesia",
    "RABBITMQ_LOG_BASE": ".",
    "RABBITMQ_SCHEMA_DIR": "schema",
    "RABBITMQ_GENERATED_CONFIG_DIR": "config",
    "RABBITMQ_CONFIG_FILES": "conf.d",
    "RABBITMQ_CONFIG_FILE": "rabbitmq.conf",
    "RABBITMQ_ADVANCED_CONFIG_FILE": "advanced.config",
    "RABBITMQ_CONF_ENV_FILE": "rabbitmq-env.conf",
    "RABBITMQ_ENABLED_PLUGINS_FILE": "enabled_plugins",
    "RABBITMQ_PID_FILE": "node.pid",
}

ERLANG_ARGUMENTS = (
    "-start_epmd false "  # ours runs already; Erlang's own would stay behind for ever
    "-kernel inet_dist_use_interface {127,0,0,1}"
)


def write_files(
    data: Path, port: int, password: str, log: Path, services: Mapping[str, str], peer: str = ""
) -> None:
    """Write what the node reads at its start; nothing in it survives a change of ours.

    `services` gives the services' passwords, `peer` the node whose cluster this one joins.
    """
    for folder in FOLDERS:
        (data / folder).mkdir(exist_ok=True)
    (data / "enabled_plugins").write_text("[].\n")
    (data / "advanced.config").write_text("[].\n")
    (data / "rabbitmq-env.conf").write_text("")
    private_file(data / "definitions.json", users(password, services))
    private_file(data / "rabbitmq.conf", configuration(data, port, log, peer))


def users(password: str, services: Mapping[str, str]) -> str:
    """The launcher's administrator and the services, imported at each start."""
    hashes = {name: rights.password_hash(secret) for name, secret in services.items()}
    imported = rights.definitions(hashes, services)
    return json.dumps(rights.with_administrator(imported, USER, rights.password_hash(password)))


def configuration(data: Path, port: int, log: Path, peer: str) -> str:
    """The node's main configuration file."""
    joining = {
        "cluster_formation.peer_discovery_backend": "classic_config",
        "cluster_formation.classic_config.nodes.1": peer,
        "cluster_formation.classic_config.nodes.2": node_name(data),
    }
    settings = {
        "listeners.tcp.1": f"{LOOPBACK}:{port}",
        "load_definitions": str(data / "definitions.json"),
        "loopback_users": "none",  # it listens on no other interface
        "log.console": "false",
        "log.file": str(log),
        "log.file.level": "info",
        "log.file.rotation.size": str(5 * 1024 * 1024),
        "log.file.rotation.count": "3",
        "vm_memory_high_watermark.absolute": "1GiB",
        "disk_free_limit.absolute": "50MB",
        # Half a gigabyte by default, and held in memory until it is full.
        "raft.wal_max_size_bytes": str(64 * 1024 * 1024),
        **(joining if peer else {}),
    }
    return "".join(f"{key} = {value}\n" for key, value in settings.items())


def environment(data: Path, names: int, distribution: int) -> dict[str, str]:
    """The node's environment: nothing is inherited that could point at another node."""
    inherited = {key: os.environ[key] for key in ("LANG", "TZ") if key in os.environ}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        **inherited,
        **{name: str(data / place) for name, place in PLACES.items()},
        "RABBITMQ_NODENAME": node_name(data),
        "RABBITMQ_DIST_PORT": str(distribution),
        # With input "allowed" the script replaces itself by the Erlang machine.
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_ARGUMENTS,
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_CRASH_DUMP_BYTES": "0",
    }


def cookie_of(data: Path) -> Path:
    """What nodes of one cluster know each other by; Erlang makes it at its first start."""
    return data / "home" / ".erlang.cookie"


def node_name(data: Path) -> str:
    """One name per data folder: the node's tables are bound to it."""
    return f"mashang-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}@localhost"
