"""Tables, one module per aggregate. Importing this package registers them all."""

from geo.models.base import Base
from geo.models.basemap import Plot, Street, Water
from geo.models.compound import Building, Compound
from geo.models.division import Division
from geo.models.edition import DraftOperation, DraftUnit, Edition, GridLineage
from geo.models.grid import Grid, GridVersion
from geo.models.import_run import ImportRun
from geo.models.issue import Issue, IssueEvent, Placement
from geo.models.layer import Layer
from geo.models.party import Branch, ResponsibleBranch
from geo.models.post import Person, Post
from geo.models.report import Report, Reporter, ReportMedia
from geo.models.station import Station
from geo.models.tiles import DrawnOutline, TileSet

__all__ = [
    "Base",
    "Branch",
    "Building",
    "Compound",
    "Division",
    "DraftOperation",
    "DraftUnit",
    "DrawnOutline",
    "Edition",
    "Grid",
    "GridLineage",
    "GridVersion",
    "ImportRun",
    "Issue",
    "IssueEvent",
    "Layer",
    "Person",
    "Placement",
    "Plot",
    "Post",
    "Report",
    "ReportMedia",
    "Reporter",
    "ResponsibleBranch",
    "Station",
    "Street",
    "TileSet",
    "Water",
]
