"""A month of reports: what residents of such a city write, where and when, with the error of their phones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt
import shapely

from geo.demo import sketch
from geo.demo.city import City
from geo.demo.plane import Plane
from geo.services.intake import NewReport
from geo.services.locate import Fix

REPORTS = 1_400
DAYS = 30
RAYLEIGH_68 = float(np.sqrt(-2 * np.log(1 - 0.68)))
"""Radius that holds 68 % of a two-dimensional Gaussian, in units of its sigma."""

TEXTS: dict[str, tuple[float, str, tuple[str, ...]]] = {
    "road": (0.17, "street", (
        "{street}井盖松动，车辆经过响声很大", "{street}路面塌陷一块，雨天积水", "{street}人行道地砖破损，老人容易绊倒",
        "{street}护栏被撞坏，一直没有修复", "{street}盲道被占用")),
    "sanitation": (0.21, "home", (
        "垃圾桶满了没人清运，异味明显", "楼道堆放杂物，影响通行", "{street}路边有人乱倒建筑垃圾",
        "下水道堵塞，污水外溢", "绿化带里有大量生活垃圾")),
    "parking": (0.19, "street", (
        "{street}占道停车，公交车过不去", "消防通道被私家车堵住", "电动车乱停在单元门口", "{street}僵尸车长期占用车位",
        "学校门口接送时段停车混乱")),
    "lighting": (0.08, "street", ("{street}路灯不亮，晚上很黑", "小区内路灯坏了三盏", "{street}路灯白天也亮着")),
    "greening": (0.07, "home", ("树枝压到电线，请修剪", "行道树倾斜，刮风时危险", "绿化带缺株，黄土裸露")),
    "noise": (0.13, "home", (
        "夜间施工噪声，已过十一点", "广场舞音量太大", "楼下烧烤店油烟和噪声扰民", "隔壁装修周末不停工")),
    "safety": (0.09, "home", (
        "电动车在楼道飞线充电", "外墙瓷砖脱落，有坠落危险", "消防栓没有水", "燃气管道附近有异味，请来检查")),
    "other": (0.06, "home", (
        "想咨询老旧小区加装电梯", "停水没有提前通知", "流浪狗较多，小孩害怕", "希望社区增设休息座椅")),
}  # fmt: skip
"""Category: its share, whether it happens on a street or at homes, and texts."""

HOURS = np.array([1, 1, 0.5, 0.3, 0.3, 0.6, 2, 5, 8, 9, 8, 6, 5, 5, 6, 7, 7, 7, 7, 8, 8, 6, 4, 2])


@dataclass(frozen=True)
class Course:
    """How far an issue has come: states after ``open`` with their instants."""

    report_id: UUID
    steps: tuple[tuple[str, datetime], ...]


def make_reports(rng: np.random.Generator, city: City, now: datetime) -> list[NewReport]:
    """Return a month of reports before ``now`` in order of time, some clustered, each with a phone's error."""
    plane = Plane(*sketch.ORIGIN)
    places = _Places(rng, city, plane)
    categories = list(TEXTS)
    shares = np.array([TEXTS[category][0] for category in categories])
    reports = []
    for received_at in _instants(rng, now):
        category = categories[int(rng.choice(len(categories), p=shares / shares.sum()))]
        _, where, texts = TEXTS[category]
        true, street = places.pick(where)
        accuracy_m = float(np.clip(np.round(rng.lognormal(2.5, 0.55), 1), 4.0, 90.0))
        lon, lat = plane.to_degrees([true + rng.normal(0.0, accuracy_m / RAYLEIGH_68, 2)])[0]
        text = texts[int(rng.integers(len(texts)))].format(street=street)
        report_id = UUID(bytes=rng.bytes(16), version=4)
        fix = Fix(float(lon), float(lat), "wgs84", accuracy_m)
        observed_at = received_at - timedelta(seconds=float(rng.exponential(240)))
        reports.append(
            NewReport(report_id, fix, category, text, observed_at=observed_at, received_at=received_at, source="demo")
        )
    return reports


def make_courses(rng: np.random.Generator, reports: list[NewReport], now: datetime) -> Iterator[Course]:
    """Yield how each issue has gone on since: most of the older ones are closed, the newest still open."""
    for report in reports:
        at = report.received_at or now
        steps: list[tuple[str, datetime]] = []
        for state, mean_hours in (("assigned", 1.5), ("in_progress", 9.0), ("solved", 40.0), ("closed", 30.0)):
            at += timedelta(hours=float(rng.gamma(1.4, mean_hours / 1.4)))
            if at >= now or rng.random() < 0.03:
                break
            steps.append((state, at))
        if steps:
            yield Course(report.id, tuple(steps))


def _instants(rng: np.random.Generator, now: datetime) -> list[datetime]:
    """Return instants of the last month in order: few at night, the city's clock being eight hours ahead of UTC."""
    start = now - timedelta(days=DAYS)
    found: list[datetime] = []
    while len(found) < REPORTS:
        instant = start + timedelta(seconds=float(rng.uniform(0, DAYS * 86_400)))
        local_hour = (instant.hour + 8) % 24
        if rng.random() < HOURS[local_hour] / HOURS.max():
            found.append(instant)
    return sorted(found)


class _Places:
    """Places where things happen, in metres: along named streets, at homes, and again and again at a few hot spots."""

    def __init__(self, rng: np.random.Generator, city: City, plane: Plane) -> None:
        self.rng = rng
        drawn = [community for community in city.communities if community.grids]
        area = shapely.union_all([community.geom for community in drawn]).buffer(0.003)
        shapely.prepare(area)
        named = [stretch for stretch, line in city.streets if stretch.street.name and area.intersects(line)]
        self.streets = named
        lengths = np.array([stretch.geom.length for stretch in named])
        self.weights = lengths / lengths.sum()
        homes = [building for community in drawn for building in community.buildings if building.households]
        self.homes = plane.to_metres([(building.point.x, building.point.y) for building in homes])
        self.tree = shapely.STRtree([stretch.geom for stretch in named])
        spots = rng.choice(len(self.homes), 14, replace=False)
        self.hot_spots = self.homes[spots]

    def pick(self, where: str) -> tuple[npt.NDArray[np.float64], str]:
        """Return a place in metres and the name of the street there."""
        if self.rng.random() < 0.22:
            spot = self.hot_spots[int(self.rng.integers(len(self.hot_spots)))] + self.rng.normal(0, 18, 2)
            return spot, self._street_near(spot)
        if where == "street":
            stretch = self.streets[int(self.rng.choice(len(self.streets), p=self.weights))]
            point = stretch.geom.interpolate(self.rng.random(), normalized=True)
            return np.array([point.x, point.y]), stretch.street.name or ""
        home = self.homes[int(self.rng.integers(len(self.homes)))] + self.rng.normal(0, 9, 2)
        return home, self._street_near(home)

    def _street_near(self, place: npt.NDArray[np.float64]) -> str:
        return self.streets[int(self.tree.nearest(shapely.Point(place)))].street.name or ""
