from pathlib import Path

import pytest

from geo.errors import RefusedExportError
from geo.whole_file import write_whole, written_whole


def test_the_target_is_as_it_was_until_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "上报.csv"
    target.write_text("old")
    with written_whole(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
        assert partial.suffix == ".csv"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    with pytest.raises(OSError, match="full"):
        _fail_half_way(target)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "old")]


def test_two_at_once_leave_the_later_ones_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    with written_whole(target) as first:
        first.write_text("first")
        with written_whole(target) as second:
            second.write_text("second")
        assert target.read_text() == "second"
    assert target.read_text() == "first"
    assert list(tmp_path.iterdir()) == [target]


def test_where_nothing_can_be_written_a_sentence_says_why(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.pdf", b"whole")
    assert (tmp_path / "a.pdf").read_bytes() == b"whole"
    with pytest.raises(RefusedExportError, match=r"b\.pdf: 写不了，没有这个文件夹。 It can't be written"):
        write_whole(tmp_path / "missing" / "b.pdf", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RefusedExportError, match="folder: 写不了，这是一个文件夹。"):
        write_whole(tmp_path / "folder", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "folder"]


def _fail_half_way(target: Path) -> None:
    with written_whole(target) as partial:
        partial.write_text("half")
        raise OSError("full")
