"""Create the schema, the application role and the job queue's tables."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

from geo.models.base import Ltree

HERE = Path(__file__).parent.parent

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for extension in ("postgis", "btree_gist", "ltree"):
        op.execute(f"create extension if not exists {extension}")
    op.execute(
        # Looked for first: an owner who may not make roles is refused before it turns out that there is one.
        "do $$ begin if to_regrole('wangge_app') is null then create role wangge_app nologin; end if;"
        " exception when duplicate_object or unique_violation then null; end $$"
    )
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("token_epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_geospatial_table(
        "division",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("path", Ltree(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "tile_geom_low",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "label_point",
            Geometry(
                geometry_type="POINT",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            sa.Computed("ST_PointOnSurface(ST_Transform(geom, 3857))", persisted=True),
            nullable=True,
        ),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("mean_household_size", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("level in ('city', 'district', 'street', 'community')", name=op.f("ck_division_level")),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_division_geom_valid")),
        sa.ForeignKeyConstraint(["parent_id"], ["division.id"], name=op.f("fk_division_parent_id_division")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_division")),
        sa.UniqueConstraint("code", name=op.f("uq_division_code")),
    )
    op.create_geospatial_index(
        "ix_division_geom", "division", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_division_parent_id"), "division", ["parent_id"], unique=False)
    op.create_index("ix_division_path", "division", ["path"], unique=False, postgresql_using="gist")
    op.create_geospatial_index(
        "ix_division_tile_geom", "division", ["tile_geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('waiting', 'running', 'loaded', 'refused', 'failed')", name=op.f("ck_import_run_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("code", name=op.f("uq_person_code")),
    )
    op.create_table(
        "personal_field",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("keep_days > 0", name=op.f("ck_personal_field_keep_days")),
        sa.PrimaryKeyConstraint("table_name", "field", name=op.f("pk_personal_field")),
    )
    op.create_geospatial_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("external_code", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("external_code", name=op.f("uq_report_external_code")),
    )
    op.create_index("ix_report_received_at", "report", ["received_at"], unique=False)
    op.create_table(
        "sign_in_failure",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("username", "address", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_last_at", "sign_in_failure", ["last_at"], unique=False)
    op.create_geospatial_table(
        "street",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_bridge", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('motorway', 'arterial', 'street', 'lane', 'path', 'rail')", name=op.f("ck_street_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street")),
    )
    op.create_geospatial_index(
        "ix_street_geom", "street", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "tile_set",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tile_set")),
    )
    op.create_geospatial_table(
        "water",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_water_geom_valid")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_water")),
    )
    op.create_geospatial_index(
        "ix_water_geom", "water", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "account_grant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("division_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "role in ('planner', 'dispatcher', 'grid_worker', 'manager', 'admin')", name=op.f("ck_account_grant_role")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_grant_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["division_id"], ["division.id"], name=op.f("fk_account_grant_division_id_division"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_grant")),
        sa.UniqueConstraint(
            "account_id",
            "role",
            "division_id",
            name=op.f("uq_account_grant_account_id_role_division_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_account_grant_division_id"), "account_grant", ["division_id"], unique=False)
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("division_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role in ('planner', 'dispatcher', 'grid_worker', 'manager', 'admin')", name=op.f("ck_api_key_role")
        ),
        sa.ForeignKeyConstraint(
            ["division_id"], ["division.id"], name=op.f("fk_api_key_division_id_division"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.create_index(op.f("ix_api_key_division_id"), "api_key", ["division_id"], unique=False)
    op.create_table(
        "branch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("path", Ltree(), nullable=False),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('street_committee', 'community', 'grid_branch', 'party_group', 'member_household', 'organisation')",
            name=op.f("ck_branch_kind"),
        ),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_branch_division_id_division")),
        sa.ForeignKeyConstraint(["parent_id"], ["branch.id"], name=op.f("fk_branch_parent_id_branch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("code", name=op.f("uq_branch_code")),
    )
    op.create_index(op.f("ix_branch_division_id"), "branch", ["division_id"], unique=False)
    op.create_index(op.f("ix_branch_parent_id"), "branch", ["parent_id"], unique=False)
    op.create_index("ix_branch_path", "branch", ["path"], unique=False, postgresql_using="gist")
    op.create_geospatial_table(
        "compound",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("property_manager", sa.Text(), nullable=True),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("kind in ('commercial', 'work_unit', 'unmanaged')", name=op.f("ck_compound_kind")),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_compound_geom_valid")),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_compound_division_id_division")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compound")),
        sa.UniqueConstraint("code", name=op.f("uq_compound_code")),
    )
    op.create_index(op.f("ix_compound_division_id"), "compound", ["division_id"], unique=False)
    op.create_geospatial_index(
        "ix_compound_geom", "compound", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "layer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("code_pattern", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["division.id"], name=op.f("fk_layer_city_id_division")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layer")),
        sa.UniqueConstraint("city_id", "code", name=op.f("uq_layer_city_id_code")),
    )
    op.create_index("uq_layer_primary", "layer", ["city_id"], unique=True, postgresql_where=sa.text("is_primary"))
    op.create_geospatial_table(
        "plot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_plot_geom_valid")),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_plot_division_id_division")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plot")),
    )
    op.create_index(op.f("ix_plot_division_id"), "plot", ["division_id"], unique=False)
    op.create_geospatial_index(
        "ix_plot_geom", "plot", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("family", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_refresh_token_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_token_token_hash")),
    )
    op.create_index(op.f("ix_refresh_token_account_id"), "refresh_token", ["account_id"], unique=False)
    op.create_index(op.f("ix_refresh_token_family"), "refresh_token", ["family"], unique=False)
    op.create_table(
        "report_media",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_media_report_id_report"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_media")),
    )
    op.create_index(op.f("ix_report_media_report_id"), "report_media", ["report_id"], unique=False)
    op.create_table(
        "reporter",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("raw_lon", sa.Double(), nullable=False),
        sa.Column("raw_lat", sa.Double(), nullable=False),
        sa.Column("raw_crs", sa.Text(), nullable=False),
        sa.Column("accuracy_level", sa.Integer(), nullable=True),
        sa.CheckConstraint("accuracy_level in (68, 95)", name=op.f("ck_reporter_accuracy_level")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_reporter_report_id_report"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reporter")),
    )
    op.create_geospatial_table(
        "station",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column("division_path", Ltree(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("area_m2", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('service_centre', 'tourism_station', 'member_studio', 'alliance_station', 'property_station', 'terminal')",
            name=op.f("ck_station_kind"),
        ),
        sa.CheckConstraint(
            "level in ('city', 'district', 'street', 'community', 'compound')", name=op.f("ck_station_level")
        ),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_station_division_id_division")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("code", name=op.f("uq_station_code")),
    )
    op.create_index(op.f("ix_station_division_id"), "station", ["division_id"], unique=False)
    op.create_geospatial_index(
        "ix_station_geom", "station", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_table(
        "street_network",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.BigInteger(), nullable=True),
        sa.Column("is_current", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "extent",
            Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("edges", sa.Integer(), nullable=False),
        sa.Column("street_m", sa.Double(), nullable=False),
        sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id"], ["division.id"], name=op.f("fk_street_network_city_id_division"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_network")),
        sa.UniqueConstraint("code", "number", name=op.f("uq_street_network_code_number")),
    )
    op.create_index(op.f("ix_street_network_city_id"), "street_network", ["city_id"], unique=False)
    op.create_geospatial_index(
        "ix_street_network_extent",
        "street_network",
        ["extent"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("is_current"),
        postgresql_ops={},
    )
    op.create_index(
        "uq_street_network_current", "street_network", ["code"], unique=True, postgresql_where=sa.text("is_current")
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("api_key_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("division_path", Ltree(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_audit_entry_account_id_account")),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_key.id"], name=op.f("fk_audit_entry_api_key_id_api_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_account_id"), "audit_entry", ["account_id"], unique=False)
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"], unique=False)
    op.create_index(
        "ix_audit_entry_division_path", "audit_entry", ["division_path"], unique=False, postgresql_using="gist"
    )
    op.create_index("ix_audit_entry_object", "audit_entry", ["object_kind", "object_id"], unique=False)
    op.create_geospatial_table(
        "building",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("compound_id", sa.BigInteger(), nullable=True),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.Column("households", sa.Integer(), server_default="0", nullable=False),
        sa.Column("people", sa.Integer(), server_default="0", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_building_geom_valid")),
        sa.CheckConstraint("households >= 0 and people >= 0", name=op.f("ck_building_counts")),
        sa.ForeignKeyConstraint(["compound_id"], ["compound.id"], name=op.f("fk_building_compound_id_compound")),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_building_division_id_division")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
        sa.UniqueConstraint("code", name=op.f("uq_building_code")),
    )
    op.create_index(op.f("ix_building_compound_id"), "building", ["compound_id"], unique=False)
    op.create_index(op.f("ix_building_division_id"), "building", ["division_id"], unique=False)
    op.create_geospatial_index(
        "ix_building_geom", "building", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "ix_building_point", "building", ["point"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_table(
        "drawn_outline",
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "tile_geom_low",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "label_point",
            Geometry(
                geometry_type="POINT",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_PointOnSurface(tile_geom)", persisted=True),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["division_id"], ["division.id"], name=op.f("fk_drawn_outline_division_id_division"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["layer_id"], ["layer.id"], name=op.f("fk_drawn_outline_layer_id_layer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("layer_id", "division_id", name=op.f("pk_drawn_outline")),
    )
    op.create_index(op.f("ix_drawn_outline_division_id"), "drawn_outline", ["division_id"], unique=False)
    op.create_geospatial_index(
        "ix_drawn_outline_tile_geom",
        "drawn_outline",
        ["tile_geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "edition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("base_revision", sa.Integer(), nullable=False),
        sa.Column("draft_revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("(status = 'published') = (published_at is not null)", name=op.f("ck_edition_published_at")),
        sa.CheckConstraint("status in ('draft', 'published', 'discarded')", name=op.f("ck_edition_status")),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_edition_division_id_division")),
        sa.ForeignKeyConstraint(["layer_id"], ["layer.id"], name=op.f("fk_edition_layer_id_layer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
    )
    op.create_index("ix_edition_layer_id", "edition", ["layer_id", "division_id"], unique=False)
    op.create_table(
        "grid",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.CheckConstraint("level in ('grid', 'micro_grid')", name=op.f("ck_grid_level")),
        sa.ForeignKeyConstraint(["layer_id"], ["layer.id"], name=op.f("fk_grid_layer_id_layer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid")),
        sa.UniqueConstraint("layer_id", "code", name=op.f("uq_grid_layer_id_code")),
    )
    op.create_geospatial_table(
        "service_area",
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("speed_kmh", sa.Double(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "door",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("snap_m", sa.Double(), nullable=True),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("street_m", sa.Double(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("network_id", sa.BigInteger(), nullable=True),
        sa.Column("network_version", sa.Text(), nullable=True),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("method in ('network', 'buffer')", name=op.f("ck_service_area_method")),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_service_area_geom_valid")),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["street_network.id"],
            name=op.f("fk_service_area_network_id_street_network"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name=op.f("fk_service_area_station_id_station"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "minutes", name=op.f("pk_service_area")),
    )
    op.create_index(op.f("ix_service_area_network_id"), "service_area", ["network_id"], unique=False)
    op.create_geospatial_index(
        "ix_service_area_tile_geom",
        "service_area",
        ["tile_geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_table(
        "walk_edge",
        sa.Column("network_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_node", sa.BigInteger(), nullable=False),
        sa.Column("to_node", sa.BigInteger(), nullable=False),
        sa.Column("forward", sa.Boolean(), nullable=False),
        sa.Column("backward", sa.Boolean(), nullable=False),
        sa.Column("from_open", sa.Boolean(), nullable=False),
        sa.Column("to_open", sa.Boolean(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["street_network.id"],
            name=op.f("fk_walk_edge_network_id_street_network"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("network_id", "number", name=op.f("pk_walk_edge")),
    )
    op.create_table(
        "draft_operation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_undone", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_draft_operation_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_operation")),
        sa.UniqueConstraint("edition_id", "number", name=op.f("uq_draft_operation_edition_id_number")),
    )
    op.create_geospatial_table(
        "grid_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("is_remainder", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_leaf", sa.Boolean(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column("division_path", Ltree(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "tile_geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "tile_geom_low",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "label_point",
            Geometry(
                geometry_type="POINT",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_PointOnSurface(ST_Transform(geom, 3857))", persisted=True),
            nullable=False,
        ),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("households_source", sa.Text(), nullable=True),
        sa.Column(
            "attributes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("closed_edition_id", sa.BigInteger(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("grid_id"), "="),
            (sa.column("is_remainder"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_grid_version_overlap",
        ),
        sa.CheckConstraint("kind in ('residential', 'dedicated', 'rural')", name=op.f("ck_grid_version_kind")),
        sa.CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name=op.f("ck_grid_version_geom_valid")),
        sa.CheckConstraint("is_leaf or not is_remainder", name=op.f("ck_grid_version_remainder_is_leaf")),
        sa.CheckConstraint("not isempty(valid) and not lower_inf(valid)", name=op.f("ck_grid_version_valid_range")),
        sa.ForeignKeyConstraint(
            ["closed_edition_id"], ["edition.id"], name=op.f("fk_grid_version_closed_edition_id_edition")
        ),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_grid_version_division_id_division")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_grid_version_edition_id_edition")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_grid_version_grid_id_grid")),
        sa.ForeignKeyConstraint(["layer_id"], ["layer.id"], name=op.f("fk_grid_version_layer_id_layer")),
        sa.ForeignKeyConstraint(["parent_id"], ["grid.id"], name=op.f("fk_grid_version_parent_id_grid")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_version")),
    )
    op.create_index(op.f("ix_grid_version_closed_edition_id"), "grid_version", ["closed_edition_id"], unique=False)
    op.create_geospatial_index(
        "ix_grid_version_current_leaf",
        "grid_version",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("is_leaf and upper_inf(valid)"),
        postgresql_ops={},
    )
    op.create_index("ix_grid_version_division_id", "grid_version", ["division_id"], unique=False)
    op.create_index("ix_grid_version_edition_id", "grid_version", ["edition_id"], unique=False)
    op.create_geospatial_index(
        "ix_grid_version_leaf_geom",
        "grid_version",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("is_leaf and not upper_inf(valid)"),
        postgresql_ops={},
    )
    op.create_index("ix_grid_version_parent_id", "grid_version", ["parent_id"], unique=False)
    op.create_geospatial_index(
        "ix_grid_version_tile",
        "grid_version",
        ["tile_geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("upper_inf(valid)"),
        postgresql_ops={},
    )
    op.create_table(
        "post",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("division_id", sa.BigInteger(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('chief_grid_leader', 'section_leader', 'grid_leader', 'grid_worker', 'building_leader', 'entrance_leader')",
            name=op.f("ck_post_kind"),
        ),
        sa.CheckConstraint("not isempty(valid) and not lower_inf(valid)", name=op.f("ck_post_valid_range")),
        sa.CheckConstraint("num_nonnulls(grid_id, division_id) = 1", name=op.f("ck_post_one_territory")),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_post_division_id_division")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_post_grid_id_grid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_post_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    op.create_index(op.f("ix_post_division_id"), "post", ["division_id"], unique=False)
    op.create_index(op.f("ix_post_grid_id"), "post", ["grid_id"], unique=False)
    op.create_index(op.f("ix_post_person_id"), "post", ["person_id"], unique=False)
    op.create_table(
        "responsible_branch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("division_id", sa.BigInteger(), nullable=True),
        sa.Column("formation", sa.Text(), server_default="alone", nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("division_id"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_responsible_branch_division",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("grid_id"), "="), (sa.column("valid"), "&&"), using="gist", name="ex_responsible_branch_grid"
        ),
        sa.CheckConstraint(
            "formation in ('alone', 'joint', 'attached', 'sent')", name=op.f("ck_responsible_branch_formation")
        ),
        sa.CheckConstraint(
            "not isempty(valid) and not lower_inf(valid)", name=op.f("ck_responsible_branch_valid_range")
        ),
        sa.CheckConstraint("num_nonnulls(grid_id, division_id) = 1", name=op.f("ck_responsible_branch_one_territory")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_responsible_branch_branch_id_branch")),
        sa.ForeignKeyConstraint(
            ["division_id"], ["division.id"], name=op.f("fk_responsible_branch_division_id_division")
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_responsible_branch_grid_id_grid")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsible_branch")),
    )
    op.create_index(op.f("ix_responsible_branch_branch_id"), "responsible_branch", ["branch_id"], unique=False)
    op.create_geospatial_table(
        "draft_unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("is_remainder", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_leaf", sa.Boolean(), nullable=False),
        sa.Column("parent_key", sa.Text(), nullable=True),
        sa.Column("is_frozen", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("division_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "attributes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("base_version_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind in ('residential', 'dedicated', 'rural')", name=op.f("ck_draft_unit_kind")),
        sa.CheckConstraint("level in ('grid', 'micro_grid')", name=op.f("ck_draft_unit_level")),
        sa.CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name=op.f("ck_draft_unit_geom_valid")),
        sa.CheckConstraint("is_leaf = (geom is not null)", name=op.f("ck_draft_unit_leaf_has_geom")),
        sa.ForeignKeyConstraint(
            ["base_version_id"], ["grid_version.id"], name=op.f("fk_draft_unit_base_version_id_grid_version")
        ),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_draft_unit_division_id_division")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_draft_unit_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_unit")),
        sa.UniqueConstraint("edition_id", "key", name=op.f("uq_draft_unit_edition_id_key")),
    )
    op.create_geospatial_index(
        "ix_draft_unit_geom", "draft_unit", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_draft_unit_parent_key", "draft_unit", ["edition_id", "parent_key"], unique=False)
    op.create_index("uq_draft_unit_code", "draft_unit", ["edition_id", "code"], unique=True)
    op.create_table(
        "grid_lineage",
        sa.Column("ancestor_id", sa.BigInteger(), nullable=False),
        sa.Column("descendant_id", sa.BigInteger(), nullable=False),
        sa.Column("shared_area_m2", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ancestor_id"], ["grid_version.id"], name=op.f("fk_grid_lineage_ancestor_id_grid_version")
        ),
        sa.ForeignKeyConstraint(
            ["descendant_id"], ["grid_version.id"], name=op.f("fk_grid_lineage_descendant_id_grid_version")
        ),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", name=op.f("pk_grid_lineage")),
    )
    op.create_index(op.f("ix_grid_lineage_descendant_id"), "grid_lineage", ["descendant_id"], unique=False)
    op.create_geospatial_table(
        "issue",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("layer_id", sa.BigInteger(), nullable=True),
        sa.Column("leaf_version_id", sa.BigInteger(), nullable=True),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("micro_grid_id", sa.BigInteger(), nullable=True),
        sa.Column("division_id", sa.BigInteger(), nullable=True),
        sa.Column("division_path", Ltree(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'assigned', 'in_progress', 'solved', 'closed')", name=op.f("ck_issue_state")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_issue_branch_id_branch")),
        sa.ForeignKeyConstraint(["division_id"], ["division.id"], name=op.f("fk_issue_division_id_division")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_issue_grid_id_grid")),
        sa.ForeignKeyConstraint(["layer_id"], ["layer.id"], name=op.f("fk_issue_layer_id_layer")),
        sa.ForeignKeyConstraint(
            ["leaf_version_id"], ["grid_version.id"], name=op.f("fk_issue_leaf_version_id_grid_version")
        ),
        sa.ForeignKeyConstraint(["micro_grid_id"], ["grid.id"], name=op.f("fk_issue_micro_grid_id_grid")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_issue_report_id_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("report_id", name=op.f("uq_issue_report_id")),
    )
    op.create_index("ix_issue_division_path", "issue", ["division_path"], unique=False, postgresql_using="gist")
    op.create_geospatial_index(
        "ix_issue_geom", "issue", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(
        "ix_issue_open_leaf", "issue", ["leaf_version_id"], unique=False, postgresql_where=sa.text("state <> 'closed'")
    )
    op.create_index("ix_issue_opened_at", "issue", ["opened_at"], unique=False)
    op.create_table(
        "issue_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("issue_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("division_path", Ltree(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_event_issue_id_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_event")),
    )
    op.create_index(op.f("ix_issue_event_issue_id"), "issue_event", ["issue_id"], unique=False)
    op.create_index(
        "ix_issue_event_unstamped", "issue_event", ["id"], unique=False, postgresql_where=sa.text("seq is null")
    )
    op.create_index("uq_issue_event_seq", "issue_event", ["seq"], unique=True)
    op.create_table(
        "placement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("issue_id", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("edition_id", sa.BigInteger(), nullable=True),
        sa.Column("leaf_version_id", sa.BigInteger(), nullable=True),
        sa.Column("edge_distance_m", sa.Double(), nullable=True),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("method in ('covers', 'edge', 'snapped', 'outside')", name=op.f("ck_placement_method")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_placement_edition_id_edition")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_placement_issue_id_issue")),
        sa.ForeignKeyConstraint(
            ["leaf_version_id"], ["grid_version.id"], name=op.f("fk_placement_leaf_version_id_grid_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
    )
    op.create_index(op.f("ix_placement_issue_id"), "placement", ["issue_id"], unique=False)
    for script in ("tile_set", "personal_fields", "access", "row_security"):
        op.execute((HERE / f"{script}.sql").read_text())


def downgrade() -> None:
    """Take back."""
    op.execute((HERE / "drop_row_security.sql").read_text())
    op.drop_index(op.f("ix_placement_issue_id"), table_name="placement")
    op.drop_table("placement")
    op.drop_index("uq_issue_event_seq", table_name="issue_event")
    op.drop_index("ix_issue_event_unstamped", table_name="issue_event", postgresql_where=sa.text("seq is null"))
    op.drop_index(op.f("ix_issue_event_issue_id"), table_name="issue_event")
    op.drop_table("issue_event")
    op.drop_index("ix_issue_opened_at", table_name="issue")
    op.drop_index("ix_issue_open_leaf", table_name="issue", postgresql_where=sa.text("state <> 'closed'"))
    op.drop_geospatial_index("ix_issue_geom", table_name="issue", postgresql_using="gist", column_name="geom")
    op.drop_index("ix_issue_division_path", table_name="issue", postgresql_using="gist")
    op.drop_geospatial_table("issue")
    op.drop_index(op.f("ix_grid_lineage_descendant_id"), table_name="grid_lineage")
    op.drop_table("grid_lineage")
    op.drop_index("uq_draft_unit_code", table_name="draft_unit")
    op.drop_index("ix_draft_unit_parent_key", table_name="draft_unit")
    op.drop_geospatial_index("ix_draft_unit_geom", table_name="draft_unit", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("draft_unit")
    op.drop_index(op.f("ix_responsible_branch_branch_id"), table_name="responsible_branch")
    op.drop_table("responsible_branch")
    op.drop_index(op.f("ix_post_person_id"), table_name="post")
    op.drop_index(op.f("ix_post_grid_id"), table_name="post")
    op.drop_index(op.f("ix_post_division_id"), table_name="post")
    op.drop_table("post")
    op.drop_geospatial_index(
        "ix_grid_version_tile",
        table_name="grid_version",
        postgresql_using="gist",
        postgresql_where=sa.text("upper_inf(valid)"),
        column_name="tile_geom",
    )
    op.drop_index("ix_grid_version_parent_id", table_name="grid_version")
    op.drop_geospatial_index(
        "ix_grid_version_leaf_geom",
        table_name="grid_version",
        postgresql_using="gist",
        postgresql_where=sa.text("is_leaf and not upper_inf(valid)"),
        column_name="geom",
    )
    op.drop_index("ix_grid_version_edition_id", table_name="grid_version")
    op.drop_index("ix_grid_version_division_id", table_name="grid_version")
    op.drop_geospatial_index(
        "ix_grid_version_current_leaf",
        table_name="grid_version",
        postgresql_using="gist",
        postgresql_where=sa.text("is_leaf and upper_inf(valid)"),
        column_name="geom",
    )
    op.drop_index(op.f("ix_grid_version_closed_edition_id"), table_name="grid_version")
    op.drop_geospatial_table("grid_version")
    op.drop_table("draft_operation")
    op.drop_geospatial_table("walk_edge")
    op.drop_geospatial_index(
        "ix_service_area_tile_geom", table_name="service_area", postgresql_using="gist", column_name="tile_geom"
    )
    op.drop_index(op.f("ix_service_area_network_id"), table_name="service_area")
    op.drop_geospatial_table("service_area")
    op.drop_table("grid")
    op.drop_index("ix_edition_layer_id", table_name="edition")
    op.drop_table("edition")
    op.drop_geospatial_index(
        "ix_drawn_outline_tile_geom", table_name="drawn_outline", postgresql_using="gist", column_name="tile_geom"
    )
    op.drop_index(op.f("ix_drawn_outline_division_id"), table_name="drawn_outline")
    op.drop_geospatial_table("drawn_outline")
    op.drop_geospatial_index("ix_building_point", table_name="building", postgresql_using="gist", column_name="point")
    op.drop_geospatial_index("ix_building_geom", table_name="building", postgresql_using="gist", column_name="geom")
    op.drop_index(op.f("ix_building_division_id"), table_name="building")
    op.drop_index(op.f("ix_building_compound_id"), table_name="building")
    op.drop_geospatial_table("building")
    op.drop_index("ix_audit_entry_object", table_name="audit_entry")
    op.drop_index("ix_audit_entry_division_path", table_name="audit_entry", postgresql_using="gist")
    op.drop_index("ix_audit_entry_at", table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_account_id"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index("uq_street_network_current", table_name="street_network", postgresql_where=sa.text("is_current"))
    op.drop_geospatial_index(
        "ix_street_network_extent",
        table_name="street_network",
        postgresql_using="gist",
        postgresql_where=sa.text("is_current"),
        column_name="extent",
    )
    op.drop_index(op.f("ix_street_network_city_id"), table_name="street_network")
    op.drop_geospatial_table("street_network")
    op.drop_geospatial_index("ix_station_geom", table_name="station", postgresql_using="gist", column_name="geom")
    op.drop_index(op.f("ix_station_division_id"), table_name="station")
    op.drop_geospatial_table("station")
    op.drop_table("reporter")
    op.drop_index(op.f("ix_report_media_report_id"), table_name="report_media")
    op.drop_table("report_media")
    op.drop_index(op.f("ix_refresh_token_family"), table_name="refresh_token")
    op.drop_index(op.f("ix_refresh_token_account_id"), table_name="refresh_token")
    op.drop_table("refresh_token")
    op.drop_geospatial_index("ix_plot_geom", table_name="plot", postgresql_using="gist", column_name="geom")
    op.drop_index(op.f("ix_plot_division_id"), table_name="plot")
    op.drop_geospatial_table("plot")
    op.drop_index("uq_layer_primary", table_name="layer", postgresql_where=sa.text("is_primary"))
    op.drop_table("layer")
    op.drop_geospatial_index("ix_compound_geom", table_name="compound", postgresql_using="gist", column_name="geom")
    op.drop_index(op.f("ix_compound_division_id"), table_name="compound")
    op.drop_geospatial_table("compound")
    op.drop_index("ix_branch_path", table_name="branch", postgresql_using="gist")
    op.drop_index(op.f("ix_branch_parent_id"), table_name="branch")
    op.drop_index(op.f("ix_branch_division_id"), table_name="branch")
    op.drop_table("branch")
    op.drop_index(op.f("ix_api_key_division_id"), table_name="api_key")
    op.drop_table("api_key")
    op.drop_index(op.f("ix_account_grant_division_id"), table_name="account_grant")
    op.drop_table("account_grant")
    op.drop_geospatial_index("ix_water_geom", table_name="water", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("water")
    op.drop_table("tile_set")
    op.drop_geospatial_index("ix_street_geom", table_name="street", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("street")
    op.drop_index("ix_sign_in_failure_last_at", table_name="sign_in_failure")
    op.drop_table("sign_in_failure")
    op.drop_index("ix_report_received_at", table_name="report")
    op.drop_geospatial_table("report")
    op.drop_table("personal_field")
    op.drop_table("person")
    op.drop_table("import_run")
    op.drop_geospatial_index(
        "ix_division_tile_geom", table_name="division", postgresql_using="gist", column_name="tile_geom"
    )
    op.drop_index("ix_division_path", table_name="division", postgresql_using="gist")
    op.drop_index(op.f("ix_division_parent_id"), table_name="division")
    op.drop_geospatial_index("ix_division_geom", table_name="division", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("division")
    op.drop_table("account")
    op.execute("drop function raise_base_tiles()")
    op.execute((HERE / "drop_procrastinate.sql").read_text())
