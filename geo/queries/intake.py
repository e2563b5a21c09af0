"""The statements of intake: place and store reports, add receipts that had to wait for their shares, read answers."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from geo.queries.numbered import Numbered, number_parameters
from geo.queries.place import place_statement

# What a report was answered with at first: a repeat gets the same.
FIRST_ANSWERS = """
select r.id, i.id as issue_id, r.received_at, p.receipt::text
from report r join issue i on i.report_id = r.id
cross join lateral (select receipt from placement where issue_id = i.id order by id limit 1) p
where r.id = any (%(id)s::uuid[])
"""

# Receipts whose shares were computed after the placement, in the transaction that stored the report.
ADD_RECEIPTS = """
insert into placement (issue_id, cause, method, edition_id, leaf_version_id, edge_distance_m, certainty, receipt)
select issue_id, %(cause)s, method, edition_id, leaf_version_id, edge_distance_m, certainty, receipt
from rows from (
    unnest(
        %(issue_id)s::bigint[], %(method)s::text[], %(edition_id)s::bigint[], %(leaf_version_id)s::bigint[],
        %(edge_distance_m)s::float8[], %(certainty)s::text[]
    ),
    jsonb_array_elements(%(receipts)s::jsonb) -- one text: the elements of an array would be quoted once more
) as r(issue_id, method, edition_id, leaf_version_id, edge_distance_m, certainty, receipt)
"""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as the statement takes it, beside its point."""

    id: UUID
    category: str
    description: str
    raw_lon: float
    raw_lat: float
    observed_at: datetime | None
    received_at: datetime | None
    external_code: str | None
    source: str
    reporter: str | None
    contact: str | None
    for_public: bool


@cache
def intake_statement() -> str:
    """Give the text of the statement that places and stores reports, with psycopg's named parameters.

    Its rows, one a report: ord, id, issue_id and received_at (null: the report was there already), what a receipt
    needs, and the placement's answer as JSON text: for the public without what is hidden, unless `is_whole`, as it is
    where its shares are still to be computed.
    """
    text = files("geo.queries").joinpath("intake.sql").read_text(encoding="utf-8")
    return text.replace("{place}", place_statement(as_of=False))


@cache
def numbered_intake_statement() -> Numbered:
    """Give the intake statement for a raw cursor."""
    return number_parameters(intake_statement())


def intake_parameters(rows: Sequence[ReportRow], cause: str, hidden: Jsonb) -> dict[str, Any]:
    """Give the parameters of the intake statement, besides those of the placement.

    In the answers of rows for the public each field of ``hidden`` has its value from there.
    """
    columns = (f.name for f in fields(ReportRow))
    values = {column: [getattr(row, column) for row in rows] for column in columns}
    return values | {"cause": cause, "hidden": hidden}
