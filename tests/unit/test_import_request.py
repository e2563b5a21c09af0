"""Options that mean nothing for a kind are wrong usage, at the console and by upload alike."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from geo.errors import WrongUsageError
from geo.services.importing.request import ImportRequest, Kind

A_FILE = Path("a.csv")


def request(kind, **options):
    columns = {name: options.pop(name) for name in ("code", "name", "parent", "lon", "lat") if name in options}
    return ImportRequest.of_words(
        kind, A_FILE, "a.csv", columns=columns, valid_from=options.pop("valid_from", None), **options
    )


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        *((kind, "draft") for kind in Kind if kind not in (Kind.GRIDS, Kind.MICRO_GRIDS)),
        *((kind, "replace") for kind in (Kind.REPORTS, Kind.DIVISIONS, Kind.PEOPLE, Kind.STREETS)),
        (Kind.STATIONS, "valid_from"),
        (Kind.DIVISIONS, "valid_from"),
        (Kind.DIVISIONS, "layer"),
        (Kind.REPORTS, "division"),
        (Kind.PEOPLE, "crs"),
        (Kind.PEOPLE, "parent"),
        (Kind.GRIDS, "lon"),
        (Kind.STREETS, "skip_bad"),
    ],
)
def test_what_means_nothing_is_refused_with_its_name(kind, option):
    value = True if option in ("draft", "replace", "skip_bad") else "2024-05-01"
    with pytest.raises(WrongUsageError, match=f"--{option.replace('_', '-')} 对 {kind} 没有意义"):
        request(kind, **{option: value})
    arguments = [f"--{option.replace('_', '-')}", *([] if value is True else [value])]
    answer = CliRunner().invoke(app, ["import", kind, "a.csv", *arguments])
    assert answer.exit_code == 2
    assert f"--{option.replace('_', '-')}" in answer.output


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_alone_is_enough(kind):
    assert request(kind).kind is kind


@pytest.mark.parametrize("kind", ["grids", "micro-grids", "posts", "branches"])
def test_dates_are_read_in_chinas_time(kind):
    assert request(kind, valid_from="2024-05-01").valid_from.isoformat() == "2024-05-01T00:00:00+08:00"
    with pytest.raises(WrongUsageError, match="tomorrow"):
        request(kind, valid_from="tomorrow")


def test_a_draft_has_no_date():
    with pytest.raises(WrongUsageError, match="--draft"):
        request("grids", draft=True, valid_from="2024-05-01")


def test_no_such_kind():
    with pytest.raises(WrongUsageError, match="people"):
        request("persons")
    assert CliRunner().invoke(app, ["import", "persons", "a.csv"]).exit_code == 2
    assert CliRunner().invoke(app, ["export", "streets", "a.csv"]).exit_code == 2


def test_what_is_no_coordinate_system_is_wrong_usage():
    with pytest.raises(WrongUsageError, match="EPSG"):
        request(Kind.GRIDS, crs="乱写")
