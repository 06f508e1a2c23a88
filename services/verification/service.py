"""Verification's wiring."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from services.verification import guide, jobs, wire
from services.verification.bells import Bells
from services.verification.casework import api as cases_api
from services.verification.casework import citizens, handlers
from services.verification.casework.acts import words
from services.verification.casework.acts.desk import Desk
from services.verification.casework.acts.evidence import Cleaning
from services.verification.casework.bulk_api import BulkApi
from services.verification.casework.duty_api import DutyApi
from services.verification.casework.pages.appeals import AppealPages
from services.verification.casework.pages.attachments import Attachments
from services.verification.casework.pages.bulk import BulkPages
from services.verification.casework.pages.bulk_answer import BulkAnswerPages
from services.verification.casework.pages.bulk_merge import BulkMergePages
from services.verification.casework.pages.case import CasePage
from services.verification.casework.pages.commendations import CommendationPages
from services.verification.casework.pages.conflict import ConflictPage
from services.verification.casework.pages.duties import DutyPages
from services.verification.casework.pages.evidence import EvidencePage
from services.verification.casework.pages.exporting import CaseExports
from services.verification.casework.pages.holds import HoldPages
from services.verification.casework.pages.inbox import InboxPages
from services.verification.casework.pages.kept import Keeping
from services.verification.casework.pages.live import LivePages
from services.verification.casework.pages.mine import MinePages
from services.verification.casework.pages.review import ReviewPage
from services.verification.casework.pages.saved import SavedViews
from services.verification.casework.pages.templates import TemplatePages
from services.verification.casework.pages.work import WorkPages
from services.verification.casework.work_api import WorkApi
from services.verification.directory.pages.browse import TreePages
from services.verification.directory.pages.exports import ExportPages
from services.verification.directory.pages.holidays import HolidayPages
from services.verification.directory.pages.imports import ImportPages
from services.verification.directory.pages.passwords import PasswordPages
from services.verification.directory.pages.things import ThingPages
from services.verification.directory.pages.undoing import UndoPages
from services.verification.directory.pages.windows import WindowPages
from services.verification.paging import acts as paging
from services.verification.paging.api import DutyPhoneApi
from services.verification.paging.pages import DutyPhonePages
from services.verification.settings import Settings
from services.verification.signin import api as sign_in_api
from services.verification.signin.account import OwnPages
from services.verification.signin.accounts import AccountPages
from services.verification.signin.door import DeskDoor
from services.verification.signin.factors import Factors
from services.verification.signin.keys import KeyPages
from services.verification.signin.log import LogPages
from services.verification.signin.oidc import Oidc, Provider
from services.verification.signin.oidc_pages import BACK, OidcPages
from services.verification.signin.own_password import OwnPassword
from services.verification.signin.pages import SignInPages
from services.verification.signin.renewing import RenewingPages
from services.verification.signin.second import Second
from services.verification.signin.second_pages import SecondPages
from services.verification.signin.sessions import SignIn
from services.verification.supervision import acts as supervision
from services.verification.supervision.api import NoticeApi
from services.verification.supervision.pages import NoticePages
from services.verification.watching import Watch
from shared import events, policy
from shared.bus.handling import Bulk, first
from shared.console.pages import Console
from shared.db import Database
from shared.jobs import Job
from shared.papers.printer import Printer
from shared.service import Service
from shared.tasks import Tasks
from shared.web.exports_made import MadeExports
from shared.web.pages import Pages

NAME = "verification"
PAGES = Path(__file__).parent / "templates"


def build(settings: Settings, database: Database) -> Service:
    """Everything that the service hears, does by the clock and answers to."""
    policies = policy.load(settings.policy_file)
    desk = Desk(policies, settings.seal)
    sessions = SignIn(database, second_required=settings.second_factor == "required")
    own = OwnPassword(sessions)
    second = Second(database, sessions, Factors(settings.seal))
    cleaning = Cleaning(database, settings.storage, settings.seal)
    door = DeskDoor(sessions, settings.identity_seed, settings.secure_cookies)
    provider = _provider(settings)
    signing_in = SignInPages(door, settings.staff_urls, oidc=provider is not None)
    by_provider = [OidcPages(Oidc(provider), settings.seal, signing_in)] if provider else []
    inbox, tasks = InboxPages(database, desk), Tasks()
    bells, watch = Bells(database, tasks), Watch(database, policies)
    printer = Printer(settings.paper_fonts)
    return Service(
        NAME,
        handlers={
            events.SubmissionReceived: Bulk(partial(handlers.on_submissions_received, desk)),
            events.SubmissionAdded: partial(handlers.on_submission_added, desk),
            events.ContactErased: handlers.on_contact_erased,
            events.MessageSettled: handlers.on_message_settled,
            events.ScoreChanged: handlers.on_score_changed,
            events.PaperChanged: handlers.on_paper_changed,
            events.ContactBound: partial(citizens.on_contact_bound, desk),
            events.PhoneRefused: citizens.on_phone_refused,
            events.FollowupReceived: partial(citizens.on_followup_received, desk),
            events.SubmissionWithdrawn: partial(citizens.on_submission_withdrawn, desk),
            events.AnswerRated: citizens.on_answer_rated,
            events.PressureReported: partial(citizens.on_pressure_reported, desk),
            events.DeadlineNeared: paging.on_deadline_neared,
        },
        lock_first=handlers.lock_first,
        lock_order=first(events.SubmissionReceived),
        resources=[bells, printer],
        state=watch.state,
        tasks=tasks,
        jobs=[
            Job("observe_cases", timedelta(seconds=15), watch.observe),
            Job(
                "examine_cases",
                timedelta(seconds=1),
                partial(jobs.examine_cases, database, desk),
                idle=timedelta(seconds=5),
            ),
            Job(
                "read_words",
                timedelta(seconds=1),
                partial(jobs.read_words, database, settings.seal),
                idle=timedelta(seconds=5),
            ),
            Job("draw_seeds", timedelta(minutes=1), partial(jobs.draw_seeds, database, desk)),
            Job("lapse_requests", timedelta(minutes=1), partial(jobs.lapse_requests, database)),
            Job(
                "page_duty",
                timedelta(seconds=1),
                partial(paging.page, database, policies),
                idle=timedelta(seconds=5),
            ),
            Job("missed_words", timedelta(seconds=5), partial(words.note_missed, database)),
            Job(
                "issue_notices",
                timedelta(seconds=5),
                partial(supervision.issue, database, policies),
            ),
            Job(
                "remind_of_notices",
                timedelta(seconds=30),
                partial(supervision.remind, database, policies),
            ),
            Job("sum_figures", timedelta(seconds=5), partial(jobs.sum_figures, database, policies)),
            Job("erase_cases", timedelta(minutes=1), partial(jobs.erase_cases, database)),
            Job("lost_evidence", timedelta(minutes=10), cleaning.remove_lost),
            Job("old_drafts", timedelta(hours=1), partial(jobs.remove_old_drafts, database)),
            Job("old_previews", timedelta(minutes=10), partial(jobs.remove_old_previews, database)),
            Job("old_presences", timedelta(hours=1), partial(jobs.remove_old_presences, database)),
            Job(
                "old_account_events",
                timedelta(minutes=10),
                partial(jobs.forget_account_events, database, policies),
            ),
            Job("old_sessions", timedelta(minutes=10), partial(jobs.remove_old_sessions, database)),
        ],
        endpoints=[
            *sign_in_api.Api(sessions, second, settings.identity_seed).endpoints(),
            *signing_in.endpoints(),
            *SecondPages(second, signing_in).endpoints(),
            *RenewingPages(own, signing_in).endpoints(),
            *(one for pages in by_provider for one in pages.endpoints()),
            *OwnPages(database, second.factors, own, signing_in).endpoints(),
            *AccountPages(database, door).endpoints(),
            *LogPages(database).endpoints(),
            *cases_api.Api(database, desk).endpoints(),
            *WorkApi(database, desk, cleaning).endpoints(),
            *BulkApi(database, desk).endpoints(),
            *inbox.endpoints(),
            *SavedViews(database, inbox).endpoints(),
            *CaseExports(database, desk).endpoints(),
            *MadeExports(NAME, database).endpoints(),
            *LivePages(database, bells).endpoints(),
            *CasePage(database, desk).endpoints(),
            *ConflictPage(database, desk).endpoints(),
            *EvidencePage(database, desk, cleaning).endpoints(),
            *Keeping(database, desk).endpoints(),
            *TemplatePages(database, desk).endpoints(),
            *WorkPages(database, desk).endpoints(),
            *AppealPages(database, desk).endpoints(),
            *BulkPages(database, desk).endpoints(),
            *BulkAnswerPages(database, desk).endpoints(),
            *BulkMergePages(database, desk).endpoints(),
            *MinePages(database, desk).endpoints(),
            *ReviewPage(database, desk).endpoints(),
            *Attachments(database, settings.seal, settings.storage).endpoints(),
            *HoldPages(database, desk).endpoints(),
            *NoticePages(database, policies, settings.seal, printer).endpoints(),
            *DutyPhonePages(database, policies, settings.seal).endpoints(),
            *DutyPhoneApi(database, settings.seal).endpoints(),
            *NoticeApi(database, policies, settings.seal).endpoints(),
            *DutyPages(database, desk).endpoints(),
            *DutyApi(database, desk).endpoints(),
            *WindowPages(database).endpoints(),
            *HolidayPages(policies).endpoints(),
            *CommendationPages(database, settings.seal).endpoints(),
            *ImportPages(database, policies, settings.seal).endpoints(),
            *ExportPages(database).endpoints(),
            *TreePages(database, policies).endpoints(),
            *ThingPages(database, policies, settings.seal).endpoints(),
            *UndoPages(database, policies, settings.seal).endpoints(),
            *PasswordPages(database).endpoints(),
            *KeyPages(database).endpoints(),
            *guide.endpoints(),
            *wire.endpoints(),
            *Console(NAME, database, settings.prometheus).endpoints(),
        ],
        pages=Pages(PAGES, services=settings.staff_urls),
        door=door,
    )


def _provider(settings: Settings) -> Provider | None:
    """The bureau's own sign-in, if there is one."""
    if not settings.oidc_issuer:
        return None
    secret = settings.oidc_secret.get_secret_value()
    back = settings.staff_urls[NAME] + BACK
    return Provider(settings.oidc_issuer, settings.oidc_client, secret, settings.oidc_claim, back)
