"""The operators' kinds, as far as `deploy/kubernetes` uses them: each field stands in their public
descriptions, and none that does not stand here is let through.

RabbitMQ's cluster operator 2 and topology operator 1, KEDA 2, and CloudNativePG beside this file.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from tests.deployment.cloudnativepg import (
    DatabaseSpec,
    Name,
    Named,
    PostgresSpec,
    Quantity,
    Resources,
)
from tests.deployment.kustomize import Closed

Count = Annotated[int, Field(ge=0)]


class Meta(Closed):
    """A resource's name and place."""

    name: Name
    namespace: Name = ""


class Persistence(Closed):
    """RabbitMQ's volumes."""

    storage: Quantity
    storage_class_name: Name = ""


class BrokerSettings(Closed):
    """Lines for rabbitmq.conf."""

    additional_config: Annotated[str, Field(max_length=100_000)]


class BrokerSpec(Closed):
    """A broker of so many nodes; its affinity is Kubernetes' own."""

    image: str
    replicas: Annotated[int, Field(ge=1)]
    persistence: Persistence
    termination_grace_period_seconds: Count
    resources: Resources
    affinity: dict[str, Any]
    rabbitmq: BrokerSettings


class UserSpec(Closed):
    """Someone who signs in."""

    tags: tuple[Literal["management", "policymaker", "monitoring", "administrator"], ...]
    import_credentials_secret: Named
    rabbitmq_cluster_reference: Named


class Rights(Closed):
    """Patterns of names."""

    configure: str
    read: str
    write: str


class PermissionSpec(Closed):
    """What a user may do."""

    user: str
    vhost: str
    permissions: Rights
    rabbitmq_cluster_reference: Named


class TopicRights(Closed):
    """Patterns of routing keys."""

    exchange: str
    read: str
    write: str


class TopicPermissionSpec(Closed):
    """What a user may publish."""

    user: str
    vhost: str
    permissions: TopicRights
    rabbitmq_cluster_reference: Named


class Queue(Closed):
    """How many messages wait in queues whose names match; all of it is text."""

    protocol: Literal["http", "amqp", "auto"]
    vhost_name: str
    mode: Literal["QueueLength", "MessageRate"]
    use_regex: Literal["true", "false"]
    queue_name: str
    operation: Literal["sum", "avg", "max"]
    value: Annotated[str, Field(pattern=r"^\d+$")]


class ByQueue(Closed):
    """KEDA's trigger of that."""

    type: Literal["rabbitmq"]
    authentication_ref: Named
    metadata: Queue


class Percent(Closed):
    """Of what was requested."""

    value: Annotated[str, Field(pattern=r"^\d+$")]


class ByProcessor(Closed):
    """KEDA's trigger of a processor's use."""

    type: Literal["cpu"]
    metric_type: Literal["Utilization", "AverageValue"]
    metadata: Percent


class ScaledSpec(Closed):
    """How many of a Deployment."""

    scale_target_ref: Named
    min_replica_count: Count
    max_replica_count: Annotated[int, Field(ge=1)]
    polling_interval: Count
    cooldown_period: Count
    triggers: Annotated[
        tuple[Annotated[ByQueue | ByProcessor, Field(discriminator="type")], ...],
        Field(min_length=1),
    ]


class Parameter(Closed):
    """A trigger's parameter, from a Secret."""

    parameter: str
    name: Name
    key: str


class AuthenticationSpec(Closed):
    """What a trigger signs in with."""

    secret_target_ref: tuple[Parameter, ...]


SPECS: dict[tuple[str, str], type[BaseModel]] = {
    ("postgresql.cnpg.io/v1", "Cluster"): PostgresSpec,
    ("postgresql.cnpg.io/v1", "Database"): DatabaseSpec,
    ("rabbitmq.com/v1beta1", "RabbitmqCluster"): BrokerSpec,
    ("rabbitmq.com/v1beta1", "User"): UserSpec,
    ("rabbitmq.com/v1beta1", "Permission"): PermissionSpec,
    ("rabbitmq.com/v1beta1", "TopicPermission"): TopicPermissionSpec,
    ("keda.sh/v1alpha1", "ScaledObject"): ScaledSpec,
    ("keda.sh/v1alpha1", "TriggerAuthentication"): AuthenticationSpec,
}


def check(resource: dict[str, Any]) -> None:
    """ValidationError where a kind of theirs has what it should not; KeyError where it is none."""
    told = dict(resource)
    spec = SPECS[told.pop("apiVersion"), told.pop("kind")]
    TypeAdapter(Meta).validate_python(told.pop("metadata"))
    spec.model_validate(told.pop("spec"), strict=False)
    if told:
        raise ValueError(f"besides its spec there is {sorted(told)}")
