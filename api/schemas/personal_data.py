"""What those who work on an issue may know of people."""

from pydantic import BaseModel


class ReporterOut(BaseModel):
    """Who sent the report, and the raw fix as the phone gave it."""

    name: str | None
    contact: str | None
    raw_lon: float
    raw_lat: float
    raw_crs: str


class Contact(BaseModel):
    """Someone responsible, with the number to call."""

    kind: str
    name: str
    phone: str | None
    scope: str | None


class PersonalData(BaseModel):
    """Personal data of one issue; no reporter where it was erased."""

    issue_id: int
    description: str
    reporter: ReporterOut | None
    people: list[Contact]
