"""The wiring of rewards: what it hears, does by the clock, and answers."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from services.rewards import handlers, jobs
from services.rewards.api import Api
from services.rewards.jobs import Payouts
from services.rewards.pages import RewardPages
from services.rewards.providers.registry import VENDORS
from services.rewards.settings import Settings
from shared import policy
from shared.db import Database
from shared.events import (
    CaseVerified,
    IncidentChanged,
    OfficerChanged,
    OperatorChanged,
    UnitChanged,
)
from shared.jobs import IDLE, Job
from shared.service import Service
from shared.staff import on_operator_changed
from shared.vendors.vendor import choose
from shared.web.pages import Pages

NAME = "rewards"
PAGES = Path(__file__).parent / "templates"
SECOND = timedelta(seconds=1)


def build(settings: Settings, database: Database) -> Service:
    """Everything that rewards does."""
    policies = policy.load(settings.policy_file)
    vendor = choose(VENDORS, "MASHANG_AIRTIME_VENDOR", settings.airtime_vendor, settings.terms)
    payouts = Payouts(database, vendor, settings.seal, settings.pace)
    api = Api(database, vendor, settings.seal, settings.pace)
    return Service(
        name=NAME,
        handlers={
            CaseVerified: partial(handlers.on_case_verified, policies),
            IncidentChanged: partial(handlers.on_incident_changed, policies),
            OfficerChanged: handlers.on_officer_changed,
            OperatorChanged: on_operator_changed,
            UnitChanged: handlers.on_unit_changed,
        },
        lock_first=handlers.lock_first,
        jobs=[
            Job("submit_payouts", SECOND / 2, payouts.submit, idle=IDLE),
            Job("query_payouts", SECOND / 2, payouts.query, idle=IDLE),
            Job("recover_payouts", SECOND, payouts.recover, idle=IDLE),
            Job("retry_payouts", SECOND, payouts.retry, idle=IDLE),
            Job("observe_payouts", 15 * SECOND, partial(jobs.observe, database)),
        ],
        endpoints=[*api.endpoints(), *RewardPages(api).endpoints()],
        pages=Pages(PAGES, services=settings.staff_urls),
        door=settings.door(NAME, database),
        resources=[vendor],
        # A verdict that is delivered twice, however late, must not be counted twice.
        inbox_retention=None,
    )
