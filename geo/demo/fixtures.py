"""Read the small real tables in ``fixtures/``: official division codes and the census."""

import csv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "guangxi"

PARENT_DIGITS = {12: 9, 9: 6, 6: 4}


@dataclass(frozen=True)
class DivisionRow:
    """One official division; ``level`` is city, district, street or community."""

    code: str
    name: str
    level: str

    @property
    def parent_code(self) -> str | None:
        """Return the code of the division above, or None for a city."""
        digits = PARENT_DIGITS.get(len(self.code))
        return self.code[:digits] if digits else None


@dataclass(frozen=True)
class CensusRow:
    """One district's people and mean household size in the census of 2020."""

    people: int
    mean_household_size: float


def read_divisions(city_code: str, folder: Path = FOLDER) -> list[DivisionRow]:
    """Return the divisions whose code starts with ``city_code``, parents before children, in code order."""
    with (folder / "divisions.csv").open(encoding="utf-8", newline="") as file:
        rows = [DivisionRow(**row) for row in csv.DictReader(file) if row["code"].startswith(city_code)]
    return sorted(rows, key=lambda row: (len(row.code), row.code))


def read_census(folder: Path = FOLDER) -> dict[str, CensusRow]:
    """Return the census row of each district, keyed by its code of six digits."""
    with (folder / "census2020.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["district_code"]: CensusRow(int(row["people"]), float(row["mean_household_size"]))
            for row in csv.DictReader(file)
        }
