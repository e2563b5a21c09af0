"""The audit log's page has a word, and a choice in its filters, for everything that the services and routes record."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import api
import geo
from maps import pages
from maps.catalogue import LANGUAGES, catalogue

RECORDERS = {"note", "note_change", "record", "_audit", "_record", "_allow_phones"}
SOURCES = [path for package in (geo, api) for path in sorted(Path(package.__path__[0]).rglob("*.py"))]
PAGE = (Path(pages.__file__).parent / "static" / "js" / "audit.js").read_text()


def calls(names: set[str]) -> Iterator[ast.Call]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            called = getattr(node, "func", None)
            if isinstance(node, ast.Call) and (getattr(called, "id", None) or getattr(called, "attr", None)) in names:
                yield node


def words_of(call: ast.Call) -> list[str]:
    return [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]


STEPS = {words_of(call)[0] for call in calls({"written"})}
"""How a draft was changed: `draft.{how}`."""
ENDS = {"refused", "failed"}
"""How an upload ends whose file isn't loaded: `import.{status}`."""
WORDS = {word for call in calls(RECORDERS) for word in words_of(call)} - {"-"}
ACTIONS = {word for word in WORDS if "." in word} | {"sign_in"} | {f"draft.{how}" for how in STEPS}
ACTIONS |= {f"import.{status}" for status in ENDS}
KINDS = {word for word in WORDS if "." not in word} - {"sign_in"}


def listed(name: str) -> set[str]:
    found = re.search(rf"const {name} = \[(.*?)\];", PAGE, re.DOTALL)
    assert found is not None
    return set(re.findall(r'"([\w.]+)"', found[1]))


def test_what_is_recorded_is_found_in_the_sources() -> None:
    assert {
        "draft.rebase",
        "draft.open",
        "key.add",
        "sign_in.refused",
        "phones.print",
        "personal_data.erase",
    } <= ACTIONS
    assert {"account", "api_key", "drafts", "divisions", "import", "issue", "report", "station"} <= KINDS


@pytest.mark.parametrize(("name", "prefix", "recorded"), [("ACTIONS", "action", ACTIONS), ("KINDS", "object", KINDS)])
def test_each_action_and_kind_is_a_choice_with_a_text(name: str, prefix: str, recorded: set[str]) -> None:
    assert listed(name) == recorded
    for language in LANGUAGES:
        assert {f"{prefix}.{word}" for word in recorded} == {
            key for key in catalogue(language) if key.startswith(f"{prefix}.")
        }
