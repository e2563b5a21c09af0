"""`wangge place` before it touches a database."""

from pathlib import Path

from typer.testing import CliRunner

from api.cli import app


def test_unnamed_coordinate_system_is_refused_with_the_choices(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("lon,lat\n110.29,25.27\n")
    result = CliRunner().invoke(app, ["place", str(source), "-o", str(tmp_path / "out.csv")])
    assert result.exit_code == 2
    assert "gcj02" in result.output
    assert not (tmp_path / "out.csv").exists()
