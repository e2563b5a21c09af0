"""Units of a draft keep the households and people of the file that they were imported from."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("draft_unit", sa.Column("households", sa.Integer(), nullable=True))
    op.add_column("draft_unit", sa.Column("people", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("draft_unit", "people")
    op.drop_column("draft_unit", "households")
