import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["install"]]
DEVELOPMENT = [entry for entry in PROJECT["dependency-groups"]["dev"] if isinstance(entry, str)]
UV = "uv pip compile pyproject.toml --universal --generate-hashes --no-header"
COMPILE = {
    "requirements.lock": f"{UV} --group install -o requirements.lock",
    "requirements-dev.lock": f"{UV} --group dev -c requirements.lock -o requirements-dev.lock",
}


def locked(name: str) -> dict[str, list[str]]:
    """The versions that a lock pins, by canonical name (more than one where Pythons differ)."""
    pins: dict[str, list[str]] = {}
    for project, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE):
        pins.setdefault(canonicalize_name(project), []).append(version)
    return pins


@pytest.mark.parametrize(
    ("lock", "wanted"), [("requirements.lock", RUNTIME), ("requirements-dev.lock", [*RUNTIME, *DEVELOPMENT])]
)
def test_lock_pins_what_pyproject_asks_for(lock, wanted):
    pins = locked(lock)
    unmet = []
    for line in wanted:
        requirement = Requirement(line)
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not versions or not all(requirement.specifier.contains(version) for version in versions):
            unmet.append(f"{line}: locked {versions}")
    assert not unmet, f"compile {lock} again:\n{COMPILE[lock]}"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_hashes_and_names_no_registry(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "index-url" not in text
    blocks = re.findall(r"^[A-Za-z0-9._-]+==.*?(?=^[A-Za-z0-9._-]+==|\Z)", text, re.MULTILINE | re.DOTALL)
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


def test_both_locks_agree():
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: versions for name, versions in runtime.items() if development.get(name) != versions} == {}
