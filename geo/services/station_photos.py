"""The photo of a station: put, told, taken away."""

import hashlib

from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.models import StationPhoto
from geo.services import audit, stations
from geo.services.access import Scope
from geo.services.pictures import remade

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


def put(session: Session, scope: Scope, station_id: int, file: bytes) -> StationPhoto:
    """Give a station this photo, made anew and without its metadata, instead of the one it had.

    Raises
    ------
    NotFoundError
        There is no such station in the scope.
    UnusablePictureError
        The file is no usable picture.
    """
    station = stations.find(session, station_id, scope, to_change=True)
    large, small = remade(file, (LARGE_PX, SMALL_PX))
    photo = session.get(StationPhoto, station_id)
    before = photo.digest if photo else None
    if photo is None:
        photo = StationPhoto(station_id=station_id)
        session.add(photo)
    photo.digest = hashlib.sha256(large.jpeg).hexdigest()[:32]
    photo.width_px, photo.height_px = large.width_px, large.height_px
    photo.large, photo.small = large.jpeg, small.jpeg
    session.flush()
    audit.note(
        session,
        "station.photo",
        "station",
        station.code,
        division_path=station.division_path,
        before={"photo": before},
        after={"photo": photo.digest, "width_px": photo.width_px, "height_px": photo.height_px},
    )
    return photo


def remove(session: Session, scope: Scope, station_id: int) -> None:
    """Take a station's photo away; raises NotFoundError where it has none."""
    station = stations.find(session, station_id, scope, to_change=True)
    photo = find(session, station_id)
    session.delete(photo)
    session.flush()
    audit.note(
        session,
        "station.photo",
        "station",
        station.code,
        division_path=station.division_path,
        before={"photo": photo.digest},
        after={"photo": None},
    )
