"""Add rows by code, change those that differ, leave the others alone."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import shapely
from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Text, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from geo.models.base import Base

M = TypeVar("M", bound=Base)


def read_by_code(session: Session, model: type[M], codes: Sequence[str]) -> dict[str, M]:
    """Give the rows that exist already, by code."""
    wanted = literal(list(codes), ARRAY(Text))  # one parameter: a list has at most 65,535
    code = model.__table__.c.code
    return {row.code: row for row in session.scalars(select(model).where(code == any_(wanted)))}  # type: ignore[attr-defined]  # every importable table has codes


class Upsert:
    """Counts what it does: ``counts`` has new, changed and unchanged."""

    def __init__(self, session: Session, model: type[M], codes: Sequence[str]) -> None:
        self.session = session
        self.model: type[Any] = model
        self.rows: dict[str, Any] = dict(read_by_code(session, model, codes))
        self.counts = {"new": 0, "changed": 0, "unchanged": 0}

    def put(self, code: str, facts: Mapping[str, Any], *, absent: Collection[str] = ()) -> Any:
        """Set a row's columns and give the row; geometries are shapely's, in WGS 84.

        Columns in ``absent`` are set in a new row only: the file says nothing about them.
        """
        row = self.rows.get(code)
        if row is None:
            row = self.model(code=code, source="import", **{k: _stored(v) for k, v in facts.items()})
            self.session.add(row)
            self.rows[code] = row
            self.counts["new"] += 1
            return row
        told = {k: v for k, v in facts.items() if k not in absent}
        differing = {k: v for k, v in told.items() if not _is_same(getattr(row, k), v)}
        for column, value in differing.items():
            setattr(row, column, _stored(value))
        self.counts["changed" if differing else "unchanged"] += 1
        return row


def _stored(value: Any) -> Any:
    return from_shape(value, srid=4326) if isinstance(value, BaseGeometry) else value


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, WKBElement):
        return new is not None and bool(shapely.equals_exact(to_shape(old), new, 0.0, normalize=True))
    return bool(old == new)
