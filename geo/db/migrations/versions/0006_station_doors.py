"""Give stations several doors, services and an end; count their changes.

A trigger raises a revision with every change of a station, as for the base map: coverage that was computed before it is
never taken for today's.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table in ("station", "service_area"):
        op.add_column(table, sa.Column("doors", Geometry("MULTIPOINT", srid=4326, spatial_index=False)))
    op.add_column("station", sa.Column("services", sa.Text()))
    op.add_column("station", sa.Column("retired_at", sa.DateTime(timezone=True)))
    op.execute("insert into tile_set (name) values ('stations')")
    op.execute(
        """
        create function raise_stations() returns trigger language plpgsql security definer set search_path = public
        as $$
        begin
            update tile_set set revision = revision + 1 where name = 'stations';
            return null;
        end
        $$
        """
    )
    op.execute(
        "create trigger stations_revision after insert or update or delete or truncate on station"
        " for each statement execute function raise_stations()"
    )


def downgrade() -> None:
    """Take back."""
    op.execute("drop trigger stations_revision on station")
    op.execute("drop function raise_stations()")
    op.execute("delete from tile_set where name = 'stations'")
    op.drop_column("station", "retired_at")
    op.drop_column("station", "services")
    for table in ("service_area", "station"):
        op.drop_column(table, "doors")
