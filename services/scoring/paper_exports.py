"""Sanctions and numbered documents as lists to take away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from services.scoring import documents, signing
from services.scoring import papers as made
from services.scoring.api import READERS
from services.scoring.rules.sanctions import RULES
from services.scoring.signing import SanctionsQuery, asked_for
from services.scoring.store import directory, newest, sanctions
from services.scoring.store.papers import KINDS
from services.scoring.store.sanctions import View
from shared import staff
from shared.db import Connection, Database
from shared.policy import Policies
from shared.web.endpoints import Call, Endpoint
from shared.web.exports import MOST, Exports, Table, written_at
from shared.web.texts import texts

SANCTIONS = (
    "sanction", "field_officer", "unit_code", "unit", "sanction_cases", "sanction_proposed_at",
    "paper_state", "sanction_decided_by", "sanction_decided_at",
)  # fmt: skip
PAPERS = (
    "paper_number", "paper_kind", "unit_code", "unit", "field_officer", "paper_issued",
    "paper_signed", "paper_state",
)  # fmt: skip


@dataclass(frozen=True)
class PaperExports:
    """Of `/sanctions` and `/papers`."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """Both."""
        signed, made_here = f"{signing.ADDRESS}/exports", f"{documents.ADDRESS}/exports"
        return [
            *Exports(
                signed, signing.ADDRESS, "sanctions", signing.READERS, self.database,
                self.load_sanctions,
            ).endpoints(),
            *Exports(
                made_here, documents.ADDRESS, "papers", READERS, self.database, self.load_papers
            ).endpoints(),
        ]  # fmt: skip

    async def load_sanctions(
        self, conn: Connection, call: Call[Any, Any], asked: Mapping[str, str]
    ) -> Table:
        """Those of the view that is open, the newest first."""
        query = SanctionsQuery(
            view=_known(asked.get("view"), get_args(View), "waiting"),
            rule=_known(asked.get("rule"), RULES, None),
        )
        found = await sanctions.list_newest(conn, query.view, query.rule, None, MOST + 1)
        codes, badges = [one.unit_code for one in found], [one.badge or "" for one in found]
        names = await directory.list_names(conn, codes, badges)
        people = await staff.list_names(conn, [one.decided_by or "" for one in found])
        words = texts(call.language)
        rows = [
            (
                words.text(f"paper_{one.rule}"), one.badge or "", one.unit_code,
                names.get(one.unit_code, ""), len(one.case_ids), written_at(one.proposed_at),
                words.text(f"sanction_{one.state}"),
                people.get(one.decided_by or "", one.decided_by or ""), written_at(one.decided_at),
            )
            for one in found
        ]  # fmt: skip
        return Table(SANCTIONS, rows, asked_for(query))

    async def load_papers(
        self, conn: Connection, call: Call[Any, Any], asked: Mapping[str, str]
    ) -> Table:
        """All of a kind, the newest first."""
        kind = _known(asked.get("kind"), KINDS, "criticism")
        found = await newest.list_newest(conn, kind, None, MOST + 1)
        words = texts(call.language)
        rows = [
            (
                made.ref(one, self.policies), words.text(f"paper_{one.kind}"), one.unit_code,
                one.unit_name, one.badge or "", written_at(one.issued_at), one.signer or "",
                words.text("paper_withdrawn", on=words.when(one.withdrawn_at))
                if one.withdrawn_at else words.text("paper_stands"),
            )
            for one in found
        ]  # fmt: skip
        return Table(PAPERS, rows, f"kind={kind}")


def _known(said: str | None, known: tuple[Any, ...], usual: Any) -> Any:
    return said if said in known else usual
