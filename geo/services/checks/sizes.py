"""Too many or too few households, shapes that are hard to look after, grids in pieces."""

from collections.abc import Iterator

from geo.services.checks.finding import Finding, found
from geo.services.checks.material import Material


def sizes_and_shapes(material: Material) -> Iterator[Finding]:
    """Find grids outside the target band, long thin ones, and units that lie in pieces."""
    limits = material.limits
    band = f"{limits.households_min}-{limits.households_max}"
    unknown: list[str] = []
    for figure in material.figures:
        key, unit = figure.key, material.units[figure.key]
        land = material.land[key]
        if figure.band == "not_checked":
            unknown.append(key)
        elif figure.band in ("below", "above"):
            zh = "少于" if figure.band == "below" else "多于"
            yield found(
                f"households_{figure.band}",
                f"{key} {unit.name} 有 {figure.households} 户，{zh}规定的 {band} 户",
                f"{key} has {figure.households} households, {figure.band} the band of {band}",
                grids=[key],
                geom=land,
            )
        if figure.level == "grid" and figure.kind == "residential" and figure.compactness < limits.compactness_min:
            yield found(
                "not_compact",
                f"{key} {unit.name} 形状狭长或曲折，紧凑度 {figure.compactness:.2f}，低于 {limits.compactness_min:.2f}",
                f"{key} is long or ragged: compactness {figure.compactness:.2f}, below {limits.compactness_min:.2f}",
                grids=[key],
                geom=land,
            )
        if not figure.is_contiguous and not unit.is_remainder:
            yield found(
                "not_contiguous",
                f"{key} {unit.name} 分成了不相连的 {figure.parts} 块",
                f"{key} lies in {figure.parts} separate pieces",
                grids=[key],
                geom=land,
            )
    if unknown:
        yield found(
            "households_not_known",
            f"{len(unknown)} 个住宅类网格没有户数（未导入楼栋，也没有填报数），未检查规模",
            f"the households of {len(unknown)} residential grids are not known, so their size was not checked",
            grids=unknown,
        )
