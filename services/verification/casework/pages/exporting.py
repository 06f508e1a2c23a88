"""The inbox as a list to take away: what is asked for there, without words and phones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.verification.casework import listing
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import READERS
from services.verification.casework.pages.inbox import asked_in, query_of
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import workers
from services.verification.directory.store import units
from shared.db import Connection, Database
from shared.web.endpoints import Call, Endpoint
from shared.web.exports import MOST, Exports, Table, written_at
from shared.web.texts import Texts, texts

COLUMNS = (
    "number", "unit_code", "unit", "kind", "categories", "state", "urgent", "received",
    "callback", "filing_call_by", "filing_check_by", "field_verdict", "export_lead",
)  # fmt: skip


@dataclass(frozen=True)
class CaseExports:
    """`/desk/exports`."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The form, and the same for programs."""
        return Exports(
            "/desk/exports", "/desk", "cases", READERS, self.database, self.load
        ).endpoints()

    async def load(self, conn: Connection, call: Call[Any, Any], asked: Mapping[str, str]) -> Table:
        """The cases that the inbox would show, page after page, or what was found there."""
        query = query_of(dict(asked)).model_copy(update={"cursor": None, "limit": MOST + 1})
        looked = await listing.find(conn, self.desk, call.operator, query)
        found = (await listing.list_found(conn, call.operator, query, looked)).cases
        names = await units.list_names(conn, [case.unit_code for case in found])
        leads = await workers.list_leads(conn, [case.case_id for case in found])
        words = texts(call.language)
        rows = [
            self._row(
                words, case, names.get(case.unit_code, ""),
                leads[case.case_id].name if case.case_id in leads else "",
            )
            for case in found
        ]  # fmt: skip
        # A phone or words are not kept in clear: only that such were looked for.
        plain = query.model_copy(update={"q": looked and looked.how, "words": False})
        return Table(COLUMNS, rows, asked_in(plain))

    def _row(self, words: Texts, case: Case, unit: str, lead: str) -> tuple[str, ...]:
        named = {one.key: one.called(words.language) for one in self.desk.policy(case).categories}
        verdict = words.text(f"verdict_{case.verdict}") if case.verdict else ""
        return (
            case.number, case.unit_code, unit, words.text(f"kind_{case.kind}"),
            words.text("comma").join(named.get(key, key) for key in case.categories),
            words.text(f"state_{case.state}"), words.text("yes") if case.urgent else "",
            written_at(case.received_at), words.text(f"callback_{case.callback_state}"),
            written_at(case.callback_due_at), written_at(case.verification_due_at), verdict, lead,
        )  # fmt: skip
