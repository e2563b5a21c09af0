"""The migration chain goes up, agrees with the models, and goes down again."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from api.database import newest_revision, schema_revision
from geo.db.engine import APP_ROLE, make_engine
from geo.db.migrations import alembic_config, downgrade, upgrade
from tests.databases import Databases


def test_schema_equals_models(shared_engine: Engine) -> None:
    command.check(alembic_config(shared_engine))


def test_up_down_up(databases: Databases) -> None:
    with databases.empty() as url:
        engine = make_engine(url, pooled=False)
        upgrade(engine)
        downgrade(engine)
        left = set(inspect(engine).get_table_names()) - {"alembic_version", "spatial_ref_sys"}
        assert left == set()
        upgrade(engine)
        assert "grid_version" in inspect(engine).get_table_names()


@pytest.mark.parametrize(
    "statement",
    [
        "delete from placement",  # receipts are never rewritten
        "update placement set method = 'covers'",
        "delete from issue_event",
        "update issue_event set kind = 'x'",
        "drop table report",
        "insert into alembic_version values ('x')",
    ],
)
def test_application_role_is_refused(session: Session, statement: str) -> None:
    session.execute(text(f"set local role {APP_ROLE}"))
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        session.execute(text(statement))


def test_application_role_may_stamp_events(session: Session) -> None:
    session.execute(text(f"set local role {APP_ROLE}"))
    session.execute(text("update issue_event set seq = 1 where id = 0"))


def test_newest_revision_is_alembics(database_url: str) -> None:
    engine = make_engine(database_url, pooled=False)
    script = ScriptDirectory.from_config(alembic_config(engine))
    assert newest_revision() == script.get_current_head()
    assert schema_revision(engine) == newest_revision()


def test_no_revision_before_the_first_migration(databases: Databases) -> None:
    with databases.empty() as url:
        assert schema_revision(make_engine(url, pooled=False)) is None
