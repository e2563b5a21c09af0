"""A rebase is a change of a draft, too; what is published at a set time has accepted warnings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("edition", sa.Column("publish_accept", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.drop_constraint(op.f("ck_draft_change_how"), "draft_change", type_="check")
    op.create_check_constraint(
        op.f("ck_draft_change_how"), "draft_change", "how in ('apply', 'undo', 'redo', 'rebase')"
    )


def downgrade() -> None:
    """Take back."""
    op.execute("delete from draft_change where how = 'rebase'")
    op.drop_constraint(op.f("ck_draft_change_how"), "draft_change", type_="check")
    op.create_check_constraint(op.f("ck_draft_change_how"), "draft_change", "how in ('apply', 'undo', 'redo')")
    op.drop_column("edition", "publish_accept")
