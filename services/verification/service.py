"""Verification's wiring."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from services.verification import api, jobs
from services.verification.casework import handlers
from services.verification.settings import Settings
from shared import events, policy
from shared.db import Database
from shared.jobs import Job
from shared.service import Service
from shared.web.pages import Pages

NAME = "verification"
PAGES = Path(__file__).parent / "templates"


def build(settings: Settings, database: Database) -> Service:
    """Everything that the service hears, does by the clock and answers to."""
    policies, pages = policy.load(settings.policy_file), Pages(PAGES)
    return Service(
        NAME,
        handlers={
            events.SubmissionReceived: partial(handlers.on_submission_received, policies),
            events.MessageSettled: handlers.on_message_settled,
            events.ScoreChanged: handlers.on_score_changed,
        },
        jobs=[
            Job("observe_cases", timedelta(seconds=15), partial(jobs.observe_cases, database)),
            Job("old_sessions", timedelta(minutes=10), partial(jobs.remove_old_sessions, database)),
        ],
        routes=api.routes(settings, database, policies, pages),
        error_page=pages.error,
    )
