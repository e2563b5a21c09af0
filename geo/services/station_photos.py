"""The photo of a station: put, told, taken away."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.models import Station, StationPhoto
from geo.services import audit, stations
from geo.services.access import Scope
from geo.services.pictures import Picture, remade

LARGE_PX = 1600
SMALL_PX = 480


def find(session: Session, station_id: int) -> StationPhoto:
    """Return the photo of an open station, without the pictures themselves until they are asked for.

    Raises
    ------
    NotFoundError
        There is no such station, or it has no photo.
    """
    stations.find(session, station_id)
    photo = session.get(StationPhoto, station_id)
    if photo is None:
        raise NotFoundError(f"站点 {station_id} 没有照片。 Station {station_id} has no photo.")
    return photo


def made(file: BinaryIO) -> list[Picture]:
    """Return a photo to be put, large and small, without its metadata; raises what `remade` does.

    It may wait for others: not within a transaction, which would keep a connection and its locks so long.
    """
    return remade(file, (LARGE_PX, SMALL_PX))


def put(session: Session, scope: Scope, station_id: int, pictures: Sequence[Picture]) -> StationPhoto:
    """Give a station this photo, as `made` returned it, instead of the one it had.

    Raises
    ------
    NotFoundError
        There is no such station in the scope.
    """
    station = stations.find(session, station_id, scope, to_change=True)
    large, small = pictures
    photo = session.get(StationPhoto, station_id)
    before = photo.digest if photo else None
    if photo is None:
        photo = StationPhoto(station_id=station_id)
        session.add(photo)
    photo.digest = hashlib.sha256(large.jpeg).hexdigest()[:32]
    photo.width_px, photo.height_px = large.width_px, large.height_px
    photo.large, photo.small = large.jpeg, small.jpeg
    session.flush()
    after = {"photo": photo.digest, "width_px": photo.width_px, "height_px": photo.height_px}
    _note(session, station, before, after)
    return photo


def remove(session: Session, scope: Scope, station_id: int) -> None:
    """Take a station's photo away; raises NotFoundError where it has none."""
    station = stations.find(session, station_id, scope, to_change=True)
    photo = find(session, station_id)
    session.delete(photo)
    session.flush()
    _note(session, station, photo.digest, {"photo": None})


def _note(session: Session, station: Station, before: str | None, after: Mapping[str, Any]) -> None:
    path = station.division_path
    audit.note(
        session, "station.photo", "station", station.code, division_path=path, before={"photo": before}, after=after
    )
