"""Everything on one machine: private servers, the services, supervised and left behind by none."""

from deploy.local.ports import Ports, free_port
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ

__all__ = ["Ports", "Postgres", "RabbitMQ", "free_port"]
