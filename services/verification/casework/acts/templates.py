"""Templates of answers: kept by the city, filled for a case."""

from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from services.verification.casework.acts.desk import Desk
from services.verification.casework.bodies import TemplateBody
from services.verification.casework.rules import templates as rules
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import templates
from services.verification.casework.store.templates import Template
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Invalid, Wrong
from shared.observe import log
from shared.values import clock
from shared.web.texts import texts


async def keep(conn: Connection, desk: Desk, operator: Operator, body: TemplateBody) -> UUID:
    """A new template, or the next version of one. Invalid, Conflict where somebody was faster."""
    wrongs = [
        Wrong(name, f"{name}_needed")
        for name in ("title", "body")
        if not getattr(body, name).strip()
    ]
    wrongs += [Wrong("body", "variable_unknown", said=said) for said in rules.unknown(body.body)]
    if body.category and body.category not in desk.policies.at(clock.now()).category_keys:
        wrongs.append(Wrong("category", "categories_unknown"))
    if wrongs:
        raise Invalid(*wrongs)
    own = body.template_id or uuid7()
    title, text = body.title.strip(), body.body.strip()
    kept = await templates.put(
        conn, own, title, body.category, text,
        active=not body.retired, seen=body.version, by=operator.username,
    )  # fmt: skip
    if not kept:
        raise Conflict("refused.template_changed")
    log.get().info("template kept", template_id=str(own), version=body.version + 1)
    return own


async def fitting(conn: Connection, case: Case) -> list[Template]:
    """Those in use that fit a case: of its categories first, then those for all."""
    found = [one for one in await templates.list_all(conn) if one.active]
    fit = [one for one in found if one.category is None or one.category in case.categories]
    return sorted(fit, key=lambda one: one.category is None)


async def filled(
    conn: Connection, desk: Desk, case: Case, template_id: UUID, unit_name: str
) -> str:
    """A template's text for a case, in the words of its citizen's language; nothing if it went."""
    found = await templates.get(conn, template_id)
    if found is None:
        return ""
    words = texts(case.language)
    zone = desk.policy(case).zone

    def day(at: datetime) -> str:
        start = clock.end_of_day(clock.service_day(at, zone) - timedelta(days=1), zone)
        return words.moment(start)

    return rules.fill(found.body, {
        "unit": unit_name,
        "window": words.text("counter", n=case.counter) if case.counter else "",
        "today": day(clock.now()),
        "received": day(case.received_at),
        "matter": case.matter or "",
        "number": case.number,
    })  # fmt: skip
