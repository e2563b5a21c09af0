"""Migrations form one line, so that every database can follow."""

from pathlib import Path

from alembic.script import ScriptDirectory

import geo.db.migrations

FOLDER = Path(geo.db.migrations.__file__).parent


def test_one_line_from_the_first_to_the_newest() -> None:
    scripts = ScriptDirectory(str(FOLDER))
    line = [script.revision for script in scripts.walk_revisions()]
    assert len(scripts.get_heads()) == 1
    assert line == sorted(line, reverse=True)
    assert len(line) == len(list((FOLDER / "versions").glob("0*.py")))
