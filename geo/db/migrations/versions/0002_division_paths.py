"""Copies of a division's path follow it.

Revision ID: 0002
Revises: 0001
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HERE = Path(__file__).parents[1]


def upgrade() -> None:
    """Add the trigger."""
    op.execute((HERE / "division_paths.sql").read_text())


def downgrade() -> None:
    """Drop it."""
    op.execute("drop trigger follow_division_paths on division")
    op.execute("drop function follow_division_paths()")
