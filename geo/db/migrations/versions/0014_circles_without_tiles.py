"""Circles without a copy for tiles: the map draws them from GeoJSON, and nothing cut tiles from them.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("alter table service_area drop column tile_geom")


def downgrade() -> None:
    """Take back."""
    op.execute(
        "alter table service_area add column tile_geom geometry(multipolygon, 3857) not null"
        " generated always as (ST_Transform(geom, 3857)) stored"
    )
    op.execute("create index ix_service_area_tile_geom on service_area using gist (tile_geom)")
