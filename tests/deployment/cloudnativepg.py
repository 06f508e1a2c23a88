"""CloudNativePG's kinds, as far as `deploy/kubernetes` uses them (1.26 and later)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tests.deployment.kustomize import Closed

Quantity = Annotated[str, Field(pattern=r"^\d+(\.\d+)?(m|[KMGT]i?)?$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", max_length=253)]


class Named(Closed):
    """Another resource, by its name."""

    name: Name


class Room(Closed):
    """What a container gets."""

    cpu: Quantity = ""
    memory: Quantity = ""


class Resources(Closed):
    """At least, and at most."""

    requests: Room
    limits: Room


class Storage(Closed):
    """CloudNativePG's volumes."""

    size: Quantity
    storage_class: Name = ""


class InitDb(Closed):
    """How the first server is made."""

    database: str
    owner: str
    secret: Named
    encoding: str
    locale: str
    locale_provider: Literal["builtin", "icu", "libc"]
    builtin_locale: str


class Bootstrap(Closed):
    """Where the data comes from."""

    initdb: InitDb


class Synchronous(Closed):
    """How many standbys a commit waits for."""

    method: Literal["any", "first"]
    number: Annotated[int, Field(gt=0)]
    data_durability: Literal["required", "preferred"] = "required"
    failover_quorum: bool = False


class Settings(Closed):
    """PostgreSQL's own; all of them are text."""

    parameters: dict[str, str]
    synchronous: Synchronous | None = None


class Role(Closed):
    """A log-in."""

    name: str
    ensure: Literal["present", "absent"]
    login: bool
    connection_limit: int
    password_secret: Named


class Managed(Closed):
    """What the operator keeps as it is told."""

    roles: tuple[Role, ...]


class PostgresAffinity(Closed):
    """Whether two servers may share a node."""

    pod_anti_affinity_type: Literal["preferred", "required"]


class PostgresSpec(Closed):
    """A server and its standbys."""

    image_name: str
    instances: Annotated[int, Field(ge=1)]
    enable_pdb: bool = Field(alias="enablePDB")
    primary_update_strategy: Literal["unsupervised", "supervised"]
    storage: Storage
    wal_storage: Storage | None = None
    resources: Resources
    bootstrap: Bootstrap
    postgresql: Settings
    managed: Managed
    affinity: PostgresAffinity | None = None

    @model_validator(mode="after")
    def _standbys(self) -> "PostgresSpec":
        waits = self.postgresql.synchronous
        if waits and waits.number >= self.instances:
            raise ValueError("more synchronous standbys than there are servers besides")
        return self


class DatabaseSpec(Closed):
    """One database in it."""

    cluster: Named
    name: str
    owner: str
    database_reclaim_policy: Literal["delete", "retain"]
