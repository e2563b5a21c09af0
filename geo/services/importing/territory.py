"""Find the division that a row belongs to, make one where asked, and choose the layer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session, load_only

from geo.errors import RefusedImportError
from geo.models import Division, Layer
from geo.queries.known_places import read_borders, read_extent_of_borders, read_known_lines
from geo.services.importing.crs_guess import Known
from geo.services.importing.nesting import Place, level_of_code, official_code


@dataclass(slots=True)
class Divisions:
    """The division tree by code, loaded once an import."""

    by_code: dict[str, Division]
    by_id: dict[int, Division] = field(init=False)

    def __post_init__(self) -> None:
        self.by_id = {d.id: d for d in self.by_code.values()}

    @classmethod
    def load(cls, session: Session) -> "Divisions":
        """Read the tree without its geometries."""
        wanted = (Division.id, Division.code, Division.name, Division.level, Division.parent_id, Division.path)
        rows = session.scalars(select(Division).options(load_only(*wanted)))
        return cls({d.code: d for d in rows})

    def of_code(self, code: str | None) -> Division | None:
        """Give the division with a code, or that a longer official code begins with."""
        if code is None:
            return None
        code = official_code(code)
        if code in self.by_code:
            return self.by_code[code]
        heads = (code[:length] for length in (12, 9, 6, 4) if len(code) > length)
        return next((self.by_code[head] for head in heads if head in self.by_code), None)

    def places(self) -> dict[str, Place]:
        """Give level and parent's code of every division, by code."""
        codes = {d.id: d.code for d in self.by_code.values()}
        return {d.code: Place(d.level, codes[d.parent_id] if d.parent_id else None) for d in self.by_code.values()}

    def city_of(self, division: Division) -> Division:
        """Give the root of a division's tree."""
        return self.by_id[int(division.path.split(".")[0])]

    def common_ancestor(self, divisions: Sequence[Division]) -> Division:
        """Give the lowest division that holds them all; they must be of one city."""
        paths = [d.path.split(".") for d in divisions]
        shared = [ids[0] for ids in zip(*paths, strict=False) if len(set(ids)) == 1]
        if not shared:
            names = "、".join(sorted({self.city_of(d).name for d in divisions}))
            raise RefusedImportError(f"文件里的网格属于不同城市: {names}；请分城市导入。 Import one city at a time.")
        return self.by_id[int(shared[-1])]


def named_division(session: Session, divisions: Divisions, code: str | None, create: str | None) -> Division | None:
    """Give the division that the user named, made on the fly where ``create`` gives it a name; None if none was named.

    Raises
    ------
    RefusedImportError
        If it doesn't exist and isn't to be made.
    """
    if code is None and create is None:
        return None
    code = official_code(code or create or "")
    found = divisions.by_code.get(code)
    if found is not None:
        return found
    if create is None:
        raise RefusedImportError(
            f"没有编码为 {code} 的区划；加 --create-division 名称 可当场新建。 No division {code}; make it on the fly."
        )
    above = divisions.of_code(code)
    # Alone it is the root of a tree, whatever its code: the divisions above it may be imported later.
    level = (level_of_code(code) or "city") if above else "city"
    made = add_division(session, divisions, code=code, name=create, level=level, above=above)
    session.flush()
    return made


def add_division(
    session: Session, divisions: Divisions, *, code: str, name: str, level: str, above: Division | None
) -> Division:
    """Add a division under another one, or as the root of a tree."""
    made = Division(
        id=session.scalar(text("select nextval(pg_get_serial_sequence('division', 'id'))")),
        code=code,
        name=name,
        level=level,
        parent_id=above.id if above else None,
        source="import",
    )
    made.path = f"{above.path}.{made.id}" if above else str(made.id)
    session.add(made)
    divisions.by_code[code] = divisions.by_id[made.id] = made
    return made


def find_layer(session: Session, city: Division, name: str | None) -> Layer:
    """Give a city's layer by code or name, made where there is none; without a name the primary one.

    The first layer of a city is its primary one: reports are placed in it.
    """
    layers = session.scalars(select(Layer).where(Layer.city_id == city.id)).all()
    if name is None and layers:
        return next((layer for layer in layers if layer.is_primary), layers[0])
    found = next((layer for layer in layers if name in (layer.code, layer.name)), None)
    if found is not None:
        return found
    made = Layer(
        city_id=city.id, code=name or "party", name=name or "党建", is_primary=not layers, source="import", revision=0
    )
    session.add(made)
    session.flush()
    return made


def what_is_known(session: Session, coords: NDArray[np.float64], division: Division | None) -> Known:
    """Gather what the map holds near coordinates that are or claim to be degrees."""
    finite = coords[np.isfinite(coords).all(axis=1)]
    territory = None
    if division is not None:
        territory = read_borders(session, [division.id]).get(division.id)
    elif len(boxes := read_extent_of_borders(session)):
        territory = shapely.box(*shapely.total_bounds(boxes))
    if not len(finite) or np.abs(finite).max() > 180:
        return Known((), territory)
    (west, south), (east, north) = finite.min(axis=0).tolist(), finite.max(axis=0).tolist()
    return Known(read_known_lines(session, (west, south, east, north)), territory)
