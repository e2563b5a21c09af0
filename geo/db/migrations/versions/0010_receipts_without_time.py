"""Receipts without a time of their own: nothing read it, and the event that goes with each has it.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("alter table placement drop column placed_at")


def downgrade() -> None:
    """Take back; receipts of before have the time of their issue's last event."""
    op.execute("alter table placement add column placed_at timestamptz not null default now()")
    op.execute(
        "update placement p set placed_at = e.at"
        " from (select issue_id, max(at) as at from issue_event group by issue_id) e where e.issue_id = p.issue_id"
    )
