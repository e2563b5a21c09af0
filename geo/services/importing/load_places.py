"""Load stations, compounds and buildings: things with a place and a division."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import to_wgs84
from geo.errors import InvalidCoordinateError, RefusedImportError
from geo.models import Building, Compound, Division, Station
from geo.queries import ending
from geo.queries.containing import divisions_of_points
from geo.queries.footprints import give_way
from geo.queries.households import grids_around, sum_households
from geo.services.doors import check_doors
from geo.services.importing.cells import leave_out_unreadable, refuse_unreadable
from geo.services.importing.columns import Columns
from geo.services.importing.repair import convert_geometries, repair_polygons
from geo.services.importing.task import Task
from geo.services.importing.territory import named_division
from geo.services.importing.tessellation import check_codes
from geo.services.importing.upsert import Upsert, read_by_code
from geo.services.importing.values import kind_of, number, text_of, whole_number

STATION_KINDS = {
    "service_centre": "service_centre 党群服务中心 服务中心 便民服务中心",
    "tourism_station": "tourism_station 旅游红色驿站 红色驿站",
    "member_studio": "member_studio 党员工作室",
    "alliance_station": "alliance_station 先锋联盟工作站 先锋联盟",
    "property_station": "property_station 红色物业服务站 红色物业",
    "terminal": "terminal 自助终端 自助服务终端",
}
STATION_LEVELS = {
    "city": "city 市级 市",
    "district": "district 区级 城区 县级 区 县",
    "street": "street 街道级 街道 镇 乡镇",
    "community": "community 社区级 社区 村 村级",
    "compound": "compound 小区级 小区 网格",
}
COMPOUND_KINDS = {
    "commercial": "commercial 商品房 商品房小区",
    "work_unit": "work_unit 单位型 单位 单位小区 单位宿舍",
    "unmanaged": "unmanaged 无物业 三无小区 老旧小区",
}

Cells = list[dict[str, Any]]
STATION_FACTS = {name: name for name in ("name", "kind", "level", "address", "hours", "area_m2", "services", "doors")}
COMPOUND_FACTS = {"name": "name", "kind": "kind", "property_manager": "manager"}
BUILDING_FACTS = {"name": "name", "compound_id": "compound", "households": "households", "people": "people"}
_POINT = 0


def load_stations(task: Task) -> None:
    """Load stations: points with a kind, a level and a division."""
    columns = _begin(
        task,
        (
            "code", "name", "kind", "level", "lon", "lat", "division", "parent", "address", "hours", "services",
            "area_m2", "doors",
        ),
    )  # fmt: skip
    cells, codes = _cells(task, columns)
    points = task.points(columns, _named(task))
    kinds = [_kind(task, i, c, STATION_KINDS, "service_centre") for i, c in enumerate(cells)]
    refuse_unreadable(task, columns, "area_m2", whole_number, "不小于 0 的数（平方米）")
    leave_out_unreadable(task, columns, "level", lambda text: kind_of(text, STATION_LEVELS), "站点级别")
    doors = [_doors(task, i, cell, points[i]) for i, cell in enumerate(cells)]
    homes = _homes(task, cells, codes, points)
    task.stop_if_refused()
    put = Upsert(task.session, Station, [c for c in codes if c])
    for i in task.written_rows():
        cell, home = cells[i], homes[i]
        facts = {
            "name": text_of(cell.get("name")) or codes[i],
            "kind": kinds[i],
            "level": kind_of(cell.get("level"), STATION_LEVELS),
            "division_id": home.id,
            "division_path": home.path,
            "geom": points[i],
            "address": text_of(cell.get("address")),
            "hours": text_of(cell.get("hours")),
            "area_m2": number(cell.get("area_m2")),
            "retired_at": None,
            "services": text_of(cell.get("services")),
            "doors": doors[i],
        }
        put.put(codes[i], facts, absent=_absent(columns, STATION_FACTS, points[i]))
    _end(task, put, codes, homes)


def _doors(task: Task, i: int, cell: dict[str, Any], at: shapely.Point | None) -> shapely.MultiPoint | None:
    """Give a station's further doors, written as ``lon lat; lon lat`` in the file's coordinate system."""
    written = text_of(cell.get("doors"))
    if written is None:
        return None
    try:
        pairs = [
            [float(part) for part in door.replace(",", " ").split()] for door in written.split(";") if door.strip()
        ]
        lon, lat = to_wgs84([x for x, _ in pairs], [y for _, y in pairs], task.report.crs or "wgs84")
    except ValueError:
        code = text_of(cell.get("code"))
        _refuse(task, i, code, "bad_doors", f"入口 {written} 应写成“经度 纬度; 经度 纬度”。 Doors: lon lat; lon lat.")
        return None
    try:
        if at is not None:
            check_doors((at.x, at.y), list(zip(lon.tolist(), lat.tolist(), strict=True)))
    except InvalidCoordinateError as error:
        _refuse(task, i, text_of(cell.get("code")), "far_doors", str(error))
        return None
    return shapely.MultiPoint(np.column_stack([lon, lat]))


def load_compounds(task: Task) -> None:
    """Load compounds: with an outline where the file has polygons."""
    columns = _begin(task, ("code", "name", "kind", "manager", "division", "parent"))
    cells, codes = _cells(task, columns)
    outlines: NDArray[np.object_] = np.full(len(cells), None, dtype=object)
    points = outlines
    drawn = task.drawn()  # an outline may be unknown
    if drawn.any():
        with task.phase("coordinates", len(codes)) as done:
            crs = task.decide_crs(shapely.get_coordinates(task.table.geoms), _named(task))
            outlines = repair_polygons(task.table, crs, task.report, codes, only=drawn, tell=done)
        points = shapely.point_on_surface(outlines)
    kinds = [_kind(task, i, c, COMPOUND_KINDS, "commercial") for i, c in enumerate(cells)]
    homes = _homes(task, cells, codes, points)
    task.stop_if_refused()
    put = Upsert(task.session, Compound, [c for c in codes if c])
    for i in task.written_rows():
        facts = {
            "name": text_of(cells[i].get("name")) or codes[i],
            "kind": kinds[i],
            "property_manager": text_of(cells[i].get("manager")),
            "division_id": homes[i].id,
            "geom": outlines[i],
        }
        put.put(codes[i], facts, absent=_absent(columns, COMPOUND_FACTS, outlines[i]))
    _end(task, put, codes, homes)


def load_buildings(task: Task) -> None:
    """Load buildings, with an outline or a point; the households of the grids around them follow."""
    columns = _begin(
        task, ("code", "name", "compound", "lon", "lat", "division", "parent", "households", "people"), places=True
    )
    cells, codes = _cells(task, columns)
    outlines, points = _outlines_and_points(task, columns, codes)
    for field in ("households", "people"):
        refuse_unreadable(task, columns, field, whole_number, "不小于 0 的数")
    homes = _homes(task, cells, codes, points)
    wanted = [c for cell in cells if (c := text_of(cell.get("compound")))]
    compounds = read_by_code(task.session, Compound, wanted)
    for i, cell in enumerate(cells):
        code = text_of(cell.get("compound"))
        if code is not None and code not in compounds:
            _refuse(
                task, i, codes[i], "no_compound", f"所属小区 {code} 不存在，先导入小区。 Its compound doesn't exist."
            )
    task.stop_if_refused()
    put = Upsert(task.session, Building, [c for c in codes if c])
    grids = grids_around(task.session, [row.id for row in put.rows.values()])  # where they stood before
    for i in task.written_rows():
        cell = cells[i]
        compound = compounds.get(text_of(cell.get("compound")) or "")
        facts = {
            "name": text_of(cell.get("name")) or codes[i],
            "compound_id": compound.id if compound else None,
            "division_id": homes[i].id,
            "point": shapely.set_precision(points[i], 1e-7),
            "geom": outlines[i],
            "households": whole_number(cell.get("households")) or 0,
            "people": whole_number(cell.get("people")) or 0,
        }
        put.put(codes[i], facts, absent=_absent(columns, BUILDING_FACTS, outlines[i]))
    _end(task, put, codes, homes, grids)
    with task.phase("households"):
        here = [row.id for row in put.rows.values()]
        give_way(task.session, here)
        sum_households(task.session, grids | grids_around(task.session, here))


def _outlines_and_points(
    task: Task, columns: Columns, codes: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Give each row's outline, None for a row that is only a point, and the point that stands for it."""
    geoms = task.table.geoms
    none: NDArray[np.object_] = np.full(len(codes), None, dtype=object)
    drawn = shapely.get_dimensions(geoms) == 2 if geoms is not None else np.zeros(len(codes), dtype=bool)
    if geoms is None or not drawn.any():
        return none, task.points(columns, _named(task))
    is_point = shapely.get_type_id(geoms) == _POINT
    with task.phase("coordinates", int((~is_point).sum())) as done:
        crs = task.decide_crs(shapely.get_coordinates(geoms), _named(task))
        outlines = repair_polygons(task.table, crs, task.report, codes, only=~is_point, tell=done)
    points = np.asarray(shapely.point_on_surface(outlines), dtype=object)
    points[is_point] = convert_geometries(geoms[is_point], crs)
    return outlines, points


def _absent(columns: Columns, facts: Mapping[str, str], outline: Any | None = None) -> set[str]:
    """Give the facts that the file says nothing about: those of a row that is there already stay."""
    return {fact for fact, field in facts.items() if field not in columns} | ({"geom"} if outline is None else set())


def _begin(task: Task, fields: tuple[str, ...], *, places: bool = False) -> Columns:
    columns = task.columns(fields)
    if places and task.table.geoms is None and "lon" not in columns:
        raise RefusedImportError("认不出经纬度列，请用 --lon 和 --lat 指明。 Name the columns with --lon and --lat.")
    return columns


def _cells(task: Task, columns: Columns) -> tuple[Cells, NDArray[np.object_]]:
    records = task.table.frame.to_dict("records")
    codes = task.texts(columns, "code")
    check_codes(codes, np.array([task.table.row(i) for i in range(len(codes))]), task.report)
    return [{field: record[column] for field, column in columns.of.items()} for record in records], codes


def _named(task: Task) -> Division | None:
    return named_division(task.session, task.divisions, task.request.division, task.request.create_division)


def _kind(task: Task, i: int, cell: dict[str, Any], kinds: dict[str, str], default: str) -> str:
    text = text_of(cell.get("kind"))
    found = kind_of(text, kinds)
    if text is not None and found is None:
        options = "、".join(words.split()[1] for words in kinds.values())
        _refuse(
            task, i, text_of(cell.get("code")), "unknown_kind", f"类型 {text} 认不出；可用: {options}。 Unknown kind."
        )
    return found or default


def _homes(task: Task, cells: Cells, codes: NDArray[np.object_], points: NDArray[np.object_]) -> list[Any]:
    """Give each row's division: the named one, the one in its cell, of its code's beginning, or around its point."""
    named = _named(task)
    homes: list[Division | None] = [
        named
        or task.divisions.of_code(text_of(cell.get("division")))
        or task.divisions.of_code(text_of(cell.get("parent")))
        or task.divisions.of_code(code)
        for cell, code in zip(cells, codes, strict=True)
    ]
    lost = [i for i, home in enumerate(homes) if home is None and points[i] is not None]
    found = divisions_of_points(task.session, [points[i] for i in lost])
    for i, division_id in zip(lost, found, strict=True):
        homes[i] = task.divisions.by_id[division_id] if division_id is not None else None
    for i, home in enumerate(homes):
        if home is None and task.table.row(i) not in task.report.refused_rows:
            _refuse(task, i, codes[i], "no_division", "找不到所属区划；请用 --division 编码。 Its division is unknown.")
    return homes


def _refuse(task: Task, i: int, code: str | None, reason: str, says: str) -> None:
    row = task.table.row(i)
    task.report.add("refused", reason, f"第 {row} 行 {code or ''}: {says}", row=row, code=code)


def _end(
    task: Task, put: Upsert, codes: NDArray[np.object_], homes: Sequence[Any], grids: set[int] | None = None
) -> None:
    """Write the rows and, with ``--replace``, end the imported ones of their division that the file lacks.

    ``grids`` gets the grids around the buildings that go.
    """
    task.report.counts = put.counts
    if not task.request.replace:
        return
    with task.phase("writing"):
        home = _named(task) or task.divisions.common_ancestor([home for home in homes if home is not None])
        table = put.model.__tablename__
        gone = ending.missing(task.session, table, home.path, [c for c in codes if c])
        if grids is not None:
            grids |= grids_around(task.session, gone)
        ending.end(task.session, table, gone)
        task.report.counts |= {"closed": len(gone)}
        task.report.details |= {"division": home.code}
