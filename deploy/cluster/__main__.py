"""`python -m deploy.cluster secrets FOLDER · resources FOLDER · rights · setup · migrate`"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from deploy.cluster import operators, secrets, setup
from deploy.local.process import StartError
from shared.errors import Misconfigured


def main() -> int:
    """0 when it is done, 1 after one line."""
    told = _parser().parse_args()
    try:
        if told.work == "secrets":
            missing = secrets.write(told.folder, told.postgres, told.broker)
            for file in missing:
                print(f"fill in {file}")
        elif told.work == "resources":
            print(json.dumps(secrets.resources(told.folder), indent=1))
        elif told.work == "rights":
            print(operators.text(), end="")
        else:
            setup.run(told.work)
    except (StartError, Misconfigured) as problem:
        print(f"mashang: {problem}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.cluster", description=__doc__)
    works = parser.add_subparsers(dest="work", required=True)
    made = works.add_parser("secrets", help="write every secret as a file, what is there stays")
    made.add_argument("folder", type=Path)
    made.add_argument("--postgres", default="postgres:5432", help="where PostgreSQL listens")
    made.add_argument("--broker", default="rabbitmq:5672", help="where RabbitMQ listens")
    told = works.add_parser("resources", help="print them as Secrets of Kubernetes")
    told.add_argument("folder", type=Path)
    works.add_parser("rights", help="print users and rights for RabbitMQ's topology operator")
    works.add_parser("setup", help="make databases and queues on plain servers, and migrate")
    works.add_parser("migrate", help="migrate all databases, as their owner")
    return parser


if __name__ == "__main__":
    sys.exit(main())
