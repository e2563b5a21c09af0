"""What an import found, row by row, and what it did."""

from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["repaired", "refused", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth telling about a row, or with ``row`` null about the file."""

    verdict: Verdict
    reason: str
    """A stable word for programs: ``duplicate_code``, ``overlap``..."""
    message: str
    """A sentence for the clerk: what, where, the offending value, how to mend it."""
    row: int | None = None
    code: str | None = None
    area_m2: float | None = None
    lon: float | None = None
    lat: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the finding without its empty fields."""
        pairs = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: value for name, value in pairs if value is not None}


@dataclass(slots=True)
class ImportReport:
    """The account of one import; ``as_json`` is what ``--json`` prints and the upload's job keeps."""

    kind: str
    filename: str
    crs: str | None = None
    crs_note: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    loaded: bool = False
    is_sound: bool = False
    """Whether what isn't refused could be loaded: it was, unless this is a dry run."""
    dry_run: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    """new, changed, unchanged, closed; for reports the placement methods."""
    details: dict[str, Any] = field(default_factory=dict)
    """layer, division, edition, revision where there are any."""
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, verdict: Verdict, reason: str, message: str, **where: Any) -> None:
        """Note a finding."""
        self.findings.append(Finding(verdict, reason, message, **where))

    def of(self, verdict: Verdict) -> list[Finding]:
        """List the findings of one verdict."""
        return [f for f in self.findings if f.verdict == verdict]

    @property
    def refused_rows(self) -> set[int]:
        """The rows that can't be loaded."""
        return {f.row for f in self.findings if f.verdict == "refused" and f.row is not None}

    @property
    def file_refused(self) -> bool:
        """Whether something is wrong with the whole file, which ``--skip-bad`` can't skip."""
        return any(f.verdict == "refused" and f.row is None for f in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Give the report as plain values."""
        repaired = {f.row for f in self.of("repaired")} - self.refused_rows
        return {
            "kind": self.kind,
            "file": self.filename,
            "loaded": self.loaded,
            "sound": self.is_sound,
            "dry_run": self.dry_run,
            "crs": self.crs,
            "crs_note": self.crs_note,
            "columns": self.columns,
            "rows": self.rows,
            "accepted": 0 if self.file_refused else self.rows - len(self.refused_rows) - len(repaired),
            "repaired": [f.as_json() for f in self.of("repaired")],
            "refused": [f.as_json() for f in self.of("refused")],
            "warnings": [f.as_json() for f in self.of("warning")],
            "counts": self.counts,
            **self.details,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
        }
