"""Service stations of the demo city: five levels of centres, and every other kind where it would stand."""

from dataclasses import dataclass

import numpy as np
from shapely import Point

from geo.demo import sketch
from geo.demo.city import City, CityCommunity
from geo.demo.fixtures import DivisionRow

OFFICE_HOURS = "周一至周五 8:30—12:00，14:30—17:30"
LONG_HOURS = "每天 8:00—20:00"
TOURISM = (
    ("象山景区红色驿站", (110.2935, 25.2690)),
    ("两江四湖红色驿站", (110.2886, 25.2793)),
    ("七星景区红色驿站", (110.3098, 25.2788)),
    ("叠彩山红色驿站", (110.2978, 25.2938)),
    ("东西巷红色驿站", (110.2955, 25.2842)),
    ("芦笛路红色驿站", (110.2732, 25.2998)),
    ("訾洲公园红色驿站", (110.2978, 25.2660)),
    ("虞山桥头红色驿站", (110.2992, 25.3030)),
)


@dataclass(frozen=True)
class StationRow:
    """A station, in WGS 84 on the lattice."""

    code: str
    name: str
    kind: str
    level: str | None
    division_code: str
    point: Point
    address: str
    hours: str
    area_m2: float | None


def make_stations(rng: np.random.Generator, city: City, divisions: list[DivisionRow]) -> list[StationRow]:
    """Return stations of all kinds, each at a building of the division that it serves."""
    maker = _Maker(rng, {row.code: row.name for row in divisions})
    drawn = [community for community in city.communities if community.grids]
    centre = min(drawn, key=lambda community: community.geom.centroid.distance(Point(sketch.ORIGIN)))
    maker.add(
        centre, "桂林市党群服务中心（演示）", "service_centre", "city", LONG_HOURS, 2600, division=centre.code[:4]
    )
    for length, level, area in ((6, "district", 1500), (9, "street", 900)):
        for code in sorted({community.code[:length] for community in drawn}):
            hosts = [community for community in drawn if community.code.startswith(code)]
            name = f"{maker.names[code]}党群服务中心"
            maker.add(hosts[len(hosts) // 2], name, "service_centre", level, OFFICE_HOURS, area, division=code)
    for position, community in enumerate(city.communities):
        short = community.short_name
        if community.grids or position % 2:
            hall_m2 = float(rng.integers(320, 980))
            maker.add(community, f"{short}社区党群服务中心", "service_centre", "community", OFFICE_HOURS, hall_m2)
        if not community.grids:
            continue
        local: tuple[tuple[str, str, str | None, float, float | None], ...] = (
            (f"{short}小区党群服务站", "service_centre", "compound", 0.9, 300),
            (f"{short}党员工作室", "member_studio", None, 0.5, 60),
            (f"{short}先锋联盟工作站", "alliance_station", None, 0.3, 120),
            (f"{short}红色物业服务站", "property_station", None, 0.8, 90),
            (f"{short}政务自助终端", "terminal", None, 0.6, None),
        )
        for name, kind, rank, share, size in local:
            if rng.random() < share:
                hours = "24小时" if kind == "terminal" else LONG_HOURS
                maker.add(community, name, kind, rank, hours, size and size * float(rng.uniform(0.8, 1.4)))
    for name, lonlat in TOURISM:
        place = min(drawn, key=lambda community: community.geom.distance(Point(lonlat)))
        maker.add(place, name, "tourism_station", None, LONG_HOURS, 80, near=Point(lonlat))
    return maker.rows


class _Maker:
    def __init__(self, rng: np.random.Generator, names: dict[str, str]) -> None:
        self.rng, self.names = rng, names
        self.rows: list[StationRow] = []
        self._taken: set[str] = set()

    def add(
        self,
        community: CityCommunity,
        name: str,
        kind: str,
        level: str | None,
        hours: str,
        area_m2: float | None,
        *,
        division: str | None = None,
        near: Point | None = None,
    ) -> None:
        """Add a station in a building of a community that has none yet, the nearest one to ``near`` if given."""
        free = [building for building in community.buildings if building.code not in self._taken]
        host = min(free, key=lambda b: b.point.distance(near)) if near else free[int(self.rng.integers(len(free)))]
        self._taken.add(host.code)
        self.rows.append(
            StationRow(
                f"Z{len(self.rows) + 1:04d}",
                name,
                kind,
                level,
                division or community.code,
                host.point,
                f"{community.short_name}社区{host.name}（演示地址）",
                hours,
                round(area_m2) if area_m2 else None,
            )
        )
