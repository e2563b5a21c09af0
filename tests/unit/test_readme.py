"""README and its Chinese twin name the real settings, commands, routes and roles, and no others."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from typer.main import get_command

from api.cli import app as cli
from api.main import create_app
from api.permissions import DECLARED
from api.settings import Settings
from geo.services.access import ROLE_PERMISSIONS, Permission

FOLDER = Path(__file__).resolve().parents[2]
NOT_OURS = {"WANGGE_DATA", "WANGGE_DATABASE_PASSWORD"}
"""Variables that the tests and docker/compose.yaml read, not the program."""

both = pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])


def rows_of(name: str, first_cell: str) -> list[list[str]]:
    """Give the cells of the table rows whose first cell matches, without their backticks."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [[cell.strip("`") for cell in row] for row in rows if re.fullmatch(first_cell, row[0])]


def same(name: str, listed: list[Any], real: set[Any]) -> None:
    """Compare a table's rows with what there is."""
    assert len(listed) == len(set(listed)), f"{name} lists something twice"
    assert not real - set(listed), f"add to {name}: {sorted(real - set(listed))}"
    assert not set(listed) - real, f"not there any more, take out of {name}: {sorted(set(listed) - real)}"


def environment_name(field: str) -> str:
    return f"WANGGE_{field.upper()}"


def shown_default(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


@both
def test_settings(name: str) -> None:
    rows = rows_of(name, r"`WANGGE_\w+`")
    real = {(environment_name(f), shown_default(i.default)) for f, i in Settings.model_fields.items()}
    same(name, [(row[0], row[1]) for row in rows], real)


@both
def test_no_variable_that_nothing_reads(name: str) -> None:
    named = set(re.findall(r"\bWANGGE_\w+", (FOLDER / name).read_text(encoding="utf-8")))
    real = {environment_name(field) for field in Settings.model_fields} | NOT_OURS
    assert named <= real


def commands(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path
    else:
        for name, child in children.items():
            yield from commands(child, f"{path} {name}")


@both
def test_commands(name: str) -> None:
    same(name, [row[0] for row in rows_of(name, r"`wangge [\w -]+`")], set(commands(get_command(cli), "wangge")))


@both
def test_examples_are_commands(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    known = set(commands(get_command(cli), "wangge"))
    examples = re.findall(r"\./wangge ([a-z]+(?: [a-z]+)?)", text)
    assert examples
    unknown = [e for e in examples if f"wangge {e}" not in known and f"wangge {e.split()[0]}" not in known]
    assert unknown == []


@both
def test_routes_and_their_permissions(name: str) -> None:
    app = create_app(Settings(database_url="postgresql://nowhere/none", secret_key="x" * 32))
    real = set()
    for context in iter_route_contexts(app.routes):
        route, path = context.original_route, str(context.path)
        if isinstance(route, APIRoute):
            permission = str((route.openapi_extra or {}).get("x-permission"))
            real |= {(f"{method} {path}", permission) for method in route.methods or ()}
        elif path in DECLARED and getattr(route, "methods", None):
            real.add((f"GET {path}", str(DECLARED[path])))
    same(name, [(row[0], row[1]) for row in rows_of(name, r"`(GET|POST|PUT|PATCH|DELETE) /.*`")], real)


@both
def test_roles_and_their_permissions(name: str) -> None:
    everyone = {Permission.PUBLIC, Permission.SIGNED_IN}
    real = {(str(role), " ".join(sorted(given - everyone))) for role, given in ROLE_PERMISSIONS.items()}
    rows = rows_of(name, rf"`({'|'.join(ROLE_PERMISSIONS)})`")
    same(name, [(row[0], " ".join(sorted(re.findall(r"[\w.]+", row[-1])))) for row in rows], real)


@both
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (FOLDER / name).read_text(encoding="utf-8"))
    here = [link for link in links if "://" not in link]
    assert here
    assert [link for link in here if not (FOLDER / link).exists()] == []
