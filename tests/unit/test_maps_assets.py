import json
import shutil

import pytest

from maps import assets


@pytest.fixture
def vendor(tmp_path):
    """A copy of the fetched libraries that a test may spoil."""
    if not assets.MANIFEST.exists():
        pytest.skip("no browser libraries yet: python -m maps.assets")
    return shutil.copytree(assets.VENDOR, tmp_path / "vendor")


def test_lock_names_no_registry():
    lock = json.loads((assets.PROJECT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("integrity" in entry for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())
    assert "omit-lockfile-registry-resolved=true" in (assets.PROJECT / ".npmrc").read_text()


def test_every_listed_package_is_pinned_exactly():
    wanted = json.loads((assets.PROJECT / "package.json").read_text())["dependencies"]
    assert set(wanted) == set(assets.WHITELIST)
    assert all(version[0].isdigit() for version in wanted.values())


def test_vendor_folder_holds_the_whitelist_and_nothing_else(vendor):
    manifest = json.loads((vendor / "manifest.json").read_text())
    named = {
        f"{name}-{package['version']}/{file}"
        for name, package in manifest["packages"].items()
        for file in package["files"]
    }
    found = {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}
    assert found == named | {"manifest.json"}
    assert all(package["licence"] for package in manifest["packages"].values())


def test_an_altered_file_is_not_current(vendor):
    assert assets.is_current(vendor)
    script = next(vendor.glob("leaflet-*/leaflet.js"))
    script.write_text(script.read_text() + "//")
    assert not assets.is_current(vendor)


def test_a_folder_without_manifest_is_not_current(tmp_path):
    assert not assets.is_current(tmp_path)


def test_unknown_file_names_the_command_that_fetches(vendor):
    with pytest.raises(assets.AssetsMissingError, match=r"python -m maps\.assets"):
        assets.vendor_path("leaflet", "leaflet-src.js")
