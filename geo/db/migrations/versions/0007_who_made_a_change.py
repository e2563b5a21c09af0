"""Changes and waivers name who made them as the audit log does, API keys and the console included."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table in ("draft_change", "finding_waiver"):
        op.add_column(table, sa.Column("made_by", sa.Text(), nullable=True))
        op.execute(f"update {table} t set made_by = a.username from account a where a.id = t.account_id")
        op.drop_constraint(f"fk_{table}_account_id_account", table, type_="foreignkey")
        op.drop_column(table, "account_id")


def downgrade() -> None:
    """Take back."""
    for table in ("draft_change", "finding_waiver"):
        op.add_column(table, sa.Column("account_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            f"fk_{table}_account_id_account", table, "account", ["account_id"], ["id"], ondelete="SET NULL"
        )
        op.drop_column(table, "made_by")
