"""Photos of stations: seen by everybody, put and taken away by whoever may edit the station.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OURS = "in_scope((select s.division_path from station s where s.id = station_id))"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "station_photo",
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("large", sa.LargeBinary(), nullable=False),
        sa.Column("small", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name=op.f("fk_station_photo_station_id_station"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_station_photo")),
    )
    # Already compressed: pages of it needn't be tried again.
    for column in ("large", "small"):
        op.execute(f"alter table station_photo alter column {column} set storage external")
    op.execute("grant select, insert, update, delete on station_photo to wangge_app")
    op.execute("alter table station_photo enable row level security")
    op.execute("create policy seen on station_photo for select to wangge_app using (true)")
    op.execute(f"create policy added on station_photo for insert to wangge_app with check ({OURS})")
    op.execute(f"create policy changed on station_photo for update to wangge_app using ({OURS}) with check ({OURS})")
    op.execute(f"create policy removed on station_photo for delete to wangge_app using ({OURS})")


def downgrade() -> None:
    """Take back."""
    op.drop_table("station_photo")
