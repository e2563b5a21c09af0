"""Stations beside the rules of size, and how many households each is the nearest to."""

from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from geo.queries import station_coverage as queries
from geo.services.access import Scope
from geo.services.station_coverage.measuring import Measured
from geo.size_rules import SizeRules


def stations(session: Session, measured: Measured, scope: Scope, rules: SizeRules) -> list[dict[str, Any]]:
    """Return the open stations of the scope: which rule of size is about each, and whether it keeps it.

    ``households_nearest`` counts the scope's households that have this station as their nearest, within the largest
    limit. ``households_of_division`` are those that the rule counts: of its community, or of the ``compound`` that it
    stands in. ``meets`` is null where there is no rule, or the size isn't known.
    """
    inside = measured.within(measured.asked.limits.longest)
    ids, of_home = np.unique(measured.station_id[inside], return_inverse=True)
    nearest = np.bincount(of_home, weights=measured.households[inside], minlength=len(ids)).astype(np.int64)
    served = dict(zip(ids.tolist(), nearest.tolist(), strict=True))
    rows = []
    for row in queries.read_rooms(session, scope.parameter(), measured.asked.division):
        if measured.asked.kind not in (None, row["kind"]) or measured.asked.level not in (None, row["level"]):
            continue
        required = rules.required_m2(row["kind"], row["level"], row["households"])
        area = row["area_m2"]
        rows.append(
            {
                key: row[key]
                for key in (
                    "id",
                    "code",
                    "name",
                    "kind",
                    "level",
                    "lon",
                    "lat",
                    "division",
                    "division_name",
                    "compound",
                )
            }
            | {
                "area_m2": area,
                "households_nearest": served.get(row["id"], 0),
                "households_of_division": row["households"],
                "required_m2": required,
                "meets": None if required is None or area is None else bool(area >= required),
            }
        )
    return rows
