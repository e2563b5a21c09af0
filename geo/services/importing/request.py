"""What a clerk asks for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

Progress = Callable[[str, int, int | None], None]
"""Called with the phase, how much is done and of how much (None: unknown)."""


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
