"""What the loaders share while one import runs."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo import crs as systems
from geo.errors import InvalidCoordinateError, RefusedImportError
from geo.models import Division
from geo.placing_rules import PlacingRules
from geo.services.importing.columns import Columns, guess_columns
from geo.services.importing.crs_guess import decide_crs
from geo.services.importing.read import Table
from geo.services.importing.report import ImportReport
from geo.services.importing.request import ImportRequest
from geo.services.importing.territory import Divisions, what_is_known
from geo.services.importing.values import number, text_of
from geo.services.progress import Done, Progress, counted

Shown = Callable[[Mapping[str, str]], None]
"""Is told field and column of each field that is about to be read."""


class RefusedRowsError(RefusedImportError):
    """Nothing is loaded since rows were refused; the report names each."""


@dataclass(frozen=True, slots=True)
class Task:
    """One import."""

    session: Session
    request: ImportRequest
    table: Table
    divisions: Divisions
    report: ImportReport
    progress: Progress
    rules: PlacingRules
    shown: Shown

    @contextmanager
    def phase(self, name: str, rows: int | None = None) -> Iterator[Done]:
        """Time a phase, and give what tells the one who waits how many of its rows are done."""
        start = time.perf_counter()
        yield self.begun(name, rows)
        self.report.seconds[name] = self.report.seconds.get(name, 0.0) + time.perf_counter() - start

    def begun(self, name: str, rows: int | None = None) -> Done:
        """Tell that a phase, or a part of one, begins, and give what tells how many of its rows are done."""
        self.progress(name, 0, rows)
        return lambda done: self.progress(name, done, rows)

    def columns(self, fields: tuple[str, ...], required: tuple[str, ...] = ("code",)) -> Columns:
        """Guess the columns and note them in the report."""
        named = {f: c for f, c in self.request.named_columns.items() if f in fields}
        found = guess_columns([str(c) for c in self.table.frame.columns], fields, required=required, named=named)
        self.report.columns = dict(found.of)
        self.shown(found.of)
        return found

    def texts(self, columns: Columns, field: str) -> NDArray[np.object_]:
        """Give a field's cells as text, None where there is none."""
        if field not in columns:
            return np.full(len(self.table.frame), None, dtype=object)
        cells = self.table.frame[columns[field]]
        return np.array([None, *(text_of(v) for v in cells)], dtype=object)[1:]

    def decide_crs(self, coords: NDArray[np.float64], division: Division | None, *, silent: str | None = None) -> str:
        """Choose the coordinate system of the file's coordinates and note it, with what is doubtful about it."""
        decision = decide_crs(
            coords,
            declared=self.table.declared_crs,
            requested=self.request.crs or silent,
            form=self.table.form,
            known=what_is_known(self.session, coords, division),
        )
        self.report.crs, self.report.crs_note = decision.crs, decision.note
        if decision.warning:
            self.report.add("warning", "crs", decision.warning)
        return decision.crs

    def points(self, columns: Columns, division: Division | None) -> NDArray[np.object_]:
        """Give a WGS 84 point on the lattice for each row, None where there is none (noted as refused)."""
        raw = self.raw_points(columns)
        good = np.asarray(np.isfinite(raw).all(axis=1))
        for i in np.flatnonzero(~good).tolist():
            row = self.table.row(i)
            self.report.add("refused", "no_coordinates", f"第 {row} 行: 没有坐标。 No coordinates.", row=row)
        for i in np.flatnonzero(_astray(raw, good)).tolist():
            good[i], row = False, self.table.row(i)
            x, y = raw[i]
            says = f"第 {row} 行: 坐标 {x:g}, {y:g} 不是经纬度，其他行都是。 Not degrees, unlike the others."
            self.report.add("refused", "bad_coordinates", says, row=row)
        made = np.full(len(raw), None, dtype=object)
        if not good.any():
            return made
        crs = self.decide_crs(raw[good], division)
        try:
            lon, lat = systems.to_wgs84(raw[good, 0], raw[good, 1], crs)
            made[good] = shapely.points(lon, lat)
        except InvalidCoordinateError:  # find out which ones
            for i in np.flatnonzero(good).tolist():
                made[i] = self._point(i, raw[i], crs)
        return made

    def _point(self, i: int, at: NDArray[np.float64], crs: str) -> shapely.Point | None:
        try:
            lon, lat = systems.to_wgs84(at[0], at[1], crs)
        except InvalidCoordinateError as error:
            row = self.table.row(i)
            self.report.add("refused", "bad_coordinates", f"第 {row} 行: {error}", row=row)
            return None
        return shapely.Point(lon[0], lat[0])

    def drawn(self) -> NDArray[np.bool_]:
        """Tell which rows have a geometry."""
        if self.table.geoms is None:
            return np.zeros(len(self.table.frame), dtype=bool)
        return np.asarray(~shapely.is_missing(self.table.geoms))

    def raw_points(self, columns: Columns) -> NDArray[np.float64]:
        """Give the coordinates as the file has them, (n, 2), NaN where there are none."""
        if self.table.geoms is not None:
            raw = np.full((len(self.table.geoms), 2), np.nan)
            here = ~shapely.is_missing(self.table.geoms) & ~shapely.is_empty(self.table.geoms)
            centres = shapely.point_on_surface(self.table.geoms[here])
            raw[here] = shapely.get_coordinates(centres)
            return raw
        if "lon" not in columns or "lat" not in columns:
            raise RefusedImportError(
                "认不出经纬度列，请用 --lon 和 --lat 指明。 Name the columns with --lon and --lat."
            )
        frame = self.table.frame
        pairs = zip(frame[columns["lon"]], frame[columns["lat"]], strict=True)
        return np.array([[_float(x), _float(y)] for x, y in pairs], dtype=np.float64).reshape(-1, 2)

    def stop_if_refused(self) -> None:
        """Do nothing if everything is good, or the bad rows may be skipped and others are left.

        Raises
        ------
        RefusedRowsError
            Nothing is loaded if something is refused.
        """
        bad = self.report.refused_rows
        if self.report.file_refused or (bad and not (self.request.skip_bad and self.good_rows())):
            raise RefusedRowsError(f"{len(bad)} 行有错，什么也没有导入。 {len(bad)} rows refused, nothing loaded.")

    def written_rows(self) -> Iterator[int]:
        """Give the positions of the good rows; what is made of them is flushed, and told, some rows at a time."""
        rows = self.good_rows()
        with self.phase("writing", len(rows)) as tell:

            def flush(done: int) -> None:
                self.session.flush()
                tell(done)

            yield from counted(rows, flush)

    def good_rows(self) -> list[int]:
        """Give the positions of the rows that aren't refused."""
        bad = self.report.refused_rows
        return [i for i in range(len(self.table.frame)) if self.table.row(i) not in bad]


def _float(value: object) -> float:
    found = number(value)
    return np.nan if found is None else found


def _astray(coords: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which of the coordinates aren't degrees where most are."""
    far = good & ((np.abs(coords) > (180, 90)).any(axis=1))
    return far if far.sum() * 2 < good.sum() else np.zeros_like(far)
