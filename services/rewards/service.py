"""The wiring of rewards: what it hears, does by the clock, and answers."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path

from services.rewards import alerting, books, exporting, handlers, phones
from services.rewards.api import Api
from services.rewards.catalogue import Catalogue
from services.rewards.clearing import Clearing
from services.rewards.close_files import CloseFiles
from services.rewards.closing import Closing
from services.rewards.earlier import Earlier
from services.rewards.fetching import Fetching
from services.rewards.jobs import Payouts
from services.rewards.lateness import Lateness
from services.rewards.ledger_pages import LedgerPages
from services.rewards.pages import RewardPages
from services.rewards.phones import PhoneChecks
from services.rewards.providers.protocol import Airtime
from services.rewards.providers.registry import VENDORS
from services.rewards.rebinding import Rebinding
from services.rewards.reconciliations import Reconciliations
from services.rewards.settings import Settings
from services.rewards.uploading import Uploading
from services.rewards.watching import Watch, sum_states
from shared import events, policy
from shared.console.pages import Console
from shared.db import Database
from shared.errors import Misconfigured
from shared.jobs import IDLE, Job
from shared.papers.printer import Printer
from shared.service import Service
from shared.staff import on_operator_changed
from shared.values import clock
from shared.values.money import yuan
from shared.vendors.vendor import choose
from shared.web.exports_made import MadeExports
from shared.web.pages import Pages

NAME = "rewards"
PAGES = Path(__file__).parent / "templates"
SECOND = timedelta(seconds=1)
VARIABLE, RETIRED = "MASHANG_AIRTIME_VENDORS", "MASHANG_AIRTIME_RETIRED"


def build(settings: Settings, database: Database) -> Service:
    """Everything that rewards does."""
    policies, printer = policy.load(settings.policy_file), Printer(settings.paper_fonts)
    selling, retired = (
        [choose(VENDORS, variable, name, settings.terms) for name in names]
        for variable, names in (
            (VARIABLE, settings.airtime_vendors),
            (RETIRED, settings.airtime_retired),
        )
    )
    sell(selling, policies.from_now(clock.now()))
    vendors, catalogues = [*selling, *retired], [Catalogue(vendor) for vendor in selling]
    payouts = Payouts(
        database, vendors, settings.seal, settings.pace, catalogues,
        Rebinding(policies, settings.seal),
    )  # fmt: skip
    checks = PhoneChecks(database, catalogues, settings.seal, settings.pace.lease)
    earlier = Earlier(database, vendors, settings.pace)
    api = Api(database, vendors, settings.seal, settings.pace)
    names = [vendor.name for vendor in vendors]
    watch = Watch(database, names, catalogues, partial(alert_before, policies))
    runs = Reconciliations(database, names)
    return Service(
        name=NAME,
        handlers={
            events.CaseVerified: partial(handlers.on_case_verified, policies, settings.seal),
            events.ContactBound: partial(handlers.on_contact_bound, policies, settings.seal),
            events.ContactErased: handlers.on_contact_erased,
            events.IncidentChanged: partial(handlers.on_incident_changed, policies),
            events.OfficerChanged: handlers.on_officer_changed,
            events.OperatorChanged: on_operator_changed,
            events.UnitChanged: handlers.on_unit_changed,
        },
        lock_first=handlers.lock_first,
        jobs=[
            Job("submit_payouts", SECOND / 2, payouts.submit, idle=IDLE),
            Job("query_payouts", SECOND / 2, payouts.query, idle=IDLE),
            Job("recover_payouts", SECOND, payouts.recover, idle=IDLE),
            Job("retry_payouts", SECOND, payouts.retry, idle=IDLE),
            Job("check_phones", SECOND, checks.check, idle=IDLE),
            Job("query_earlier", SECOND, earlier.query, idle=IDLE),
            Job("erase_phones", 60 * SECOND, partial(phones.erase, database)),
            Job("sum_ledger", 5 * SECOND, partial(books.add_up, database)),
            Job("sum_states", 5 * SECOND, partial(sum_states, database)),
            Job("fetch_statements", 60 * SECOND, Fetching(database, vendors).run),
            Job("observe_payouts", 15 * SECOND, watch.observe),
            Job("alert_duty", 60 * SECOND, partial(alerting.alert, database, policies)),
        ],
        endpoints=[
            *api.endpoints(),
            *RewardPages(api).endpoints(),
            *Clearing(database).endpoints(),
            *runs.endpoints(),
            *Uploading(database, runs).endpoints(),
            *LedgerPages(database, tuple(names)).endpoints(),
            *Closing(database, policies, settings.signer).endpoints(),
            *CloseFiles(database, policies, printer, settings.signer.public).endpoints(),
            *Lateness(database, names, settings.seal, policies).endpoints(),
            *exporting.endpoints(database),
            *MadeExports(NAME, database).endpoints(),
            *Console(NAME, database, settings.prometheus).endpoints(),
        ],
        pages=Pages(PAGES, services=settings.staff_urls),
        door=settings.door(NAME, database),
        resources=[*vendors, *catalogues, printer],
        state=watch.state,
        # A verdict that is delivered twice, however late, must not be counted twice.
        inbox_retention=None,
    )


def alert_before(policies: policy.Policies) -> timedelta:
    """How long before its two days are over an unpaid reward is told of, today."""
    return timedelta(hours=policies.at(clock.now()).reward.alert_hours)


def sell(vendors: Iterable[Airtime], editions: Iterable[policy.Policy]) -> None:
    """Misconfigured if a vendor of new orders has no product of an amount that a policy gives."""
    for edition, vendor in product(editions, vendors):
        if edition.reward.amount_fen not in vendor.products.values():
            raise Misconfigured(
                f"{VARIABLE}: {vendor.name} sells us no product of"
                f" {yuan(edition.reward.amount_fen)}, the reward of the policy of"
                f" {edition.effective_from}"
            )
