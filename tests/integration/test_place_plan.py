"""The server's role asks indexes too: row-level security must not turn a look-up into a reading of whole tables."""

from psycopg import ClientCursor
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db.engine import APP_ROLE
from geo.queries.place import Asked, place_parameters, place_statement
from geo.services.locate import Fix, points_of


def plan_of_placing(session: Session) -> str:
    """Give the plan of placing one point, with sequential scans only where nothing else is possible."""
    connection = session.connection().connection.dbapi_connection
    assert connection is not None
    session.execute(text("set local enable_seqscan = off"))
    cursor = ClientCursor(connection)
    parameters = place_parameters(points_of([Fix(110.28, 25.27)]), Asked())
    cursor.execute("explain " + place_statement(as_of=False), parameters)
    return "\n".join(line for (line,) in cursor.fetchall())


def test_the_application_role_reads_no_table_of_people_as_a_whole(session: Session) -> None:
    session.execute(text("select set_config('wangge.scope', '*', true)"))
    session.execute(text(f"set local role {APP_ROLE}"))
    plan = plan_of_placing(session)
    assert "in_scope" in plan  # the policies are part of it
    assert "Seq Scan on post" not in plan
    assert "Seq Scan on person" not in plan
