"""A draft of thousands of units is counted when it is opened, so that steps find its units by the right index.

To a planner that doesn't know of the draft yet every index on its number is as good as any: each look-up of a few
units by their keys read all of it. Only a table's owner may analyze it; the application may call this.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute(
        """
        create function analyze_draft_units() returns void language plpgsql security definer set search_path = public, pg_temp
        as $$
        begin
            -- Its lock is held to the end of the transaction, which a rebase makes long: nobody waits for it.
            analyze (skip_locked) draft_unit (edition_id, key, code, is_leaf, parent_key, is_frozen, division_id, base_version_id);
        end
        $$;
        revoke execute on function analyze_draft_units() from public;
        grant execute on function analyze_draft_units() to wangge_app
        """
    )


def downgrade() -> None:
    """Take back."""
    op.execute("drop function analyze_draft_units()")
