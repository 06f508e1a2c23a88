"""Intake's wiring: what it hears, does by the clock, and serves."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from services.intake import NAME
from services.intake.abuse import jobs as abuse
from services.intake.abuse.gate import Gate
from services.intake.abuse.puzzles import Puzzles
from services.intake.abuse.senders import Senders
from services.intake.abuse.tally import Tally
from services.intake.accept import api as accepting
from services.intake.accept import jobs
from services.intake.accept.acceptance import Acceptance
from services.intake.accept.adding import Adding
from services.intake.accept.browsers import Browsers
from services.intake.accept.closed import Closed
from services.intake.accept.finding import Finding
from services.intake.accept.making import Keys, Maker
from services.intake.accept.writer import Limits, Writer
from services.intake.filing.filing import Filing
from services.intake.filing.pages import FilingPages
from services.intake.follow import api as following
from services.intake.follow import binding as codes
from services.intake.follow import handlers
from services.intake.follow.answering import Answering
from services.intake.follow.binding import Binding
from services.intake.follow.status import Status
from services.intake.open import api as figures_api
from services.intake.open import jobs as counting
from services.intake.open.drawing import Sending
from services.intake.open.figures import Figures
from services.intake.open.inviting import InvitingPages
from services.intake.open.page import OpenPage
from services.intake.open311 import api as open311
from services.intake.open311.creating import Creating
from services.intake.pages import domains, welcome
from services.intake.pages.data import DataPage
from services.intake.pages.declining import DecliningPage
from services.intake.pages.forms import Forms
from services.intake.pages.kiosk import Kiosk
from services.intake.pages.phone import Phone
from services.intake.pages.proof import ProofPages
from services.intake.pages.receipt import ReceiptPage
from services.intake.pages.saying import SayingPages
from services.intake.pages.thanks import Thanks
from services.intake.pages.windows import Windows
from services.intake.photos import api as photographing
from services.intake.photos import jobs as photo_jobs
from services.intake.photos.taking import Taking
from services.intake.privacy import api as privacy_api
from services.intake.privacy import jobs as privacy_jobs
from services.intake.privacy.asking import Asking
from services.intake.proof.keyring import Keyring
from services.intake.sample import handlers as sampling
from services.intake.sample.pages import SamplePages
from services.intake.settings import Settings
from shared import events, policy
from shared.bus.handling import Bulk, first
from shared.bus.pace import Pace
from shared.config import key_ring
from shared.console.pages import Console
from shared.db import Database
from shared.jobs import Job
from shared.service import Service
from shared.staff import on_operator_changed
from shared.tasks import Tasks
from shared.values import clock
from shared.values.notes import Signer
from shared.web.pages import Pages

PAGES = Path(__file__).parent / "templates"


def build(settings: Settings, database: Database) -> Service:
    """Everything intake does."""
    second, keys = timedelta(seconds=1), _keys(settings)
    policies = policy.load(settings.policy_file)
    tasks, pace, closed = Tasks(), Pace(), Closed()
    keyring = Keyring(keys.signer.public, database)
    tally = Tally()
    gate = Gate(policies, tally, _senders(settings), Puzzles(keys.seal))
    maker = Maker(keys, gate)
    writer = Writer(database, maker.rows, keys.signer, _limits(settings), tasks, pace)
    acceptance = Acceptance(maker, policies, writer, closed, database)
    windows = Windows(acceptance, database)
    finding = Finding(keys.seal, Browsers(keys.seal))
    adding = Adding(database, policies, keys.seal, keys.receipt, finding)
    storage = settings.storage
    taking = Taking(database, storage, keys.seal)
    asking = Asking(database, keys.seal, policies, storage, finding)
    status = Status(database, keys.seal, policies, keyring, finding)
    public_url = settings.public_url.rstrip("/")
    figures, sending = Figures(database, policies), Sending(settings.seal, public_url)
    creating = Creating(acceptance, database, policies, keys.codes, settings.open311_clients)
    answering = Answering(database, keys.seal, policies, finding)
    binding = Binding(answering, settings.codes_a_day)
    filing = Filing(acceptance, database, keys.seal, keys.receipt, public_url)
    return Service(
        name=NAME,
        handlers={
            events.UnitChanged: handlers.on_unit_changed,
            events.OfficerChanged: handlers.on_officer_changed,
            events.OperatorChanged: on_operator_changed,
            events.HoldEnded: handlers.on_hold_ended,
            events.CaseOpened: Bulk(handlers.on_cases_opened),
            events.CallbackLogged: handlers.on_callback_logged,
            events.WordGiven: handlers.on_word_given,
            events.ClockChanged: handlers.on_clock_changed,
            events.CaseVerified: handlers.on_case_verified,
            events.CaseRescheduled: handlers.on_case_rescheduled,
            events.PhoneRefused: handlers.on_phone_refused,
            events.RewardDecided: handlers.on_reward_decided,
            events.RewardPaid: handlers.on_reward_paid,
            events.RewardReversed: handlers.on_reward_reversed,
            events.MessageSettled: handlers.on_message_settled,
            events.AnswerHeard: handlers.on_answer_heard,
            events.AnswerReplied: partial(handlers.on_answer_replied, answering),
            events.SampleCommitted: sampling.on_sample_committed,
            events.SampleRevealed: sampling.on_sample_revealed,
        },
        lock_order=first(events.CaseOpened),
        jobs=[
            Job("refresh_closed", 2 * second, partial(jobs.refresh_closed, database, closed)),
            Job("publish_receipt_key", 60 * second, keyring.publish),
            Job("refresh_offices", 30 * second, partial(jobs.refresh_offices, database, gate)),
            Job("share_counts", second, partial(abuse.share, database, tally)),
            Job("forget_limits", 600 * second, partial(abuse.forget, database)),
            Job("forget_invited", 3600 * second, partial(counting.forget_invited, database)),
            Job("forget_codes", 3600 * second, partial(codes.forget, database)),
            Job("observe_strangers", 30 * second, partial(jobs.observe_strangers, database)),
            Job("sum_received", 60 * second, partial(jobs.sum_received, database)),
            Job("count_open", 5 * second, partial(counting.count_news, database, policies)),
            Job("issue_receipts", 30 * second, filing.issue_left),
            Job("erase_due", 60 * second, partial(privacy_jobs.erase_due, database, policies)),
            Job("orphan_photos", 600 * second, partial(photo_jobs.release_orphans, database)),
            Job("remove_photos", 60 * second, partial(photo_jobs.remove_files, database, storage)),
        ],
        endpoints=[
            *accepting.Api(acceptance, adding, database, keyring, public_url).endpoints(),
            *photographing.Api(acceptance, adding, taking).endpoints(),
            *following.Api(status, answering, binding).endpoints(),
            *welcome.endpoints(),
            *domains.endpoints(settings.domain_files),
            *Kiosk(acceptance, adding, windows, policies).endpoints(),
            *Forms(acceptance, windows, policies, taking).endpoints(),
            *DecliningPage(acceptance, database).endpoints(),
            *Phone(windows).endpoints(),
            *Thanks(adding, windows, policies, taking).endpoints(),
            *privacy_api.Api(asking).endpoints(),
            *DataPage(asking).endpoints(),
            *ReceiptPage(status, public_url).endpoints(),
            *ProofPages(status, keyring, public_url).endpoints(),
            *figures_api.Api(figures).endpoints(),
            *OpenPage(figures).endpoints(),
            *SamplePages(database).endpoints(),
            *InvitingPages(database, policies, keys.codes, sending).endpoints(),
            *FilingPages(database, policies, acceptance, windows, filing).endpoints(),
            *open311.Api(creating, database, policies, public_url).endpoints(),
            *SayingPages(status, answering, binding, adding, taking).endpoints(),
            *Console(NAME, database, settings.prometheus).endpoints(),
        ],
        pages=Pages(PAGES, services=settings.staff_urls, rule=lambda: policies.at(clock.now())),
        door=settings.door(NAME, database),
        resources=[writer],
        tasks=tasks,
        pace=pace,
    )


def _senders(settings: Settings) -> Senders:
    return Senders(settings.seal, settings.uncounted)


def _keys(settings: Settings) -> Keys:
    return Keys(
        codes=key_ring(settings.code_keys),
        receipt=settings.receipt_key,
        signer=Signer(settings.signer_name, settings.signing_key),
        seal=settings.seal,
        retired=settings.retired,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        rows=settings.batch_rows,
        linger=settings.batch_linger_ms / 1000,
        in_flight=settings.batches_in_flight,
        waiting=settings.most_waiting,
        patience=settings.patience_seconds,
    )
