"""What people are refused is said in Chinese first."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import api.routes
import geo.services

ROOTS = (Path(geo.services.__path__[0]), Path(api.routes.__path__[0]))
TO_MACHINES = {"tiles.py"}
SOURCES = [path for root in ROOTS for path in sorted(root.rglob("*.py")) if path.name not in TO_MACHINES]
OUR_OWN_FAULTS = {"AssertionError", "KeyError", "NotImplementedError", "RuntimeError", "TypeError"}


def refusals(source: str) -> Iterator[tuple[int, str]]:
    """Line and words of each error that is raised with words of its own."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
            continue
        words = "".join(
            part.value for part in ast.walk(node.exc) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )
        if ast.unparse(node.exc.func) not in OUR_OWN_FAULTS and len(re.findall("[a-z]", words)) > 20:
            yield node.lineno, words


def is_chinese_first(words: str) -> bool:
    return re.search("[\u4e00-\u9fff]", words[:20]) is not None


def test_a_refusal_in_one_language_is_found() -> None:
    english = 'def f(x):\n    raise NotFoundError(f"there is no such edition {x}, none at all")\n'
    both = english.replace('f"', 'f"没有编号为 {x} 的版次。 ')
    assert [is_chinese_first(words) for _, words in (*refusals(english), *refusals(both))] == [False, True]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_refusals_are_chinese_first(path: Path) -> None:
    assert [found for found in refusals(path.read_text()) if not is_chinese_first(found[1])] == []
