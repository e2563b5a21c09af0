"""Land that two leaves claim, slivers that none has, and land beyond the border of the division."""

from collections.abc import Iterator

import numpy as np
import shapely

from geo.geometry.coverage import find_gaps, find_overlaps
from geo.geometry.measures import METRES_PER_DEGREE, area_m2
from geo.queries import checks as queries
from geo.services.checks.finding import Finding, found
from geo.services.checks.material import Material

MIN_FLAW_M2 = 1.0
"""Smaller overlaps and gaps come from rounding."""
MAX_GAP_WIDTH_M = 20.0
"""Wider gaps are land that nobody has drawn yet, or a street left out on purpose."""
MIN_OVERHANG_M2 = 5.0
"""A corner on a border is rounded to the lattice, so that a long border may be passed by a few square metres."""
NAMED = 5


def overlaps_and_gaps(material: Material) -> Iterator[Finding]:
    """Find overlaps and narrow gaps among the leaves of the scope, and with those beside it."""
    units = material.beside | material.leaves
    keys = list(units)
    geoms = np.array([unit.land for unit in units.values()], dtype=object)
    own = material.leaves.keys()
    for overlap in find_overlaps(geoms, min_area_m2=MIN_FLAW_M2):
        pair = keys[overlap.first], keys[overlap.second]
        if own & set(pair):
            first, second = sorted(pair)
            yield found(
                "overlap",
                f"{first} 与 {second} 重叠 {overlap.area_m2:.1f} 平方米",
                f"{first} and {second} overlap by {overlap.area_m2:.1f} m2",
                grids=pair,
                geom=overlap.geom,
                place=(overlap.lon, overlap.lat),
                can_repair=True,
            )
    if not len(geoms):
        return
    tree = shapely.STRtree(geoms)
    for gap in find_gaps(geoms, max_width_m=MAX_GAP_WIDTH_M):
        if gap.area_m2 < MIN_FLAW_M2:
            continue
        around = {keys[at] for at in tree.query(gap.geom, predicate="intersects")}
        if around & own:
            yield found(
                "gap",
                f"{'、'.join(sorted(around))} 之间有 {gap.area_m2:.1f} 平方米空隙，宽约 {gap.width_m:.1f} 米",
                f"a gap of {gap.area_m2:.1f} m2, {gap.width_m:.1f} m wide, between {', '.join(sorted(around))}",
                grids=around,
                geom=gap.geom,
                place=(gap.lon, gap.lat),
                can_repair=True,
            )


def outside_division(material: Material) -> Iterator[Finding]:
    """Find leaves that reach beyond the known border of their division, and say which divisions have none."""
    outside = queries.outside_borders(material.session, material.edition)
    areas = area_m2([piece.geom for piece in outside])
    for piece, area in zip(outside, areas, strict=True):
        if area > MIN_OVERHANG_M2 and area > _rounding_m2(piece.geom):
            yield found(
                "outside_division",
                f"{piece.key} 有 {area:.1f} 平方米在{piece.name}界线之外",
                f"{area:.1f} m2 of {piece.key} lie beyond the border of {piece.name} ({piece.division})",
                grids=[piece.key],
                division=piece.division,
                geom=piece.geom,
            )
    unknown = queries.divisions_without_border(material.session, material.edition)
    if unknown:
        more = f" 等 {len(unknown)} 个" if len(unknown) > NAMED else ""
        yield found(
            "border_not_known",
            f"{'、'.join(unknown[:NAMED])}{more}没有界线，未检查网格是否越界（只检查了已知的上级界线）",
            f"no border is known of {len(unknown)} divisions, so whether grids keep to them was not checked",
        )


def _rounding_m2(piece: shapely.Geometry) -> float:
    """Give the area that a strip of one lattice step along a piece's outline has."""
    return float(shapely.length(piece)) * METRES_PER_DEGREE * 0.011
