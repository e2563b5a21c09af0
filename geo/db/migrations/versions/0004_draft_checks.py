"""Locks, what each revision of a draft changed, waivers of findings, limits of the checks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("check_limits", "finding_waiver", "draft_change")


def upgrade() -> None:
    """Apply."""
    op.add_column("draft_unit", sa.Column("is_locked", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "draft_change",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("keys", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("how in ('apply', 'undo', 'redo')", name=op.f("ck_draft_change_how")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_draft_change_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_draft_change_account_id_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("edition_id", "revision", name=op.f("pk_draft_change")),
    )
    op.create_table(
        "finding_waiver",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["layer_id"], ["layer.id"], name=op.f("fk_finding_waiver_layer_id_layer"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_finding_waiver_account_id_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_waiver")),
        sa.UniqueConstraint("layer_id", "key", name=op.f("uq_finding_waiver_layer_id_key")),
    )
    op.create_table(
        "check_limits",
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("households_min", sa.Integer(), nullable=False),
        sa.Column("households_max", sa.Integer(), nullable=False),
        sa.Column("compactness_min", sa.Float(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("households_min between 0 and households_max", name=op.f("ck_check_limits_households")),
        sa.CheckConstraint("compactness_min between 0 and 1", name=op.f("ck_check_limits_compactness")),
        sa.ForeignKeyConstraint(
            ["layer_id"], ["layer.id"], name=op.f("fk_check_limits_layer_id_layer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("layer_id", name=op.f("pk_check_limits")),
    )
    op.execute(f"grant select, insert, update, delete on {', '.join(TABLES)} to wangge_app")
    op.execute("grant usage, select on sequence finding_waiver_id_seq to wangge_app")


def downgrade() -> None:
    """Take back."""
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("draft_unit", "is_locked")
