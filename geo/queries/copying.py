"""Write many rows by COPY in the session's own transaction."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.models.base import SRID

_CHUNK = 5000


def take_ids(session: Session, table: str, count: int) -> list[int]:
    """Take ids from a table's sequence, for rows that COPY will write."""
    found = session.execute(
        text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count)"),
        {"table": table, "count": count},
    )
    return list(found.scalars())


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows by COPY. Geometries come as `hex_ewkb`, ranges and JSON as text."""
    session.flush()
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("COPY needs psycopg")
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def hex_ewkb(geoms: Sequence[Any] | NDArray[np.object_], *, srid: int = SRID) -> Iterator[str | None]:
    """Give geometries, in WGS 84 if not said otherwise, as COPY reads them; None stays None.

    GEOS writes hexadecimal five times slower than Python turns bytes into it, and one row at a time is in memory twice.
    """
    with_srid = shapely.set_srid(np.asarray(geoms, dtype=object), srid)
    for start in range(0, len(with_srid), _CHUNK):
        for wkb in shapely.to_wkb(with_srid[start : start + _CHUNK], include_srid=True):
            yield wkb.hex() if wkb is not None else None
