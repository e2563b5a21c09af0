"""Take the indexes off the empty table of grid versions and build them again: many rows are written faster without."""

from sqlalchemy import Index, Table
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Session
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from geo.models import GridVersion


def drop_indexes(session: Session) -> None:
    """Drop the indexes and the exclusion constraint of grid versions; the table is locked until the commit."""
    session.flush()
    for index in _indexes():
        session.execute(DropIndex(index))
    session.execute(DropConstraint(_exclusion()))


def create_indexes(session: Session) -> None:
    """Build them as the model declares them; overlapping versions written in between are refused now."""
    for index in _indexes():
        session.execute(CreateIndex(index))
    session.execute(AddConstraint(_exclusion()))


def _table() -> Table:
    table = GridVersion.__table__
    if not isinstance(table, Table):
        raise TypeError("grid_version is no table")
    return table


def _indexes() -> list[Index]:
    return sorted(_table().indexes, key=lambda index: str(index.name))


def _exclusion() -> ExcludeConstraint:
    return next(found for found in _table().constraints if isinstance(found, ExcludeConstraint))
