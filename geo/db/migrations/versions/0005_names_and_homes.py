"""Give each account a home division, each audit entry a name, each draft step its maker.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The one granted division that all other grants lie below; where there is none, only who administers everything manages.
HOMES = """
    update account a set division_id = top.id
    from account_grant g join division top on top.id = g.division_id
    where g.account_id = a.id and not exists (
        select from account_grant other left join division d on d.id = other.division_id
        where other.account_id = a.id and (d.path <@ top.path) is not true
    )
"""
NAMES = """
    update audit_entry e set who = coalesce(
        (select username from account where id = e.account_id),
        (select 'key:' || name from api_key where id = e.api_key_id),
        case when e.address = 'console' then 'console:unknown' end,
        case when e.action = 'personal_data.erase_due' then 'system' end
    )
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("account", sa.Column("division_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_account_division_id_division"), "account", "division", ["division_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(op.f("ix_account_division_id"), "account", ["division_id"])
    op.execute(HOMES)
    op.add_column("audit_entry", sa.Column("who", sa.Text(), nullable=True))
    op.create_index("ix_audit_entry_who", "audit_entry", ["who"])
    op.execute(NAMES)
    op.add_column("draft_operation", sa.Column("made_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("draft_operation", "made_by")
    op.drop_index("ix_audit_entry_who", table_name="audit_entry")
    op.drop_column("audit_entry", "who")
    op.drop_index(op.f("ix_account_division_id"), table_name="account")
    op.drop_column("account", "division_id")
