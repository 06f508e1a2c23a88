"""Verification's HTTP: the JSON API (`json_api`) and the staff pages (`desk`), over one `bodies`,
`views` and `listing`."""

from collections.abc import Sequence

from aiohttp import web

from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import Api
from services.verification.casework.pages.inbox import DeskPages
from services.verification.settings import Settings
from services.verification.signin.sessions import SignIn
from shared.db import Database
from shared.policy import Policies
from shared.web.pages import Pages


def routes(
    settings: Settings, database: Database, policies: Policies, pages: Pages
) -> Sequence[web.RouteDef]:
    """Everything that the service answers to."""
    desk, sign_in = Desk(policies, settings.seal), SignIn(database)
    api = Api(database, desk, sign_in, pages, settings.identity_seed)
    staff = DeskPages(database, desk, sign_in, pages, secure=settings.secure_cookies)
    return [*api.routes(), *staff.routes()]
