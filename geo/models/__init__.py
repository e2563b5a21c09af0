"""Tables, one module per aggregate. Importing this package registers them all."""

from geo.models.account import Account, AccountGrant, ApiKey, RefreshToken, SignInFailure
from geo.models.audit import AuditEntry
from geo.models.base import Base
from geo.models.basemap import Plot, Street, Water
from geo.models.compound import Building, Compound
from geo.models.division import Division
from geo.models.edition import (
    CheckLimits,
    DraftChange,
    DraftOperation,
    DraftRemark,
    DraftReviewer,
    DraftUnit,
    Edition,
    FindingWaiver,
    GridLineage,
)
from geo.models.grid import Grid, GridVersion
from geo.models.import_run import ImportRun
from geo.models.issue import Issue, IssueEvent, Placement
from geo.models.layer import Layer
from geo.models.party import Branch, ResponsibleBranch
from geo.models.personal_data import PersonalField
from geo.models.post import Person, Post
from geo.models.report import Report, Reporter, ReportMedia
from geo.models.station import Station, StationPhoto
from geo.models.street_network import ServiceArea, StreetNetwork, WalkEdge
from geo.models.tiles import DrawnOutline, TileSet

__all__ = [
    "Account",
    "AccountGrant",
    "ApiKey",
    "AuditEntry",
    "Base",
    "Branch",
    "Building",
    "CheckLimits",
    "Compound",
    "Division",
    "DraftChange",
    "DraftOperation",
    "DraftRemark",
    "DraftReviewer",
    "DraftUnit",
    "DrawnOutline",
    "Edition",
    "FindingWaiver",
    "Grid",
    "GridLineage",
    "GridVersion",
    "ImportRun",
    "Issue",
    "IssueEvent",
    "Layer",
    "Person",
    "PersonalField",
    "Placement",
    "Plot",
    "Post",
    "RefreshToken",
    "Report",
    "ReportMedia",
    "Reporter",
    "ResponsibleBranch",
    "ServiceArea",
    "SignInFailure",
    "Station",
    "StationPhoto",
    "Street",
    "StreetNetwork",
    "TileSet",
    "WalkEdge",
    "Water",
]
