"""Notes, reviewers, remarks and set times of drafts; what an edition returns to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("edition", sa.Column("note", sa.Text(), nullable=True))
    for column in ("author_id", "returns_to_id", "publish_by_id"):
        referred = "edition" if column == "returns_to_id" else "account"
        op.add_column("edition", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_edition_{column}_{referred}"), "edition", referred, [column], ["id"])
    op.add_column("edition", sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("edition", sa.Column("publish_refusal", sa.Text(), nullable=True))
    op.create_check_constraint("publish_at", "edition", "publish_at is null or status = 'draft'")
    op.create_index(
        "ix_edition_publish_at", "edition", ["publish_at"], postgresql_where=sa.text("publish_at is not null")
    )
    op.create_table(
        "draft_reviewer",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_draft_reviewer_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_draft_reviewer_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "account_id", name=op.f("pk_draft_reviewer")),
    )
    op.create_index(op.f("ix_draft_reviewer_account_id"), "draft_reviewer", ["account_id"])
    op.create_table(
        "draft_remark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_draft_remark_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_draft_remark_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_remark")),
    )
    op.create_index(op.f("ix_draft_remark_edition_id"), "draft_remark", ["edition_id"])
    op.execute("grant select, insert, update, delete on draft_reviewer, draft_remark to wangge_app")
    op.execute("grant usage, select on sequence draft_remark_id_seq to wangge_app")


def downgrade() -> None:
    """Take back."""
    op.drop_table("draft_remark")
    op.drop_table("draft_reviewer")
    op.drop_index("ix_edition_publish_at", table_name="edition")
    op.drop_constraint("publish_at", "edition", type_="check")
    for column in ("publish_refusal", "publish_at", "publish_by_id", "returns_to_id", "author_id", "note"):
        op.drop_column("edition", column)
