"""Homes that lie in no grid, and grids for which nobody answers."""

from collections.abc import Iterator

from geo.queries import checks as queries
from geo.services.checks.finding import Finding, found
from geo.services.checks.material import Material


def homes_without_grid(material: Material) -> Iterator[Finding]:
    """Find buildings that lie in no leaf (格不漏户), one finding a division."""
    for row in queries.homeless_buildings(material.session, material.edition):
        yield found(
            "unassigned_buildings",
            f"{row.name}有 {row.buildings} 栋楼（{row.households} 户）不在任何网格内",
            f"{row.buildings} buildings ({row.households} households) of {row.name} lie in no grid",
            division=row.code,
            geom=row.geom,
        )


def nobody_answers(material: Material) -> Iterator[Finding]:
    """Find grids without a responsible branch or a grid leader; new ones inherit both from where their land was."""
    keys = [grid.key for grid in material.grids]
    no_branch, no_leader = queries.without_branch_or_leader(material.session, material.edition, keys)
    for grid, land in zip(material.grids, material.lands, strict=True):
        if grid.key in no_branch:
            yield found(
                "no_branch",
                f"{grid.key} {grid.name} 没有负责的党组织",
                f"{grid.key} has no responsible branch",
                grids=[grid.key],
                geom=land,
            )
        if grid.key in no_leader:
            yield found(
                "no_leader",
                f"{grid.key} {grid.name} 没有网格长",
                f"{grid.key} has no grid leader",
                grids=[grid.key],
                geom=land,
            )
