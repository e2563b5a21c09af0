"""Alembic's environment: models' metadata, geometry columns, the owner's connection."""

from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.base import ischema_names

from geo.models import Base
from geo.models.base import Ltree

ischema_names["ltree"] = Ltree


def include_object(obj: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave PostGIS's and procrastinate's own tables out of the comparison."""
    if kind == "table" and name is not None and name.startswith("procrastinate_"):
        return False
    return bool(alembic_helpers.include_object(obj, name, kind, reflected, compare_to))


def run() -> None:
    """Run the migrations in one transaction."""
    engine: Engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            process_revision_directives=alembic_helpers.writer,
            render_item=alembic_helpers.render_item,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
