"""Identities of grids stay: the application may neither rename nor delete one, nor delete a version.

A code is used once for ever, and the unique constraint can hold that only while the row is there.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("revoke update, delete on grid from wangge_app")
    op.execute("revoke delete on grid_version from wangge_app")


def downgrade() -> None:
    """Take back."""
    op.execute("grant update, delete on grid to wangge_app")
    op.execute("grant delete on grid_version to wangge_app")
