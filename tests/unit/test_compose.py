"""docker/compose.yaml against the compose specification's own schema, which the package check-jsonschema carries."""

import json
import re
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from api.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    path = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return json.loads(path.read_text())


def test_follows_the_specification(schema):
    jsonschema.validate(COMPOSE, schema)


def test_the_schema_finds_a_slip(schema):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(COMPOSE | {"services": {"app": {"imagee": "wangge"}}}, schema)


def test_services_build_what_is_here():
    for service in COMPOSE["services"].values():
        assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_no_secret_is_written_down_and_nothing_listens_beyond_loopback():
    for service in COMPOSE["services"].values():
        for name, value in service["environment"].items():
            assert not re.search(r"PASSWORD|KEY|TOKEN", name) or name.endswith("_FILE"), name
            assert not re.search(r"://[^@/]*:[^@]*@", str(value)), f"{name} holds a password"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_what_an_operator_sets_reaches_server_and_worker():
    """All but what the container decides itself: where its database, files and socket are."""
    own = {"database_url", "database_password_file", "app_password_file", "var", "host", "port"}
    own |= {"secret_key", "secret_key_file"}
    for service in ("app", "worker"):
        passed = COMPOSE["services"][service]["environment"]
        assert {f"WANGGE_{name.upper()}" for name in Settings.model_fields.keys() - own} <= passed.keys()


def test_no_upload_fills_the_machines_memory():
    for name in ("app", "worker"):
        assert all(re.search(r":size=\d+[mg]$", mount) for mount in COMPOSE["services"][name]["tmpfs"])


def test_one_list_of_packages_serves_script_and_images():
    needs = {
        need
        for line in (ROOT / "docker/packages.txt").read_text().splitlines()
        if not line.startswith("#")
        for need in line.split()[0].split(",")
    }
    read = {
        need
        for name in ("Dockerfile", "postgis.Dockerfile")
        for need in re.findall(r"\(\^\|,\)(\w+)\(", (ROOT / "docker" / name).read_text())
    }
    read |= set(re.findall(r"needs=\((\w+)(?: (\w+))?\)", (ROOT / "wangge").read_text())[1])
    assert needs == read
