"""Row-level security on accounts, keys, the audit log and imports; no row leaves its maker's reach.

Revision ID: 0008
Revises: 0007
"""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent.parent
NEW = ("account", "account_grant", "refresh_token", "sign_in_failure", "api_key", "import_run", "audit_entry")


def upgrade() -> None:
    """Apply."""
    op.execute((HERE / "second_wall.sql").read_text())


def downgrade() -> None:
    """Take back."""
    op.execute(
        """
        do $$
        declare
            wall record;
        begin
            for wall in select policyname as name, tablename as "table" from pg_policies where schemaname = 'public'
            loop execute format('drop policy %I on %I', wall.name, wall."table"); end loop;
        end
        $$
        """
    )
    for table in NEW:
        op.execute(f"alter table {table} disable row level security")
    op.execute("drop view colleague")
    op.execute("drop function in_division(bigint)")
    op.execute("drop function said(text)")
    op.execute("grant update, delete on account, api_key, account_grant to wangge_app")
    _restore_first_policies()


def _restore_first_policies() -> None:
    first = (HERE / "row_security.sql").read_text()
    for statement in first[first.index("create policy") :].split(";"):
        if statement.strip():
            op.execute(statement)
