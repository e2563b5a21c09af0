"""Keep circles of several speeds of a station beside each other: adults' and those of the elderly.

Circles are computed again by themselves; on the way back those of the fastest walkers stay.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_constraint("pk_service_area", "service_area")
    op.create_primary_key("pk_service_area", "service_area", ["station_id", "speed_kmh", "minutes"])


def downgrade() -> None:
    """Take back."""
    op.execute(
        "delete from service_area a using service_area b"
        " where a.station_id = b.station_id and a.minutes = b.minutes and a.speed_kmh < b.speed_kmh"
    )
    op.drop_constraint("pk_service_area", "service_area")
    op.create_primary_key("pk_service_area", "service_area", ["station_id", "minutes"])
