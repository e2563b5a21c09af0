"""Editions (版次): drafts with their units and operation log, and what was published from them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, BigId, CreatedAt, geometry


class EditionStatus(StrEnum):
    """States of an edition."""

    DRAFT = "draft"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class Edition(Base):
    """A set of borders of one layer in one division: a draft, then published at an instant."""

    __tablename__ = "edition"
    __table_args__ = (
        CheckConstraint("status in ('draft', 'published', 'discarded')", name="status"),
        CheckConstraint("(status = 'published') = (published_at is not null)", name="published_at"),
        CheckConstraint("publish_at is null or status = 'draft'", name="publish_at"),
        Index("ix_edition_layer_id", "layer_id", "division_id"),
        Index("ix_edition_publish_at", "publish_at", postgresql_where=text("publish_at is not null")),
    )

    id: Mapped[BigId]
    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id"))
    division_id: Mapped[int] = mapped_column(ForeignKey("division.id"))
    name: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="draft")
    base_revision: Mapped[int]
    """The layer's revision when the draft was opened."""
    draft_revision: Mapped[int] = mapped_column(server_default="0")
    """Raised by every operation on the draft; the ETag of ``If-Match``."""
    revision: Mapped[int | None]
    """The layer's revision that this edition made."""
    created_at: Mapped[CreatedAt]
    published_at: Mapped[datetime | None]
    source: Mapped[str]
    note: Mapped[str | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """Who opened the draft; null at the console, for an import and for other systems."""
    returns_to_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    """The edition whose borders this one brings back."""
    publish_at: Mapped[datetime | None]
    """When the draft is to be published; until then nobody changes it."""
    publish_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """Who decided so, and must still be allowed to then; null at the console."""
    publish_accept: Mapped[list[Any] | None]
    """The warnings that are accepted then: keys of findings, or rules."""
    publish_refusal: Mapped[str | None]
    """Why it wasn't published at the time it was to be."""


class DraftReviewer(Base):
    """Someone who may read one draft and remark on it, whatever divisions the account has."""

    __tablename__ = "draft_reviewer"

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, index=True)


class DraftRemark(Base):
    """What somebody said about a draft."""

    __tablename__ = "draft_remark"

    id: Mapped[BigId]
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    text: Mapped[str]
    at: Mapped[CreatedAt]


class DraftUnit(Base):
    """A leaf or a divided grid inside a draft, or a leaf beside its scope; nothing outside the draft ever sees it.

    Only leaves have a polygon: a divided grid is the union of its leaves, made when the draft is published.
    """

    __tablename__ = "draft_unit"
    __table_args__ = (
        UniqueConstraint("edition_id", "key"),
        Index("uq_draft_unit_code", "edition_id", "code", unique=True),
        CheckConstraint("level in ('grid', 'micro_grid')", name="level"),
        CheckConstraint("kind in ('residential', 'dedicated', 'rural')", name="kind"),
        CheckConstraint("is_leaf = (geom is not null)", name="leaf_has_geom"),
        CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name="geom_valid"),
        Index("ix_draft_unit_geom", "geom", postgresql_using="gist"),
        Index("ix_draft_unit_parent_key", "edition_id", "parent_key"),
    )

    id: Mapped[BigId]
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    key: Mapped[str]
    """Names the unit in operations: the code of a published one, ``<code>/rest`` of a remainder, ``new-<n>``."""
    code: Mapped[str | None]
    """Null for a remainder, and for a new unit until it is numbered."""
    level: Mapped[str]
    is_remainder: Mapped[bool] = mapped_column(server_default="false")
    is_leaf: Mapped[bool]
    parent_key: Mapped[str | None]
    """The grid of a micro-grid or a remainder."""
    is_frozen: Mapped[bool] = mapped_column(server_default="false")
    """Outside the scope: its border may get corners, but never moves."""
    is_locked: Mapped[bool] = mapped_column(server_default="false")
    """A planner has locked it in this draft: its border may get corners, nothing else of it changes."""
    division_id: Mapped[int] = mapped_column(ForeignKey("division.id"))
    name: Mapped[str]
    kind: Mapped[str]
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    geom: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    base_version_id: Mapped[int | None] = mapped_column(ForeignKey("grid_version.id"))
    """The published version that this unit was copied from; null for one made here."""
    households: Mapped[int | None]
    """Of the file that the draft was imported from, for the unit's border as it is; null: what is published holds."""
    people: Mapped[int | None]


class DraftOperation(Base):
    """One step of a draft with the units before and after it, so that it can be undone and redone bit for bit."""

    __tablename__ = "draft_operation"
    __table_args__ = (UniqueConstraint("edition_id", "number"),)

    id: Mapped[BigId]
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]]
    """Every unit that the step touched, by key, as it was; null where there was none."""
    after: Mapped[dict[str, Any]]
    is_undone: Mapped[bool] = mapped_column(server_default="false")
    made_by: Mapped[str | None]
    """Who made the step, as the audit log names them; null for steps made before names were kept."""
    created_at: Mapped[CreatedAt]


class DraftChange(Base):
    """What one revision of a draft changed, so that whoever saw an earlier one can catch up."""

    __tablename__ = "draft_change"
    __table_args__ = (CheckConstraint("how in ('apply', 'undo', 'redo', 'rebase')", name="how"),)

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """The operation's kind."""
    how: Mapped[str]
    keys: Mapped[list[Any]]
    """Every unit that is different since, by key."""
    made_by: Mapped[str | None]
    """Account, API key or user of the machine's console, as in the audit log."""
    created_at: Mapped[CreatedAt]


class FindingWaiver(Base):
    """Somebody's reason why a finding of the checks is no obstacle; holds for later drafts of the layer too."""

    __tablename__ = "finding_waiver"
    __table_args__ = (UniqueConstraint("layer_id", "key"),)

    id: Mapped[BigId]
    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id", ondelete="CASCADE"))
    key: Mapped[str]
    """Of the finding: the same as long as its rule and its grids are."""
    reason: Mapped[str]
    made_by: Mapped[str | None]
    """Account, API key or user of the machine's console, as in the audit log."""
    created_at: Mapped[CreatedAt]


class CheckLimits(Base):
    """What a layer's grids are checked against where local policy differs from the built-in limits."""

    __tablename__ = "check_limits"
    __table_args__ = (
        CheckConstraint("households_min between 0 and households_max", name="households"),
        CheckConstraint("compactness_min between 0 and 1", name="compactness"),
    )

    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id", ondelete="CASCADE"), primary_key=True)
    households_min: Mapped[int]
    households_max: Mapped[int]
    compactness_min: Mapped[float]
    source: Mapped[str]
    """The rule's source, such as a document's number."""


class GridLineage(Base):
    """Which closed version a new one came from, by shared area."""

    __tablename__ = "grid_lineage"

    ancestor_id: Mapped[int] = mapped_column(ForeignKey("grid_version.id"), primary_key=True)
    descendant_id: Mapped[int] = mapped_column(ForeignKey("grid_version.id"), primary_key=True, index=True)
    shared_area_m2: Mapped[float]
