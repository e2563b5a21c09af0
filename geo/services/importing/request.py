"""What a clerk asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from geo.crs import parse_crs
from geo.errors import UnknownCrsError, WrongUsageError
from geo.services.importing.values import instant


class Kind(StrEnum):
    """What a file holds."""

    DIVISIONS = "divisions"
    GRIDS = "grids"
    MICRO_GRIDS = "micro-grids"
    BRANCHES = "branches"
    POSTS = "posts"
    PEOPLE = "people"
    STATIONS = "stations"
    COMPOUNDS = "compounds"
    BUILDINGS = "buildings"
    REPORTS = "reports"
    STREETS = "streets"


_EVERY = frozenset({"code", "name", "skip_bad", "dry_run"})
_PLACED = frozenset({"division", "create_division"})
_ALLOWED: Mapping[Kind, frozenset[str]] = {
    Kind.DIVISIONS: _EVERY | _PLACED | {"parent", "crs"},
    Kind.GRIDS: _EVERY | _PLACED | {"parent", "crs", "layer", "replace", "draft", "valid_from"},
    Kind.MICRO_GRIDS: _EVERY | _PLACED | {"parent", "crs", "layer", "replace", "draft", "valid_from"},
    Kind.BRANCHES: _EVERY | _PLACED | {"parent", "layer", "replace", "valid_from"},
    Kind.POSTS: (_EVERY | _PLACED | {"layer", "replace", "valid_from"}) - {"code", "name"},
    Kind.PEOPLE: _EVERY,
    Kind.STATIONS: _EVERY | _PLACED | {"parent", "crs", "lon", "lat", "replace"},
    Kind.COMPOUNDS: _EVERY | _PLACED | {"parent", "crs", "replace"},
    Kind.BUILDINGS: _EVERY | _PLACED | {"parent", "crs", "lon", "lat", "replace"},
    Kind.REPORTS: (_EVERY | {"crs", "lon", "lat"}) - {"name"},
    Kind.STREETS: frozenset({"division", "crs", "dry_run"}),
}
"""The options that mean something for a kind; any other is refused rather than ignored."""
_WHY = {
    ("replace", Kind.REPORTS): "上报记录只能追加",
    ("replace", Kind.DIVISIONS): "区划被网格和历史记录引用，不能随文件结束",
    ("replace", Kind.PEOPLE): "人员没有所属区划；结束岗位请用 posts --replace",
    ("replace", Kind.STREETS): "导入道路总是整体替换本市路网",
}


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """One import, as the command and the upload both make it."""

    kind: Kind
    path: Path
    filename: str
    layer: str | None = None
    """Code or name of the layer; made if there is none of it. Default: the city's primary one."""
    division: str | None = None
    """Code of the division that everything in the file belongs to."""
    create_division: str | None = None
    """Name of a division to be made where there is none."""
    named_columns: dict[str, str] = field(default_factory=dict)
    """Field to column: code, name, parent, lon, lat."""
    crs: str | None = None
    replace: bool = False
    """What the file doesn't hold ends."""
    draft: bool = False
    valid_from: datetime | None = None
    skip_bad: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        given = {name for name in _OPTIONS if getattr(self, name)} | set(self.named_columns)
        for name in sorted(given - _ALLOWED[self.kind]):
            why = _WHY.get((name, self.kind), f"只用于 {'、'.join(k for k in Kind if name in _ALLOWED[k])}")
            raise WrongUsageError(
                f"--{name.replace('_', '-')} 对 {self.kind} 没有意义: {why}。 It means nothing for {self.kind}."
            )
        if self.crs is not None:
            _check_crs(self.crs)
        if self.draft and self.valid_from is not None:
            raise WrongUsageError("草稿没有生效日期: --draft 与 --valid-from 不能同用。 A draft has no date.")

    @classmethod
    def of_words(
        cls,
        kind: str,
        path: Path,
        filename: str,
        *,
        columns: Mapping[str, str | None],
        valid_from: str | None,
        **rest: Any,
    ) -> "ImportRequest":
        """Make a request of what a command line or a form says.

        Raises
        ------
        WrongUsageError
            If the kind, the system or the date isn't one, or an option means nothing for the kind.
        """
        if kind not in list(Kind):
            raise WrongUsageError(f"没有 {kind!r} 这一类；可用 {' '.join(Kind)}。 No such kind.")
        since = instant(valid_from)
        if valid_from is not None and since is None:
            raise WrongUsageError(f"--valid-from {valid_from!r} 不是日期（如 2024-05-01）。 Not a date (YYYY-MM-DD).")
        named = {name: column for name, column in columns.items() if column is not None}
        return cls(Kind(kind), path, filename, named_columns=named, valid_from=since, **rest)

    def as_json(self) -> dict[str, Any]:
        """Give the options as plain values, without the path of the server's copy."""
        return {
            "layer": self.layer,
            "division": self.division,
            "create_division": self.create_division,
            "columns": self.named_columns,
            "crs": self.crs,
            "replace": self.replace,
            "draft": self.draft,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "skip_bad": self.skip_bad,
            "dry_run": self.dry_run,
        }


_OPTIONS = ("layer", "division", "create_division", "crs", "replace", "draft", "valid_from", "skip_bad", "dry_run")


def _check_crs(crs: str) -> None:
    try:
        parse_crs(crs)
    except UnknownCrsError:
        says = f"--crs {crs!r} 不是坐标系；可用 wgs84、cgcs2000、gcj02、bd09 或 EPSG:代号。 No coordinate system."
        raise WrongUsageError(says) from None
