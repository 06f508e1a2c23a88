"""The wiring of notifications."""

from datetime import timedelta

from services.notifications.api import Api
from services.notifications.handlers import on_case_verified, on_reward_paid
from services.notifications.jobs import Deliveries
from services.notifications.providers.registry import VENDORS
from services.notifications.settings import Settings
from shared import staff
from shared.db import Database
from shared.events import CaseVerified, OperatorChanged, RewardPaid
from shared.jobs import IDLE, Job
from shared.service import Service
from shared.vendors.vendor import choose

NAME = "notifications"
HALF_A_SECOND = timedelta(seconds=0.5)


def build(settings: Settings, database: Database) -> Service:
    """Everything that notifications does."""
    vendor = choose(VENDORS, "MASHANG_SMS_VENDOR", settings.sms_vendor, settings.terms)
    deliveries = Deliveries(database, vendor, settings.seal, settings.limits)
    api = Api(database, vendor, settings.identity_public)
    return Service(
        name=NAME,
        handlers={
            OperatorChanged: staff.on_operator_changed,
            CaseVerified: on_case_verified,
            RewardPaid: on_reward_paid,
        },
        jobs=[
            Job("send_queued", HALF_A_SECOND, deliveries.send_queued, idle=IDLE),
            Job("query_due", HALF_A_SECOND, deliveries.query_due, idle=IDLE),
            Job("expire_leases", timedelta(seconds=5), deliveries.expire_leases),
            Job("observe_messages", timedelta(seconds=15), deliveries.observe),
        ],
        routes=api.routes(),
        resources=[vendor],
    )
