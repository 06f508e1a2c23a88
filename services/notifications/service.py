"""The wiring of notifications."""

from datetime import timedelta
from pathlib import Path

from services.notifications.api import Api
from services.notifications.handlers import Wanted, lock_order, on_contact_erased
from services.notifications.jobs import Deliveries
from services.notifications.pages import MessagePages, StopPages
from services.notifications.providers.registry import VENDORS
from services.notifications.settings import Settings
from services.notifications.sharing import Several
from shared import events, policy
from shared.console.pages import Console
from shared.db import Database
from shared.jobs import IDLE, Job
from shared.service import Service
from shared.staff import on_operator_changed
from shared.vendors.vendor import choose
from shared.web.pages import Pages

NAME = "notifications"
VARIABLE = "MASHANG_SMS_VENDORS"
PAGES = Path(__file__).parent / "templates"
HALF_A_SECOND = timedelta(seconds=0.5)


def build(settings: Settings, database: Database) -> Service:
    """Everything that notifications does."""
    vendors = {
        name: choose(VENDORS, VARIABLE, name, settings.terms) for name in settings.sms_vendors
    }
    policies = policy.load(settings.policy_file)
    thrift = settings.thrift(policies)
    takers = frozenset(name for name, points in settings.sms_vendors.items() if points)
    each = {
        name: Deliveries(database, vendor, settings.seal, settings.limits, thrift, takers)
        for name, vendor in vendors.items()
    }
    several, deliveries = Several(database, each, settings.sms_vendors), next(iter(each.values()))
    wanted = Wanted(settings.seal, policies)
    api = Api(database, tuple(vendors.values()), settings.seal, thrift)
    return Service(
        name=NAME,
        handlers={
            events.CaseVerified: wanted.on_case_verified,
            events.AnswerRated: wanted.on_answer_rated,
            events.CallbackUnreached: wanted.on_callback_unreached,
            events.DutyPaged: wanted.on_duty_paged,
            events.DutyNoticed: wanted.on_duty_noticed,
            events.WordGiven: wanted.on_word_given,
            events.ContactErased: on_contact_erased,
            events.RewardPaid: wanted.on_reward_paid,
            events.OtpRequested: wanted.on_otp_requested,
            events.InvitationDrawn: wanted.on_invitation_drawn,
            events.ReceiptIssued: wanted.on_receipt_issued,
            events.OperatorChanged: on_operator_changed,
        },
        lock_order=lock_order,
        jobs=[
            Job("send_queued", HALF_A_SECOND, several.send_queued, idle=IDLE),
            Job("query_due", HALF_A_SECOND, several.query_due, idle=IDLE),
            Job("expire_leases", timedelta(seconds=5), deliveries.expire_leases),
            Job("forget_dead", timedelta(minutes=1), deliveries.forget_dead),
            Job("forget_phones", timedelta(hours=1), deliveries.forget_phones),
            Job("move_shares", timedelta(minutes=1), several.move_shares),
            Job("observe_messages", timedelta(seconds=15), deliveries.observe),
        ],
        endpoints=[
            *api.endpoints(),
            *MessagePages(api).endpoints(),
            *StopPages(api).endpoints(),
            *Console(NAME, database, settings.prometheus).endpoints(),
        ],
        pages=Pages(PAGES, services=settings.staff_urls),
        door=settings.door(NAME, database),
        resources=[*vendors.values()],
    )
