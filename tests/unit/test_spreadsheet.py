"""Cells that run nothing, and come back as they were: through a file, as a spreadsheet reads it."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.services.exporting import _write_csv
from geo.services.importing.read import read_table
from geo.services.spreadsheet import guarded, unguarded

SIGNS = "=+-@\t\r\n＝＋－＠"
TEXT = st.text(
    st.one_of(st.sampled_from(SIGNS + "'\",; 1网"), st.characters(exclude_categories=("Cs", "Cc"))), max_size=12
)
KEPT = TEXT.filter(lambda text: text == text.strip() and text)
"""An import takes blanks off both ends of a cell."""


@given(TEXT)
def test_guarding_is_undone_exactly_and_leaves_nothing_to_run(text):
    safe = guarded(text)
    assert unguarded(safe) == text
    assert not safe.startswith(tuple(SIGNS))


@given(st.lists(st.tuples(KEPT, KEPT), min_size=1, max_size=5))
def test_a_table_comes_back_from_its_csv(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    _write_csv([{"code": code, "=name": name} for code, name in rows], path)
    with path.open(encoding="utf-8-sig", newline="") as opened:
        seen = [cell for row in csv.reader(opened) for cell in row]
    assert not [cell for cell in seen if cell.startswith(tuple(SIGNS))]
    frame = read_table(path).frame
    assert list(frame.columns) == ["code", "=name"]
    assert [tuple(row) for row in frame.to_numpy()] == rows


@pytest.mark.parametrize("phone", ["+86 773 000", "-1", "'+86", "''=1", "'tis", "=1+1"])
def test_a_phone_number_keeps_its_plus(phone):
    assert unguarded(guarded(phone)) == phone
