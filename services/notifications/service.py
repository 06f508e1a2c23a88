"""The wiring of notifications."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from services.notifications.api import Api
from services.notifications.handlers import (
    on_callback_unreached,
    on_case_verified,
    on_contact_erased,
    on_duty_paged,
    on_invitation_drawn,
    on_otp_requested,
    on_receipt_issued,
    on_reward_paid,
    on_word_given,
)
from services.notifications.jobs import Deliveries
from services.notifications.pages import MessagePages
from services.notifications.providers.registry import VENDORS
from services.notifications.settings import Settings
from shared import events
from shared.db import Database
from shared.jobs import IDLE, Job
from shared.service import Service
from shared.staff import on_operator_changed
from shared.vendors.vendor import choose
from shared.web.pages import Pages

NAME = "notifications"
PAGES = Path(__file__).parent / "templates"
HALF_A_SECOND = timedelta(seconds=0.5)


def build(settings: Settings, database: Database) -> Service:
    """Everything that notifications does."""
    vendor = choose(VENDORS, "MASHANG_SMS_VENDOR", settings.sms_vendor, settings.terms)
    deliveries = Deliveries(database, vendor, settings.seal, settings.limits)
    api = Api(database, vendor)
    return Service(
        name=NAME,
        handlers={
            events.CaseVerified: partial(on_case_verified, settings.seal),
            events.CallbackUnreached: partial(on_callback_unreached, settings.seal),
            events.DutyPaged: on_duty_paged,
            events.WordGiven: partial(on_word_given, settings.seal),
            events.ContactErased: on_contact_erased,
            events.RewardPaid: on_reward_paid,
            events.OtpRequested: on_otp_requested,
            events.InvitationDrawn: on_invitation_drawn,
            events.ReceiptIssued: on_receipt_issued,
            events.OperatorChanged: on_operator_changed,
        },
        jobs=[
            Job("send_queued", HALF_A_SECOND, deliveries.send_queued, idle=IDLE),
            Job("query_due", HALF_A_SECOND, deliveries.query_due, idle=IDLE),
            Job("expire_leases", timedelta(seconds=5), deliveries.expire_leases),
            Job("forget_dead", timedelta(minutes=1), deliveries.forget_dead),
            Job("observe_messages", timedelta(seconds=15), deliveries.observe),
        ],
        endpoints=[*api.endpoints(), *MessagePages(api).endpoints()],
        pages=Pages(PAGES, services=settings.staff_urls),
        door=settings.door(NAME, database),
        resources=[vendor],
    )
