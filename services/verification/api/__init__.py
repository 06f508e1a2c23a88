"""Verification's HTTP: the JSON API (`json_api`) and the staff pages (`desk`), over one `bodies`,
`views` and `listing`."""

from collections.abc import Sequence

from aiohttp import web

from services.verification.api.desk import DeskPages
from services.verification.api.json_api import Api
from services.verification.casework.desk import Desk
from services.verification.settings import Settings
from services.verification.signing_in import SignIn
from shared.db import Database
from shared.pages import Pages
from shared.policy import Policies


def routes(
    settings: Settings, database: Database, policies: Policies, pages: Pages
) -> Sequence[web.RouteDef]:
    """Everything that the service answers to."""
    desk, sign_in = Desk(policies, settings.seal), SignIn(database)
    api = Api(database, desk, sign_in, pages, settings.identity_seed)
    staff = DeskPages(database, desk, sign_in, pages, secure=settings.secure_cookies)
    return [*api.routes(), *staff.routes()]
