"""The wiring of scoring."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from services.scoring import handlers
from services.scoring.api import Api
from services.scoring.counting import CountedCases
from services.scoring.documents import PaperPages
from services.scoring.exporting import ScoreExports
from services.scoring.jobs import Observer, count_months, make_up, sum_figures, tell_older
from services.scoring.leadership import LeadershipPage
from services.scoring.officer_pages import OfficerPages
from services.scoring.pages import ScorePages
from services.scoring.paper_api import PaperApi
from services.scoring.paper_exports import PaperExports
from services.scoring.settings import Settings
from services.scoring.signing import SanctionPages
from services.scoring.unit_pages import UnitPages
from shared import events, policy
from shared.bus.handling import Bulk, first
from shared.console.pages import Console
from shared.db import Database
from shared.jobs import Job
from shared.papers.printer import Printer
from shared.service import Service
from shared.staff import on_operator_changed
from shared.web.exports_made import MadeExports
from shared.web.pages import Pages

NAME = "scoring"
PAGES = Path(__file__).parent / "templates"


def build(settings: Settings, database: Database) -> Service:
    """Everything that scoring does."""
    policies, printer = policy.load(settings.policy_file), Printer(settings.paper_fonts)
    return Service(
        name=NAME,
        handlers={
            events.UnitChanged: handlers.on_unit_changed,
            events.OfficerChanged: handlers.on_officer_changed,
            events.OperatorChanged: on_operator_changed,
            events.SubmissionReceived: Bulk(partial(handlers.on_submissions_received, policies)),
            events.SubmissionAdded: handlers.on_submission_added,
            events.AnswerRated: handlers.on_answer_rated,
            events.QuestionAsked: handlers.on_question_asked,
            events.CommendationAttributed: handlers.on_commendation_attributed,
            events.HoldEnded: handlers.on_hold_ended,
            events.CaseOpened: Bulk(handlers.on_cases_opened),
            events.CallbackLogged: handlers.on_callback_logged,
            events.CaseVerified: partial(handlers.on_case_verified, policies),
            events.IncidentChanged: partial(handlers.on_incident_changed, policies),
            events.AppealChanged: handlers.on_appeal_changed,
            events.RewardDecided: handlers.on_reward_decided,
            events.RewardPaid: handlers.on_reward_paid,
            events.RewardReversed: handlers.on_reward_reversed,
        },
        lock_first=handlers.lock_first,
        lock_order=first(events.SubmissionReceived, events.CaseOpened),
        resources=[printer],
        jobs=[
            Job("observe_figures", timedelta(seconds=15), Observer(database, policies).observe),
            Job("sum_figures", timedelta(seconds=5), partial(sum_figures, database, policies)),
            Job("count_months", timedelta(seconds=5), partial(count_months, database, policies)),
            Job("make_up", timedelta(minutes=5), partial(make_up, database, policies)),
            Job("tell_older", timedelta(minutes=5), partial(tell_older, database)),
        ],
        endpoints=[
            *Api(database, policies).endpoints(),
            *ScorePages(database).endpoints(),
            *OfficerPages(database, policies).endpoints(),
            *UnitPages(database, policies).endpoints(),
            *LeadershipPage(database, policies).endpoints(),
            *CountedCases(database, policies).endpoints(),
            *PaperPages(database, policies, printer).endpoints(),
            *SanctionPages(database, policies).endpoints(),
            *PaperApi(database, policies).endpoints(),
            *ScoreExports(database, policies).endpoints(),
            *MadeExports(NAME, database).endpoints(),
            *PaperExports(database, policies).endpoints(),
            *Console(NAME, database, settings.prometheus).endpoints(),
        ],
        pages=Pages(PAGES, services=settings.staff_urls),
        door=settings.door(NAME, database),
    )
